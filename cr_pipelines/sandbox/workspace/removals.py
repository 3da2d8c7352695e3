"""The queue of contacts to anonymize.

Goes in: requests to remove the personal data of a contact, by e-mail address. Comes out: the contact, anonymized when
it is due, and the removal with its state.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cr_pipelines.sandbox.workspace.deletions import Deletions
from cr_pipelines.sandbox.workspace.people import Contact, People

DAY = 86_400.0
LATEST_DAYS = 15.0
USUAL_DAYS = 10.0


@dataclass(slots=True)
class Removal:
    """A request to anonymize a contact. The address is erased when that is done; its hash is kept."""

    id: int
    contact_id: int
    email: str | None
    email_sha256: str
    requested_at: float
    due_at: float
    done_at: float | None = None


class Removals:
    """Removals, oldest first; each is processed `days` after the request, or never while `processing` is off."""

    def __init__(self, people: People, deletions: Deletions):
        self._people = people
        self._deletions = deletions
        self.days = USUAL_DAYS
        self.processing = True
        self.all: list[Removal] = []
        self._queued: dict[int, Removal] = {}
        self.next_due = float("inf")

    def request(self, contact: Contact, email: str, now: float) -> Removal:
        """Queue a contact's anonymization; a second request for a queued contact changes nothing."""
        queued = self._queued.get(contact.id)
        if queued is not None:
            return queued
        address = email.strip().lower()
        digest = hashlib.sha256(address.encode()).hexdigest()
        removal = Removal(len(self.all) + 1, contact.id, address, digest, now, now + self.days * DAY)
        self.all.append(removal)
        self._queued[contact.id] = removal
        self._schedule()
        return removal

    def restore(self, saved: Iterable[Removal]) -> None:
        """Replace the queue by saved removals."""
        self.all = list(saved)
        self._queued = {removal.contact_id: removal for removal in self.all if removal.done_at is None}
        self._schedule()

    def configure(self, days: float | None = None, processing: bool | None = None) -> None:
        """Set how long removals requested from now on take, and whether any is processed.

        Raises ValueError unless `days` is 0 to 15.
        """
        if days is not None:
            if not 0 <= days <= LATEST_DAYS:
                raise ValueError(f"removals take 0 to {LATEST_DAYS:g} days, not {days:g}")
            self.days = days
        if processing is not None:
            self.processing = processing
        self._schedule()

    def _schedule(self) -> None:
        waiting = (removal.due_at for removal in self._queued.values())
        self.next_due = min(waiting, default=float("inf")) if self.processing else float("inf")

    def process(self, now: float) -> None:
        """Anonymize every contact that is due."""
        if now < self.next_due:
            return
        for removal in list(self._queued.values()):
            if removal.due_at <= now:
                # A contact that is hidden in the product must not come back with its personal data.
                self._deletions.hidden.pop(removal.contact_id, None)
                contact = self._holder(removal)
                if contact is not None:
                    self._people.anonymize(contact, now)
                removal.done_at, removal.email = now, None
                del self._queued[removal.contact_id]
        self._schedule()

    def _holder(self, removal: Removal) -> Contact | None:
        """Return the contact to anonymize; a merge may have given it another id since the request."""
        contact = self._people.contacts.get(removal.contact_id)
        if contact is None and removal.email is not None:
            contact = next(iter(self._people.find("email", removal.email)), None)
        return contact

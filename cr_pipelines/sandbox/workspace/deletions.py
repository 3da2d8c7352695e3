"""Contacts that somebody deletes in the product: hidden at once, permanently deleted later, restorable in between.

Goes in: a contact to delete or to restore; the API has no operation for either. Comes out: a room without the contact,
in which a sync that sends the person again makes a new one.
"""

from dataclasses import dataclass, field

from cr_pipelines.sandbox.workspace.people import Activity, Contact, People

DAY = 86_400.0
USUAL_DAYS = 30.0


@dataclass(slots=True)
class Deletion:
    """A contact that is hidden until `due_at`, with the activities that went with it."""

    contact: Contact
    deleted_at: float
    due_at: float
    activities: list[Activity] = field(default_factory=list)


class Deletions:
    """Hidden contacts by id. `activities` are those of the room, by their key."""

    def __init__(self, people: People, activities: dict[tuple[str, str, str], Activity]):
        self._people = people
        self._activities = activities
        self.hidden: dict[int, Deletion] = {}

    def delete(self, contact_id: int, now: float, days: float = USUAL_DAYS) -> Deletion:
        """Hide a contact, and delete it permanently after `days`. Raises ValueError for an unknown contact."""
        contact = self._people.contacts.get(contact_id)
        if contact is None:
            raise ValueError(f"there is no contact {contact_id} to delete")
        if not 0 <= days <= 365:
            raise ValueError("a deleted contact stays restorable for 0 to 365 days")
        self._people.hide(contact)
        deletion = Deletion(contact, now, now + days * DAY, contact.activities)
        for activity in contact.activities:
            self._activities.pop(activity.key, None)
            self._people.touched_activities.add(activity.key)
        self.hidden[contact_id] = deletion
        self.process(now)
        return deletion

    def restore(self, contact_id: int) -> None:
        """Show a hidden contact again. Raises ValueError if it is not hidden, or was permanently deleted."""
        deletion = self.hidden.pop(contact_id, None)
        if deletion is None:
            raise ValueError(f"there is no hidden contact {contact_id} to restore")
        contact = deletion.contact
        contact.activities = [each for each in deletion.activities if each.key not in self._activities]
        for activity in contact.activities:
            self._activities[activity.key] = activity
            self._people.touched_activities.add(activity.key)
        self._people.show(contact)

    def process(self, now: float) -> None:
        """Permanently delete what is due."""
        for id_ in [id_ for id_, deletion in self.hidden.items() if deletion.due_at <= now]:
            del self.hidden[id_]

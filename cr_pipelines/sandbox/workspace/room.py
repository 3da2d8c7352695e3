"""The room: everything that the API reads and changes, with no HTTP in it.

Goes in: the TypedDicts of `inputs`, and the room's time. Comes out: contacts, activities, notes, tags and segments as
objects, and InvalidInput or NotFound for what the room refuses.
"""

import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import orjson

from cr_pipelines.sandbox.workspace import inputs
from cr_pipelines.sandbox.workspace.behavior import Behavior
from cr_pipelines.sandbox.workspace.catalog import Catalog, split_list
from cr_pipelines.sandbox.workspace.clock import Clock, epoch_of, iso
from cr_pipelines.sandbox.workspace.deletions import Deletions
from cr_pipelines.sandbox.workspace.errors import InvalidInput, NotFound
from cr_pipelines.sandbox.workspace.mishaps import Mishaps
from cr_pipelines.sandbox.workspace.people import Activity, Contact, Note, People
from cr_pipelines.sandbox.workspace.removals import Removals

DEFAULT_NAME = "Sandbox"

_log = logging.getLogger(__name__)
_LEGACY_FIELDS = {
    "fullName": "fullName",
    "avatarUrl": "avatarUrl",
    "description": "bio",
    "company": "companyName",
    "domain": "companyDomain",
    "title": "titleAtCompany",
    "role": "roleAtCompany",
}


class Room:
    """A Common Room workspace.

    Args:
        settle_seconds: how long after it was accepted a record of a destination source is stored.
        behavior: what it does with what the vendor's description leaves open.

    Attributes:
        mishaps: what happens to accepted users before they are stored.
        unstorable: how many accepted records could not be stored. The log says which, and why.
    """

    def __init__(self, settle_seconds: float = 0.2, behavior: Behavior | None = None):
        self.name = DEFAULT_NAME
        self.settle_seconds = settle_seconds
        self.behavior = behavior or Behavior()
        self.clock = Clock()
        self.catalog = Catalog()
        self.people = People(self.behavior)
        self.activities: dict[tuple[str, str, str], Activity] = {}
        self.deletions = Deletions(self.people, self.activities)
        self.removals = Removals(self.people, self.deletions)
        self.mishaps = Mishaps()
        self.unstorable = 0
        self.segment_notes: dict[int, list[Note]] = {}
        self.next_note_id = 1
        self._accepted: deque[tuple[float, str, inputs.ApiUser | inputs.ApiActivity, bool]] = deque()

    # Records of destination sources: accepted now, stored later.

    def accept_user(self, source_id: int, user: inputs.ApiUser) -> None:
        """Accept a user. Raises NotFound for an unknown source, InvalidInput for anything else."""
        self._check_source(source_id)
        self._check_user(source_id, user)
        stored = self.mishaps.befall(user)
        if stored is not None:
            self._accept(str(source_id), stored, is_user=True)

    def accept_activity(self, source_id: int, activity: inputs.ApiActivity) -> None:
        """Accept an activity. Raises NotFound for an unknown source, InvalidInput for anything else."""
        self._check_source(source_id)
        self._check_user(source_id, activity["user"])
        if activity["activityType"] not in self.catalog.activity_types:
            raise InvalidInput("activityType: no activity type has this id")
        parent = activity.get("parentActivity")
        if parent is not None and parent["activityType"] not in self.catalog.activity_types:
            raise InvalidInput("parentActivity.activityType: no activity type has this id")
        if "tags" in activity:
            self.catalog.check_tags(activity["tags"], "activity")
        if "timestamp" in activity:
            self._moment("timestamp", activity["timestamp"])
        self._accept(str(source_id), activity, is_user=False)

    @property
    def id(self) -> str:
        """The room's id, which differs where its name does."""
        return "sandbox" if self.name == DEFAULT_NAME else f"sandbox {self.name}"

    @property
    def waiting(self) -> int:
        """The number of records that are accepted and not stored yet."""
        return len(self._accepted)

    def settle(self, everything: bool = False) -> None:
        """Store what was accepted long enough ago (or everything), and anonymize the contacts that are due."""
        accepted = self._accepted
        if accepted:
            now = self.clock.now()
            while accepted and (everything or accepted[0][0] <= now):
                _, source, record, is_user = accepted.popleft()
                try:
                    self._store(source, record, is_user, now)
                except Exception:
                    # One record must cost neither the others nor the ticker that saves them.
                    self.unstorable += 1
                    kind = "user" if is_user else "activity"
                    _log.exception("an accepted %s of source %s cannot be stored and is dropped", kind, source)
        if self.deletions.hidden:
            self.deletions.process(self.clock.now())
        if self.removals.next_due != float("inf"):
            self.removals.process(self.clock.now())

    def _accept(self, source: str, record: inputs.ApiUser | inputs.ApiActivity, is_user: bool) -> None:
        if self.settle_seconds > 0:
            self._accepted.append((self.clock.now() + self.settle_seconds, source, record, is_user))
        else:
            self._store(source, record, is_user, self.clock.now())

    def _store(self, source: str, record: Any, is_user: bool, now: float) -> None:
        if is_user:
            self._store_user(source, record, now)
        else:
            self._store_activity(source, record, now)

    def _check_source(self, source_id: int) -> None:
        if source_id not in self.catalog.sources:
            raise NotFound("destination-source-not-found", f"there is no destination source {source_id}")

    def _check_user(self, source_id: int, user: inputs.ApiUser) -> None:
        if "tags" in user:
            self.catalog.check_tags(user["tags"], "member")
        if "customFields" in user:
            self.catalog.check_custom_fields(user["customFields"], source_id)
            if self.behavior.field_without_value == "refused" and any("value" not in x for x in user["customFields"]):
                raise InvalidInput("customFields: a custom field has no value")

    def _store_user(self, source: str, user: inputs.ApiUser, now: float) -> Contact:
        fields: dict[str, Any] = {**user}
        id_ = fields.pop("id")
        tags = fields.pop("tags", None)
        custom_fields = fields.pop("customFields", None)
        contact = self.people.put(source, id_, fields, now)
        behavior = self.behavior
        if (behavior.sent_tags == "replaced") if tags else (tags is None and behavior.omitted_tags == "cleared"):
            contact.tags.clear()
        if tags:
            contact.add_tags(self.catalog.assigned_tags(tags, now))
        if custom_fields is None and behavior.omitted_custom_fields == "cleared":
            contact.custom_fields.clear()
        for change in custom_fields or ():
            if "value" in change:
                stored = self.catalog.custom_fields[change["id"]].stored(change["value"]["value"])
                contact.custom_fields[change["id"]] = stored
            elif self.behavior.field_without_value == "cleared":
                contact.custom_fields.pop(change["id"], None)
        return contact

    def _store_activity(self, source: str, sent: inputs.ApiActivity, now: float) -> None:
        fields: dict[str, Any] = {**sent}
        key = (source, fields.pop("activityType"), fields.pop("id"))
        user = fields.pop("user")
        tags = fields.pop("tags", ())
        timestamp = epoch_of(fields["timestamp"], self.behavior.dates) if "timestamp" in fields else now
        fields["timestamp"] = iso(timestamp)
        contact = self._store_user(source, user, now)
        activity = self.activities.get(key)
        if activity is None:
            activity = self.activities[key] = Activity(*key, contact, user["id"], timestamp, b"{}")
            contact.activities.append(activity)
        elif activity.contact is not contact:
            activity.contact.activities.remove(activity)
            contact.activities.append(activity)
            activity.contact = contact
        kept = activity.sent() | fields
        activity.body = orjson.dumps({name: value for name, value in kept.items() if value is not None})
        activity.timestamp, activity.user_id = timestamp, user["id"]
        for tag in self.catalog.assigned_tags(tags, now):
            if tag not in activity.tags:
                activity.tags.append(tag)
        self._note_active(contact, timestamp)
        self.people.touched_activities.add(key)

    def _note_active(self, contact: Contact, timestamp: float) -> None:
        if contact.last_active is None or timestamp > contact.last_active:
            contact.last_active = timestamp
            self.people.touched.add(contact.id)

    # Contacts by their addresses and accounts.

    def contacts(self, network: str, value: str) -> list[Contact]:
        """Return the contacts with this address or account. Raises NotFound when there is none."""
        behavior = self.behavior
        found = self._find(network, value, behavior.lookup_case == "matters", behavior.lookup_plus == "ignored")
        if not found:
            raise NotFound("contact-not-found", f"no contact has this {network}")
        return found

    def _find(self, network: str, value: str, case_matters: bool, without_plus: bool) -> list[Contact]:
        found = self.people.find_without_plus(value) if without_plus and network == "email" else []
        found = found or self.people.find(network, value)
        if case_matters and network == "email":
            return [contact for contact in found if any(each.sent().get("email") == value for each in contact.profiles)]
        return found

    def request_removal(self, email: str) -> None:
        """Queue the anonymization of the contacts with this address. Raises NotFound."""
        behavior = self.behavior
        found = self._find("email", email, behavior.removal_case == "matters", behavior.removal_plus == "ignored")
        if not found:
            raise NotFound("contact-not-found", "no contact has this email")
        for contact in found:
            self.removals.request(contact, email, self.clock.now())

    def put_legacy_contact(self, sent: inputs.LegacyContact) -> Contact:
        """Create or update a legacy contact by its e-mail addresses and accounts.

        Raises InvalidInput for an unknown segment, and when there is no address, account or name.
        """
        segment = sent.get("segment")
        if segment is not None and segment not in self.catalog.segments:
            raise InvalidInput("segment: no segment has this id")
        fields: dict[str, Any] = {_LEGACY_FIELDS[name]: value for name, value in sent.items() if name in _LEGACY_FIELDS}
        fields.update(sent.get("location", {}))
        emails = []
        accounts = []
        for social in sent.get("socials", []):
            if social["type"] == "email":
                emails.append(social["value"])
                accounts.append(("email", social["value"].lower()))
            else:
                handle = social["value"]["handle"]
                fields[social["type"]] = {"type": "handle", "value": handle}
                accounts.append((social["type"], handle))
        if emails:
            fields["email"], fields["emails"] = emails[0], emails
        if len(accounts) > len(emails):
            own: dict[str, list[str]] = {}
            for network, handle in accounts:
                own.setdefault(network, []).append(handle)
            fields["accounts"] = own
        if accounts:
            first = min(accounts, key=lambda account: account[0] != "email")
            identity = f"{first[0]}:{first[1]}"
        elif sent.get("fullName"):
            identity = f"name:{sent['fullName']}"
        else:
            raise InvalidInput("socials: a contact needs an address, an account or a fullName")
        into = next((contact for account in accounts for contact in self.people.find(*account)), None)
        contact = self.people.put(f"legacy:{sent['source']}", identity, fields, self.clock.now(), into)
        if segment is not None:
            contact.segments.setdefault(segment, None)
        return contact

    def note_contact(self, sent: inputs.ContactNote) -> list[int]:
        """Append a note to every contact with this address or account; return the notes' ids. Raises NotFound."""
        ids = []
        for contact in self.contacts(sent["socialType"], sent["value"]):
            note = self._note(sent["note"], sent["socialType"], sent["value"])
            contact.notes.append(note)
            ids.append(note.id)
            self.people.touched.add(contact.id)
        return ids

    def tag_contact(self, sent: inputs.ContactTags) -> None:
        """Add the listed tags to the contacts, creating missing ones. Raises NotFound and InvalidInput."""
        assignments: list[inputs.TagAssignment] = [{"type": "name", "name": name} for name in split_list(sent["tags"])]
        if not assignments:
            raise InvalidInput("tags: the list has no name")
        self.catalog.check_tags(assignments, "member")
        contacts = self.contacts(sent["socialType"], sent["value"])
        ids = self.catalog.assigned_tags(assignments, self.clock.now())
        for contact in contacts:
            contact.add_tags(ids)
            self.people.touched.add(contact.id)

    def set_custom_field(self, sent: inputs.SingleFieldValue | inputs.MultiFieldValue) -> None:
        """Set a custom field of contacts. Raises NotFound and InvalidInput."""
        contacts = self.contacts(sent["socialType"], sent["value"])
        field = self.catalog.custom_fields.get(sent["customFieldId"])
        if field is None:
            raise NotFound("custom-field-not-found", "no custom field has this id")
        items: list[inputs.TypedValue] = sent.get("customFieldValues", [])  # type: ignore[assignment]
        single: inputs.TypedValue | None = sent.get("customFieldValue")  # type: ignore[assignment]
        value: Any = [item["value"] for item in items] if single is None else single["value"]
        types = [item["type"] for item in items] if single is None else [single["type"]]
        for type_ in types or [field.type]:
            field.check(type_, value)
        for contact in contacts:
            contact.custom_fields[field.id] = field.stored(value)
            self.people.touched.add(contact.id)

    def add_legacy_activity(self, sent: inputs.LegacyActivity) -> None:
        """Append a legacy activity to the contacts with this address or account.

        Raises InvalidInput for an unknown contact as for an unknown type: the vendor lists no 404 for the operation.
        """
        named = sent["activityType"]
        type_ = named if isinstance(named, str) else named.get("id")
        contacts = self.people.find(sent["socialType"], sent["value"])
        if not contacts:
            raise InvalidInput(f"value: no contact has this {sent['socialType']}")
        if not isinstance(type_, str) or type_ not in self.catalog.activity_types:
            raise InvalidInput("activityType: no activity type has this id")
        tags: list[inputs.TagAssignment] = [{"type": "name", "name": name} for name in split_list(sent.get("tags", ""))]
        self.catalog.check_tags(tags, "activity")
        now = self.clock.now()
        timestamp = self._moment("occurredAt", sent["occurredAt"]) if "occurredAt" in sent else now
        body = {"content": {"type": "text", "value": sent["activityBody"]}, "timestamp": iso(timestamp)}
        for contact in contacts:
            key = (f"legacy:{sent['source']}", type_, str(len(self.activities) + 1))
            added = Activity(*key, contact, None, timestamp, orjson.dumps(body), self.catalog.assigned_tags(tags, now))
            self.activities[key] = added
            contact.activities.append(added)
            self.people.touched_activities.add(key)
            self._note_active(contact, timestamp)

    # Segments and tags.

    def add_to_segment(self, segment_id: int, sent: inputs.SegmentMembers) -> None:
        """Add all the listed contacts to a segment, or none. Raises NotFound for one unknown address."""
        segment = self.catalog.segment(segment_id)
        status = sent.get("statusId")
        if status is not None and status not in segment.statuses:
            raise InvalidInput("statusId: the segment has no such status")
        values = split_list(sent["value"])
        if not values:
            raise InvalidInput("value: the list has no address or account")
        network = sent["socialType"]
        if self.behavior.segment_batch == "known_ones" and any(self.people.find(network, value) for value in values):
            values = [value for value in values if self.people.find(network, value)]
        contacts = [contact for value in values for contact in self.contacts(network, value)]
        for contact in contacts:
            if status is not None:
                contact.segments[segment.id] = status
            else:
                contact.segments.setdefault(segment.id, None)
            self.people.touched.add(contact.id)

    def note_segment(self, sent: inputs.SegmentNote) -> None:
        """Append a note to a segment.

        Raises InvalidInput for an unknown segment: the vendor lists no 404 for the operation.
        """
        if sent["segmentId"] not in self.catalog.segments:
            raise InvalidInput("segmentId: no segment has this id")
        self.segment_notes.setdefault(sent["segmentId"], []).append(self._note(sent["note"]))

    def delete_tag(self, id_: str) -> None:
        """Delete a tag and remove it from every contact and activity. Raises NotFound."""
        self.catalog.delete_tag(self.catalog.tag(id_), self.clock.now())
        for contact in self.people.contacts.values():
            if id_ in contact.tags:
                contact.tags.remove(id_)
                self.people.touched.add(contact.id)
        for key, activity in self.activities.items():
            if id_ in activity.tags:
                activity.tags.remove(id_)
                self.people.touched_activities.add(key)

    def _note(self, text: str, social_type: str | None = None, value: str | None = None) -> Note:
        self.next_note_id += 1
        return Note(self.next_note_id - 1, text, self.clock.now(), social_type, value)

    def tag_names(self, ids: Sequence[str]) -> list[str]:
        """Return the names of tags, in the given order."""
        return [self.catalog.tags[id_].name for id_ in ids]

    def _moment(self, field: str, text: str) -> float:
        try:
            return epoch_of(text, self.behavior.dates)
        except ValueError as error:
            raise InvalidInput(f"{field}: {error}") from None

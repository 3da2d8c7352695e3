"""The room as plain JSON-like values, for the control API and the pages.

Goes in: the room, or the whole state of the sandbox. Comes out: dicts and lists; times are ISO 8601.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from cr_pipelines.sandbox.http.responses import describe_tag
from cr_pipelines.sandbox.http.state import SandboxState
from cr_pipelines.sandbox.workspace.catalog import Segment
from cr_pipelines.sandbox.workspace.clock import iso
from cr_pipelines.sandbox.workspace.deletions import Deletion
from cr_pipelines.sandbox.workspace.people import Activity, Contact, Note, display_name
from cr_pipelines.sandbox.workspace.removals import Removal
from cr_pipelines.sandbox.workspace.room import Room

T = TypeVar("T")


class LazyList(Generic[T]):
    """A list of which only the requested items are described."""

    def __init__(self, things: Sequence[T], describe: Callable[[T], dict[str, Any]]):
        self._things = things
        self._describe = describe

    def __len__(self) -> int:
        return len(self._things)

    def __getitem__(self, wanted: slice) -> list[dict[str, Any]]:
        return [self._describe(thing) for thing in self._things[wanted]]


def moment(epoch: float | None) -> str | None:
    """Return epoch seconds as an ISO 8601 date-time."""
    return None if epoch is None else iso(epoch)


def summary(sandbox: SandboxState) -> dict[str, Any]:
    """Return counts of everything, and the settings in force."""
    room = sandbox.room
    contacts = room.people.contacts.values()
    removals = room.removals.all
    done = sum(removal.done_at is not None for removal in removals)
    return {
        "now": iso(room.clock.now()),
        "contacts": sum(contact.anonymized_at is None for contact in contacts),
        "anonymized": sum(contact.anonymized_at is not None for contact in contacts),
        "users": len(room.people.profiles),
        "activities": len(room.activities),
        "tags": len(room.catalog.live_tags()),
        "segment_members": sum(len(contact.segments) for contact in contacts),
        "contact_notes": sum(len(contact.notes) for contact in contacts),
        "segment_notes": sum(map(len, room.segment_notes.values())),
        "waiting": room.waiting,
        "unstorable": room.unstorable,
        "hidden": len(room.deletions.hidden),
        "removals": {"queued": len(removals) - done, "done": done},
        "requests": sandbox.recorder.by_operation(),
        "total_requests": sandbox.recorder.last_seq,
        "limit": limit(sandbox),
        "faults": sandbox.faults.plan.described(),
        "scripts": sandbox.scripts.described(),
        "behavior": room.behavior.plain(),
    }


def limit(sandbox: SandboxState) -> dict[str, Any]:
    """Return the rate limit in force; `limit` is None when there is none."""
    limiter = sandbox.limiter
    return {
        "limit": limiter.limit if limiter.limited else None,
        "interval_seconds": limiter.interval_seconds if limiter.limited else None,
    }


def contacts(room: Room, search: str | None = None, newest_first: bool = False) -> "LazyList[Contact]":
    """Return the contacts, oldest first by default; with `search`, those whose name or address contains it."""
    found = list(room.people.contacts.values())
    if search and search.strip():
        needle = search.strip().lower()
        found = [contact for contact in found if _may_match(contact, needle) and _matches(contact, needle)]
    if newest_first:
        found.reverse()
    return LazyList(found, lambda contact: contact_in_full(room, contact))


def _may_match(contact: Contact, needle: str) -> bool:
    """Return False if the raw JSON rules a match out, which saves decoding almost every contact of a large room."""
    if not needle.isascii() or not needle.replace(" ", "").isprintable() or set(needle) & set('"\\'):
        return True
    sent = b" ".join(profile.fields for profile in contact.profiles).lower()
    return all(word.encode() in sent for word in needle.split())


def _matches(contact: Contact, needle: str) -> bool:
    known = contact.known()
    texts = (display_name(known), known.get("email"), *contact.emails())
    return any(needle in text.lower() for text in texts if text)


def contact_in_full(room: Room, contact: Contact) -> dict[str, Any]:
    """Return a contact with the users that sources sent, as they sent them."""
    known = contact.known()
    fields = room.catalog.custom_fields
    return {
        "id": contact.id,
        "name": display_name(known),
        "email": known.get("email"),
        "emails": contact.emails(),
        "anonymized": contact.anonymized_at is not None,
        "known": known,
        "users": [
            {"source": profile.source, "fields": {"id": profile.id} | profile.sent()} for profile in contact.profiles
        ],
        "tags": room.tag_names(contact.tags),
        "custom_fields": {fields[id_].name: value for id_, value in contact.custom_fields.items()},
        "segments": [
            {"id": id_, "name": room.catalog.segments[id_].name, "status": _status_name(room, id_, status)}
            for id_, status in contact.segments.items()
        ],
        "activities": len(contact.activities),
        "notes": [_note(note) for note in contact.notes],
        "first_seen": iso(contact.first_seen),
        "last_active": moment(contact.last_active),
    }


def _status_name(room: Room, segment_id: int, status_id: int | None) -> str | None:
    return None if status_id is None else room.catalog.segments[segment_id].statuses[status_id]


def activities(room: Room) -> "LazyList[Activity]":
    """Return all activities, in the order of their first arrival."""
    return LazyList(list(room.activities.values()), lambda activity: activity_in_full(room, activity))


def activity_in_full(room: Room, activity: Activity) -> dict[str, Any]:
    """Return an activity with its fields as they were sent."""
    return {
        "source": activity.source,
        "activity_type": activity.type,
        "id": activity.id,
        "contact": activity.contact.id,
        "user_id": activity.user_id,
        "timestamp": iso(activity.timestamp),
        "tags": room.tag_names(activity.tags),
        "fields": activity.sent(),
    }


def notes(room: Room) -> "LazyList[dict[str, Any]]":
    """Return all notes on contacts and segments."""
    found = [
        {"contact": contact.id, "segment": None, **_note(note)}
        for contact in room.people.contacts.values()
        for note in contact.notes
    ]
    found += [
        {"contact": None, "segment": id_, **_note(note)} for id_, on_it in room.segment_notes.items() for note in on_it
    ]
    return LazyList(sorted(found, key=lambda note: int(note["id"])), lambda note: note)


def _note(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "note": note.text,
        "created_at": iso(note.created_at),
        "social_type": note.social_type,
        "value": note.value,
    }


def segment_definition(segment: Segment) -> dict[str, Any]:
    """Return a segment with its statuses."""
    statuses = [{"id": id_, "name": name} for id_, name in segment.statuses.items()]
    return {"id": segment.id, "name": segment.name, "statuses": statuses}


def segments(room: Room) -> list[dict[str, Any]]:
    """Return the segments with their members and notes."""
    described = {
        segment.id: segment_definition(segment)
        | {"members": [], "notes": [_note(note) for note in room.segment_notes.get(segment.id, ())]}
        for segment in room.catalog.segments.values()
    }
    for contact in room.people.contacts.values():
        for id_, status in contact.segments.items():
            known = contact.known()
            member = {
                "contact": contact.id,
                "name": display_name(known),
                "email": known.get("email"),
                "status": _status_name(room, id_, status),
            }
            described[id_]["members"].append(member)
    return list(described.values())


def segment_sizes(room: Room) -> list[dict[str, Any]]:
    """Return the segments with their number of members."""
    sizes = Counter(id_ for contact in room.people.contacts.values() for id_ in contact.segments)
    return [
        {"id": found.id, "name": found.name, "members": sizes[found.id]} for found in room.catalog.segments.values()
    ]


def tags(room: Room) -> list[dict[str, Any]]:
    """Return all tags, deleted ones too, with the number of contacts and activities that have them."""
    on_contacts = Counter(id_ for contact in room.people.contacts.values() for id_ in contact.tags)
    on_activities = Counter(id_ for activity in room.activities.values() for id_ in activity.tags)
    return [
        {**describe_tag(tag), "contacts": on_contacts[tag.id], "activities": on_activities[tag.id]}
        for tag in room.catalog.tags.values()
    ]


def removals(room: Room) -> list[dict[str, Any]]:
    """Return the removals, oldest first; those done have no address any more, only its SHA-256."""
    return [_removal(removal) for removal in room.removals.all]


def _removal(removal: Removal) -> dict[str, Any]:
    return {
        "id": removal.id,
        "contact": removal.contact_id,
        "email": removal.email,
        "email_sha256": removal.email_sha256,
        "state": "queued" if removal.done_at is None else "done",
        "requested_at": iso(removal.requested_at),
        "due_at": iso(removal.due_at),
        "done_at": moment(removal.done_at),
    }


def deletions(room: Room) -> list[dict[str, Any]]:
    """Return the contacts that are hidden, in the order of their deletion."""
    return [deletion(each) for each in room.deletions.hidden.values()]


def deletion(deleted: Deletion) -> dict[str, Any]:
    """Return a deletion without what the contact knows."""
    return {
        "contact": deleted.contact.id,
        "deleted_at": iso(deleted.deleted_at),
        "due_at": iso(deleted.due_at),
    }

"""The data file: a room kept in SQLite.

Goes in: a room. Comes out: a file that holds it, of which each save writes only what changed, and the same room after a
restart.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import orjson

from cr_pipelines.sandbox.workspace.catalog import ActivityType, CustomField, Segment, Source, Tag
from cr_pipelines.sandbox.workspace.clock import Clock
from cr_pipelines.sandbox.workspace.people import Activity, Contact, Note
from cr_pipelines.sandbox.workspace.removals import Removal
from cr_pipelines.sandbox.workspace.room import DEFAULT_NAME, Room

_VERSION = 1
_log = logging.getLogger(__name__)

T = TypeVar("T")
Change = tuple[str, str, bytes | None]


class StorageError(Exception):
    """The data file cannot be used; the message says why and what to do."""


class Storage:
    """A room's data file. It belongs to one sandbox at a time.

    Raises StorageError when it cannot be opened, is in use, or is not a data file of a sandbox.
    """

    def __init__(self, path: Path):
        self._path = path
        self._saved_frame = b""
        self._unwritten: list[Change] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=2, isolation_level=None)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"the sandbox's data file {path} cannot be used ({error}); stop the sandbox that uses it, choose "
                "another file, or delete this one to start with a new room"
            ) from error

    def _prepare(self) -> None:
        run = self._connection.execute
        run("PRAGMA locking_mode = EXCLUSIVE")
        run("PRAGMA journal_mode = WAL")
        run("PRAGMA synchronous = NORMAL")
        (version,) = run("PRAGMA user_version").fetchone()
        if version not in (0, _VERSION):
            raise sqlite3.DatabaseError(f"its format is {version}, not {_VERSION}")
        run("BEGIN IMMEDIATE")
        run(
            "CREATE TABLE IF NOT EXISTS record "
            "(kind TEXT, key TEXT, body BLOB NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
        )
        run(f"PRAGMA user_version = {_VERSION}")
        run("COMMIT")

    def load(self, room: Room) -> bool:
        """Fill a new room from the file. Return False, and leave the room as it is, when the file is new."""
        rows: dict[str, list[tuple[str, Any]]] = {"frame": [], "contact": [], "activity": []}
        for kind, key, body in self._connection.execute("SELECT kind, key, body FROM record ORDER BY kind, key"):
            rows[kind].append((key, orjson.loads(body)))
        if not rows["frame"]:
            return False
        _load_frame(room, rows["frame"][0][1])
        for _, saved in sorted(rows["contact"], key=lambda row: int(row[0])):
            _load_contact(room, saved)
        for _, saved in rows["activity"]:
            _load_activity(room, saved)
        return True

    def save(self, room: Room) -> None:
        """Write what changed since the last save, in one transaction.

        Raises StorageError; what could not be written is then part of the next save.
        """
        self._unwritten += self._changes(room)
        if not self._unwritten:
            return
        try:
            with self._transaction() as run:
                for kind, key, body in self._unwritten:
                    if body is None:
                        run("DELETE FROM record WHERE kind = ? AND key = ?", (kind, key))
                    else:
                        run("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", (kind, key, body))
        except sqlite3.Error as error:
            raise StorageError(f"the room cannot be saved in {self._path}: {error}") from error
        self._unwritten = []

    @contextmanager
    def _transaction(self) -> Iterator[Callable[..., object]]:
        self._connection.execute("BEGIN")
        try:
            yield self._connection.execute
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise

    def _changes(self, room: Room) -> list[Change]:
        """Return what is not in the file yet: kind, key, and the JSON to keep, or None to delete the record."""
        changes: list[Change] = []
        frame = _frame(room)
        if frame != self._saved_frame:
            changes.append(("frame", "", frame))
            self._saved_frame = frame
        touched, room.people.touched = room.people.touched, set()
        keys, room.people.touched_activities = room.people.touched_activities, set()
        things: list[tuple[str, str, Callable[[], bytes | None]]] = [
            ("contact", str(id_), partial(_saved, _contact, room.people.contacts.get(id_))) for id_ in touched
        ]
        things += [("activity", _key(key), partial(_saved, _activity, room.activities.get(key))) for key in keys]
        for kind, name, body in things:
            try:
                changes.append((kind, name, body()))
            except Exception:
                # One thing that cannot be written must not cost the others that changed with it.
                _log.exception("%s %s cannot be saved; the data file keeps its last state", kind, name)
        return changes

    def clear(self) -> None:
        """Delete everything in the file."""
        self._connection.execute("DELETE FROM record")
        self._saved_frame = b""
        self._unwritten = []

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


def _saved(write: Callable[[T], bytes], thing: T | None) -> bytes | None:
    return None if thing is None else write(thing)


def _key(key: tuple[str, str, str]) -> str:
    """Return the name of an activity in the file, which no other activity has."""
    joined = "\x1f".join(key)
    return joined if joined.count("\x1f") == 2 else orjson.dumps(key).decode()


def _frame(room: Room) -> bytes:
    """Return the JSON of everything but contacts and activities."""
    catalog = room.catalog
    frame = {
        "name": room.name,
        "clock_moved_seconds": room.clock.moved_seconds,
        "next_ids": {"catalog": catalog.next_id, "contact": room.people.next_id, "note": room.next_note_id},
        "sources": [asdict(source) for source in catalog.sources.values()],
        "custom_fields": [asdict(field) for field in catalog.custom_fields.values()],
        "activity_types": [asdict(type_) for type_ in catalog.activity_types.values()],
        "segments": [
            [segment.id, segment.name, list(segment.statuses.items())] for segment in catalog.segments.values()
        ],
        "tags": [asdict(tag) for tag in catalog.tags.values()],
        "segment_notes": [[id_, [asdict(note) for note in notes]] for id_, notes in room.segment_notes.items()],
        "removals": [asdict(removal) for removal in room.removals.all],
        "removal_days": room.removals.days,
        "removal_processing": room.removals.processing,
        "hidden": [
            {
                "contact": orjson.Fragment(_contact(deletion.contact)),
                "deleted_at": deletion.deleted_at,
                "due_at": deletion.due_at,
                "activities": [orjson.Fragment(_activity(activity)) for activity in deletion.activities],
            }
            for deletion in room.deletions.hidden.values()
        ],
    }
    return orjson.dumps(frame)


def _load_frame(room: Room, frame: dict[str, Any]) -> None:
    catalog = room.catalog
    room.name = frame.get("name", DEFAULT_NAME)
    room.clock = Clock(frame["clock_moved_seconds"])
    catalog.next_id = frame["next_ids"]["catalog"]
    room.people.next_id = frame["next_ids"]["contact"]
    room.next_note_id = frame["next_ids"]["note"]
    catalog.sources = {saved["id"]: Source(**saved) for saved in frame["sources"]}
    for saved in frame["custom_fields"]:
        sources = None if saved["sources"] is None else tuple(saved["sources"])
        saved |= {"values": tuple(saved["values"]), "sources": sources}
        catalog.custom_fields[saved["id"]] = CustomField(**saved)
    catalog.activity_types = {saved["id"]: ActivityType(**saved) for saved in frame["activity_types"]}
    catalog.segments = {id_: Segment(id_, name, dict(statuses)) for id_, name, statuses in frame["segments"]}
    for saved in frame["tags"]:
        catalog.keep_tag(Tag(**saved | {"entity_types": tuple(saved["entity_types"])}))
    room.segment_notes = {id_: [Note(**note) for note in notes] for id_, notes in frame["segment_notes"]}
    room.removals.restore(Removal(**saved) for saved in frame["removals"])
    room.removals.configure(frame["removal_days"], frame["removal_processing"])
    for saved in frame.get("hidden", ()):
        contact = _load_contact(room, saved["contact"])
        for activity in saved["activities"]:
            _load_activity(room, activity)
        room.deletions.delete(contact.id, saved["deleted_at"])
        room.deletions.hidden[contact.id].due_at = saved["due_at"]


def _contact(contact: Contact) -> bytes:
    return orjson.dumps(
        {
            "id": contact.id,
            "first_seen": contact.first_seen,
            "last_active": contact.last_active,
            "anonymized_at": contact.anonymized_at,
            "tags": contact.tags,
            "custom_fields": list(contact.custom_fields.items()),
            "segments": list(contact.segments.items()),
            "notes": [asdict(note) for note in contact.notes],
            "profiles": [[profile.source, profile.id, orjson.Fragment(profile.fields)] for profile in contact.profiles],
        }
    )


def _load_contact(room: Room, saved: dict[str, Any]) -> Contact:
    contact = Contact(
        saved["id"],
        saved["first_seen"],
        saved["last_active"],
        saved["anonymized_at"],
        tags=saved["tags"],
        custom_fields=dict(saved["custom_fields"]),
        segments=dict(saved["segments"]),
        notes=[Note(**note) for note in saved["notes"]],
    )
    room.people.contacts[contact.id] = contact
    for profile in saved["profiles"]:
        room.people.restore(contact, *profile)
    return contact


def _activity(activity: Activity) -> bytes:
    return orjson.dumps(
        {
            "key": activity.key,
            "contact": activity.contact.id,
            "user_id": activity.user_id,
            "timestamp": activity.timestamp,
            "tags": activity.tags,
            "body": orjson.Fragment(activity.body),
        }
    )


def _load_activity(room: Room, saved: dict[str, Any]) -> None:
    contact = room.people.contacts[saved["contact"]]
    body = orjson.dumps(saved["body"])
    source, type_, id_ = saved["key"]
    activity = Activity(source, type_, id_, contact, saved["user_id"], saved["timestamp"], body, saved["tags"])
    room.activities[activity.key] = activity
    contact.activities.append(activity)

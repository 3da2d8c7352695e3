"""The contacts of a room.

Goes in: profiles, which are what one source knows of a person. Comes out: contacts, found by id, e-mail address or
account, merged when two share an e-mail address or a LinkedIn account, anonymized on request, and hidden.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from cr_pipelines.sandbox.workspace.behavior import Behavior

HANDLE_NETWORKS = ("twitter", "github", "linkedin", "discord", "youtube")
_URL_START = re.compile(r"^(?:https?://)?(?:[a-z0-9-]+\.)+[a-z]{2,}/")


@dataclass(slots=True, eq=False)
class Contact:
    """One person, merged from the profiles that sources sent.

    `tags` holds tag ids, `custom_fields` values by field id, `segments` a status id or None by segment id. Times are
    epoch seconds.
    """

    id: int
    first_seen: float
    last_active: float | None = None
    anonymized_at: float | None = None
    profiles: "list[Profile]" = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[int, Any] = field(default_factory=dict)
    segments: dict[int, int | None] = field(default_factory=dict)
    activities: "list[Activity]" = field(default_factory=list)
    notes: "list[Note]" = field(default_factory=list)

    def add_tags(self, ids: list[str]) -> None:
        """Add tags to the contact, each once."""
        for id_ in ids:
            if id_ not in self.tags:
                self.tags.append(id_)

    def known(self) -> dict[str, Any]:
        """Return the fields of all profiles; the one updated last wins."""
        fields: dict[str, Any] = {}
        for profile in self.profiles:
            fields.update(profile.sent())
        return fields

    def emails(self) -> list[str]:
        """Return the addresses of the person, in lower case."""
        return list(dict.fromkeys(email for profile in self.profiles for email in profile.emails))


@dataclass(slots=True, eq=False)
class Profile:
    """What one source knows of a person. `source` is a destination source id, or `legacy:` and a name.

    `fields` is kept as JSON bytes: a quarter of the memory of a dict, and nothing for the garbage collector to walk.
    """

    source: str
    id: str
    contact: Contact
    fields: bytes = b"{}"
    emails: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()

    def sent(self) -> dict[str, Any]:
        """Return the fields as they were sent, by the API's names, without those that are null."""
        sent: dict[str, Any] = orjson.loads(self.fields)
        return sent


@dataclass(slots=True, eq=False)
class Activity:
    """Something a contact did. `body` is the JSON of the fields that have no attribute here."""

    source: str
    type: str
    id: str
    contact: Contact
    user_id: str | None
    timestamp: float
    body: bytes
    tags: list[str] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str, str]:
        """The source, type and id that the activity is upserted by."""
        return (self.source, self.type, self.id)

    def sent(self) -> dict[str, Any]:
        """Return the fields as they were sent, by the API's names, without those that are null."""
        sent: dict[str, Any] = orjson.loads(self.body)
        return sent


@dataclass(slots=True)
class Note:
    """A note on a contact or a segment. The address it was sent to is kept until the contact is anonymized."""

    id: int
    text: str
    created_at: float
    social_type: str | None = None
    value: str | None = None


class People:
    """All contacts, found by id, e-mail address or account; merged when the behavior says that two are one person.

    `touched` and `touched_activities` are the contacts and activities that were changed since the last save.
    """

    def __init__(self, behavior: Behavior) -> None:
        self.behavior = behavior
        self.contacts: dict[int, Contact] = {}
        self.profiles: dict[tuple[str, str], Profile] = {}
        self.touched: set[int] = set()
        self.touched_activities: set[tuple[str, str, str]] = set()
        self.next_id = 147920
        self._by_email: dict[str, list[Contact]] = {}
        self._by_handle: dict[str, list[Contact]] = {}

    def put(
        self, source: str, id_: str, changes: Mapping[str, Any], now: float, into: Contact | None = None
    ) -> Contact:
        """Upsert a profile: fields sent replace, nulls clear, fields left out stay. Return its contact.

        A new profile joins the contact `into`, else the one that has its e-mail address or LinkedIn account, else a
        new one. Nothing changes when the fields cannot be stored.
        """
        profile = self.profiles.get((source, id_))
        fields = {} if profile is None or self.behavior.omitted == "cleared" else profile.sent()
        for name, value in changes.items():
            if value is not None:
                fields[name] = value
            elif self.behavior.null == "cleared":
                fields.pop(name, None)
        saved, emails, handles = orjson.dumps(fields), _emails(fields), _handles(fields)
        if profile is None:
            contact = into or self._first_with(emails, handles) or self._new_contact(now)
            profile = self.profiles[(source, id_)] = Profile(source, id_, contact)
            contact.profiles.append(profile)
        else:
            contact = profile.contact
            if len(contact.profiles) > 1:
                contact.profiles.remove(profile)
                contact.profiles.append(profile)
        profile.fields = saved
        self._index(profile, emails, handles)
        self.touched.add(profile.contact.id)
        return profile.contact

    def find(self, network: str, value: str) -> list[Contact]:
        """Return the contacts with this e-mail address or account (`twitter`, `github`, `linkedin` …)."""
        if network == "email":
            return list(self._by_email.get(value.strip().lower(), ()))
        return list(self._by_handle.get(_handle_key(network, value), ()))

    def find_without_plus(self, email: str) -> list[Contact]:
        """Return the contacts with an e-mail address that differs from this one after a plus sign at most."""
        wanted = _without_plus(email.strip().lower())
        holders = [found for address, found in self._by_email.items() if _without_plus(address) == wanted]
        return list(dict.fromkeys(contact for found in holders for contact in found))

    def anonymize(self, contact: Contact, now: float) -> None:
        """Erase the contact's fields, its notes, and who its activities are of.

        What an activity says (title, content, address, id) stays, as the vendor does not say that it goes.
        """
        for profile in contact.profiles:
            self._unindex(profile)
            self.profiles.pop((profile.source, profile.id), None)
        contact.profiles.clear()
        contact.custom_fields.clear()
        contact.anonymized_at = now
        for activity in contact.activities:
            activity.user_id = None
            self.touched_activities.add(activity.key)
        for note in contact.notes:
            note.social_type = note.value = None
            note.text = ""
        self.touched.add(contact.id)

    def restore(self, contact: Contact, source: str, id_: str, fields: dict[str, Any]) -> None:
        """Add a saved profile to its contact."""
        profile = self.profiles[(source, id_)] = Profile(source, id_, contact, orjson.dumps(fields))
        contact.profiles.append(profile)
        self._index(profile, _emails(fields), _handles(fields), merge=False)

    def hide(self, contact: Contact) -> None:
        """Take a contact out of the room, with everything that finds it; the contact itself keeps what it has."""
        for profile in contact.profiles:
            emails, handles = profile.emails, profile.handles
            self._unindex(profile)
            profile.emails, profile.handles = emails, handles
            self.profiles.pop((profile.source, profile.id), None)
        del self.contacts[contact.id]
        self.touched.add(contact.id)

    def show(self, contact: Contact) -> None:
        """Put a hidden contact back. A user that was sent again in the meantime stays with its new contact."""
        self.contacts[contact.id] = contact
        self.touched.add(contact.id)
        contact.profiles = [each for each in contact.profiles if (each.source, each.id) not in self.profiles]
        for profile in list(contact.profiles):
            self.profiles[(profile.source, profile.id)] = profile
            emails, handles, profile.emails, profile.handles = profile.emails, profile.handles, (), ()
            self._index(profile, emails, handles)

    def _new_contact(self, now: float) -> Contact:
        contact = self.contacts[self.next_id] = Contact(self.next_id, now)
        self.next_id += 1
        return contact

    def _first_with(self, emails: tuple[str, ...], handles: tuple[str, ...]) -> Contact | None:
        return next((holder for holders in self._identities(emails, handles) for holder in holders), None)

    def _identities(self, emails: tuple[str, ...], handles: tuple[str, ...]) -> Iterator[list[Contact]]:
        """Yield the contacts that have one of these addresses and accounts, of those that identify a person."""
        if self.behavior.same_email == "merged":
            yield from (self._by_email[email] for email in emails if email in self._by_email)
        if self.behavior.same_linkedin == "merged":
            linkedin = (handle for handle in handles if handle.startswith("linkedin:"))
            yield from (self._by_handle[handle] for handle in linkedin if handle in self._by_handle)

    def _index(self, profile: Profile, emails: tuple[str, ...], handles: tuple[str, ...], merge: bool = True) -> None:
        if emails == profile.emails and handles == profile.handles:
            return
        self._unindex(profile)
        profile.emails, profile.handles = emails, handles
        for index, keys in ((self._by_email, emails), (self._by_handle, handles)):
            for key in keys:
                holders = index.setdefault(key, [])
                if profile.contact not in holders:
                    holders.append(profile.contact)
        if merge:
            for holders in self._identities(emails, handles):
                while len(holders) > 1:  # each merge takes one contact off the list
                    self._merge(holders[0], holders[1])

    def _unindex(self, profile: Profile) -> None:
        """Remove a profile's addresses and accounts from the index, except those that its contact has elsewhere."""
        emails, handles = set(profile.emails), set(profile.handles)
        profile.emails = profile.handles = ()
        for other in profile.contact.profiles:
            emails.difference_update(other.emails)
            handles.difference_update(other.handles)
        for index, keys in ((self._by_email, emails), (self._by_handle, handles)):
            for key in keys:
                holders = index[key]
                holders.remove(profile.contact)
                if not holders:
                    del index[key]

    def _merge(self, one: Contact, other: Contact) -> None:
        """Merge two contacts that are one person: the older keeps its id and gets what the younger has."""
        kept, merged = (one, other) if one.id < other.id else (other, one)
        for profile in merged.profiles:
            profile.contact = kept
            for index, keys in ((self._by_email, profile.emails), (self._by_handle, profile.handles)):
                for key in keys:
                    holders = index[key]
                    if merged in holders:
                        holders.remove(merged)
                    if kept not in holders:
                        holders.append(kept)
        for activity in merged.activities:
            activity.contact = kept
            self.touched_activities.add(activity.key)
        kept.profiles += merged.profiles
        kept.activities += merged.activities
        kept.notes += merged.notes
        kept.add_tags(merged.tags)
        kept.custom_fields.update(merged.custom_fields)
        kept.segments = merged.segments | kept.segments
        kept.first_seen = min(kept.first_seen, merged.first_seen)
        kept.last_active = max((moment for moment in (kept.last_active, merged.last_active) if moment), default=None)
        del self.contacts[merged.id]
        self.touched.update((kept.id, merged.id))


def display_name(fields: Mapping[str, Any]) -> str | None:
    """Return the full name, or the nearest thing to it among the fields of a person."""
    parts = [fields.get("firstName"), fields.get("lastName")]
    name = fields.get("fullName") or " ".join(part for part in parts if part) or fields.get("username")
    return name or fields.get("email")


def account_names(fields: Mapping[str, Any], network: str) -> list[str]:
    """Return the accounts of a person on a network, as they were sent."""
    several: list[str] | None = fields.get("accounts", {}).get(network)
    account = fields.get(network)
    return several or ([account.get("value") or account["username"]] if account else [])


def _emails(fields: Mapping[str, Any]) -> tuple[str, ...]:
    email = fields.get("email")
    others = fields.get("emails")
    if others:
        return tuple(dict.fromkeys(address.lower() for address in others))
    return (email.lower(),) if email else ()


def _without_plus(email: str) -> str:
    name, _, domain = email.rpartition("@")
    return f"{name.partition('+')[0]}@{domain}"


def _handles(fields: Mapping[str, Any]) -> tuple[str, ...]:
    names = ((network, name) for network in HANDLE_NETWORKS for name in account_names(fields, network))
    return tuple(dict.fromkeys(_handle_key(network, name) for network, name in names))


def _handle_key(network: str, value: str) -> str:
    handle = _URL_START.sub("", value.strip().lower()).partition("?")[0].partition("#")[0].strip("/").removeprefix("@")
    if network == "linkedin" and "/" not in handle:
        handle = f"in/{handle}"
    return f"{network}:{handle}"

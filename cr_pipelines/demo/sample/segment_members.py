"""`common_room_segment_members`: champions and event guests.

Goes in: the sample's people. Comes out: the rows, and the marks of those that a sandbox has.
"""

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from cr_pipelines.demo.sample.population import Person, population
from cr_pipelines.sandbox import SandboxClient

_INVITED = ("Invited", "Confirmed", None)


def table() -> pa.Table:
    """Make members of some of the people, most of them with a status."""
    rows = [_member(person, "Champions", "Identified") for person in population()[::25]]
    rows += [_member(person, "Event guests", _INVITED[person.number % 3]) for person in population()[::9]]
    return pa.Table.from_pylist(rows)


def _member(person: Person, segment: str, status: str | None) -> dict[str, Any]:
    return {"segment": segment, "social_type": "email", "value": person.email, "status": status}


def arrived(room: SandboxClient) -> Collection[str]:
    """Return the address and segment of each of the sandbox's contacts."""
    return {
        f"{email} {segment['name']}"
        for found in room.contacts()
        for email in found["emails"]
        for segment in found["segments"]
    }

"""`common_room_tags` and `common_room_contact_tags`: the tags that the room should have, and who has them.

Goes in: the sample's people. Comes out: rows of both tables, and the marks of those that a sandbox has.
"""

from collections.abc import Collection

import pyarrow as pa

from cr_pipelines.demo.sample.population import population
from cr_pipelines.sandbox import SandboxClient

_TAGS = {
    "advisory board": "Meets the product team every quarter",
    "reference customer": "Speaks with prospects when asked",
    "renewal at risk": "Used little of the product lately",
    "webinar regular": "Came to three webinars or more",
}


def tags_table() -> pa.Table:
    """Make a row for each tag."""
    rows = [
        {"name": name, "description": about, "entity_types": ["member", "activity"]} for name, about in _TAGS.items()
    ]
    return pa.Table.from_pylist(rows)


def tags_arrived(room: SandboxClient) -> Collection[str]:
    """Return the names of the sandbox's tags."""
    return {tag["name"] for tag in room.tags() if tag["deletedAt"] is None}


def contact_tags_table() -> pa.Table:
    """Make one or two of the tags for some people."""
    names = list(_TAGS)
    rows = [
        {"user_id": person.key, "tag": names[(number + more) % len(names)]}
        for number, person in enumerate(population()[::12])
        for more in range(1 + number % 2)
    ]
    return pa.Table.from_pylist(rows)


def contact_tags_arrived(room: SandboxClient) -> Collection[str]:
    """Return the id and tag of each of the sandbox's people."""
    return {f"{id_} {tag}" for id_, person in room.users().items() for tag in person["tags"]}

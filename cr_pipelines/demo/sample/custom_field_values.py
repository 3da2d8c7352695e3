"""`common_room_custom_field_values`: the account owners of people without a company.

Goes in: the sample's people. Comes out: the rows, and the marks of those that a sandbox has.
"""

from collections.abc import Collection

import pyarrow as pa

from cr_pipelines.demo.sample.population import population
from cr_pipelines.sandbox import SandboxClient

_FIELD = "Account owner"
_OWNERS = ("Dana Whitlock", "Mateus Prado")


def table() -> pa.Table:
    """Make a row for each of these people."""
    rows = [
        {"user_id": person.key, "field": _FIELD, "field_value": _OWNERS[person.number % 2]}
        for person in population()
        if person.company is None
    ]
    return pa.Table.from_pylist(rows)


def arrived(room: SandboxClient) -> Collection[str]:
    """Return the id and owner of each of the sandbox's people."""
    return {f"{id_} {person['custom_fields'].get(_FIELD)}" for id_, person in room.users().items()}

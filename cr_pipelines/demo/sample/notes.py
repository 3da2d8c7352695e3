"""`common_room_contact_notes` and `common_room_segment_notes`: what colleagues wrote.

Goes in: the sample's people. Comes out: rows of both tables, and the notes that a sandbox has.
"""

from collections.abc import Collection

import pyarrow as pa

from cr_pipelines.demo.sample.population import population
from cr_pipelines.sandbox import SandboxClient


def contact_notes_table() -> pa.Table:
    """Make a note on some of the people."""
    rows = [
        {
            "id": f"note_{person.number}",
            "social_type": "email",
            "value": person.email,
            "note": f"Met at the meetup in {person.city}; wants to hear of the roadmap (note {person.number}).",
        }
        for person in population()[::40]
    ]
    return pa.Table.from_pylist(rows)


def segment_notes_table() -> pa.Table:
    """Make a note on each of two segments."""
    return pa.Table.from_pylist(
        [
            {"id": "1", "segment": "Champions", "note": "Invite them to the advisory board in spring."},
            {"id": "2", "segment": "Event guests", "note": "The list came from the events team."},
        ]
    )


def arrived(room: SandboxClient) -> Collection[str]:
    """Return the content of the sandbox's notes."""
    return {note["note"] for note in room.notes()}

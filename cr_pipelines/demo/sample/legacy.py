"""`common_room_existing_contacts` and `common_room_contact_activities`, which are sent by legacy operations.

Goes in: the sample's people. Comes out: rows of both tables, and the marks of those that a sandbox has.
"""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from cr_pipelines.demo.sample.population import population
from cr_pipelines.sandbox import SandboxClient

_PARTNERS = ("Amara Okafor", "Lukas Brandt", "Noor Haddad", "Ines Carvalho", "Tomasz Wilk", "Hana Sato")


def contacts_table() -> pa.Table:
    """Make people of partner agencies, who are in no API signal of the room."""
    rows = [
        {
            "id": f"partner_{number}",
            "source": "Partner list",
            "full_name": name,
            "email": f"{name.lower().replace(' ', '.')}@partners.example",
            "company": "Partner agency",
            "title": "Consultant",
        }
        for number, name in enumerate(_PARTNERS)
    ]
    return pa.Table.from_pylist(rows)


def contacts_arrived(room: SandboxClient) -> Collection[str]:
    """Return the addresses of the sandbox's contacts."""
    return {email for found in room.contacts() for email in found["emails"]}


def activities_table() -> pa.Table:
    """Make a meetup that some of the people came to."""
    evening = datetime(2026, 3, 12, 18, 30, tzinfo=UTC)
    rows = [
        {
            "id": f"meetup_{person.number}",
            "source": "Meetups",
            "social_type": "email",
            "value": person.email,
            "activity_type": "Attended event",
            "activity_body": f"Came to the meetup in {person.city} (guest {person.number}).",
            "occurred_at": evening + timedelta(minutes=position),
        }
        for position, person in enumerate(population()[::33])
    ]
    return pa.Table.from_pylist(rows)


def activities_arrived(room: SandboxClient) -> Collection[str]:
    """Return the content of the sandbox's activities, whichever operation sent them."""
    return {activity["fields"]["content"]["value"] for activity in room.activities() if "content" in activity["fields"]}

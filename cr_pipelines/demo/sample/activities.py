"""`common_room_activities`: what people did in the product and the community on the days before the sample was made.

Goes in: the sample's people. Comes out: the rows, and the ids of those that a sandbox has.
"""

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from cr_pipelines.demo.sample.population import Person, population
from cr_pipelines.sandbox import SandboxClient

DAYS = 5
_PER_DAY = 24

_OPTIONAL = ("title", "url", "sub_source", "parent_id")

_CHANNELS = ("help", "show and tell", "announcements")
_QUESTIONS = (
    "How do I backfill **one day** only?",
    "Does `sync_ledger` keep rejected rows?",
    "Which role does the warehouse user need?",
)
_PRODUCT = ("Built a dashboard", "Connected a source", "Invited a colleague", "Ran a forecast")


def table() -> pa.Table:
    """Make the same number of activities for each of the last days before today."""
    today = datetime.combine(datetime.now(UTC), time.min, UTC)
    rows = [
        _row(population()[(day * 61 + number * 17) % len(population())], today - timedelta(days=day), day, number)
        for day in range(DAYS, 0, -1)
        for number in range(_PER_DAY)
    ]
    return pa.Table.from_pylist(rows)


def arrived(room: SandboxClient) -> Collection[str]:
    """Return the ids of the sandbox's activities."""
    return {activity["id"] for activity in room.activities()}


def _row(person: Person, midnight: datetime, day: int, number: int) -> dict[str, Any]:
    dice = person.dice(f"activity {day} {number}")
    row = dict.fromkeys(_OPTIONAL) | {
        "id": f"act_{day}_{number}",
        "timestamp": midnight + timedelta(hours=7, minutes=35 * number, seconds=dice.randrange(60)),
        "user_id": person.key,
        "user_email": person.email,
    }
    if number % 3:
        return row | {"activity_type": "used_product", "content": dice.choice(_PRODUCT), "content_format": "text"}
    answered = f"act_{day}_{number - 3}" if number % 2 else None
    return row | {
        "activity_type": "posted_message",
        "title": None if answered else "A question",
        "content": "Thanks, that was it." if answered else dice.choice(_QUESTIONS),
        "content_format": "markdown",
        "url": f"https://forum.example/t/{day}-{number}",
        "sub_source": dice.choice(_CHANNELS),
        "parent_id": answered,
    }

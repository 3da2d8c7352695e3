"""The whole of it under Dagster's daemon in two rooms: people who are in every kind and every column ask to be removed.

The syncs and removals of both rooms run all the while over one database, under faults, and all of them are killed.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync.contract import address_hash
from cr_pipelines_tests.dagster.pii_rooms_location import KINDS, ROOMS, SYNCS
from cr_pipelines_tests.dagster.test_pii_daemon import daemon, dagster_home
from cr_pipelines_tests.dagster.test_pii_daemon import until as until_within
from cr_pipelines_tests.support.leaks import places_that_hold
from cr_pipelines_tests.support.statement import requests_later_than_removal
from cr_pipelines_tests.support.warehouses import EmptyWarehouse, empty_warehouse

pytestmark = [pytest.mark.system, pytest.mark.timeout(2400)]

PEOPLE = 40
WAVES = {"eu": (range(6), range(12, 18), range(24, 27)), "us": (range(6, 11), range(15, 21), range(30, 33))}
"""Who asks each room, in three waves; some ask both."""

EMAIL = "'person' || i || '@example.com'"
MENTION = f"'write to <' || {EMAIL} || '> or mailto:Person' || i || '%40Example.com'"
REFERENCE = f"'email' AS social_type, {EMAIL} AS value"
URL = f"'https://example.com/?who=' || {EMAIL}"


def person(prefix: str = "") -> str:
    """The columns of a person, each with the address in it that takes one."""
    lines = (
        "full_name", "first_name", "last_name", "bio", "role_at_company", "title_at_company", "company_name",
        "company_domain", "country", "city", "region", "raw_location",
    )  # fmt: skip
    columns = {
        "id": "'p' || i",
        **dict.fromkeys(lines, MENTION),
        "username": EMAIL,
        "email": EMAIL,
        "github": "'handle' || i",
        "avatar_url": URL,
        "external_profiles": f"'[\"' || {URL} || '\"]'",
        "tags": f"'for ' || {EMAIL}",
        "custom_fields": f"'{{\"Account owner\": \"' || {EMAIL} || '\"}}'",
    }
    return ", ".join(f"{value} AS {prefix}{name}" for name, value in columns.items())


SOURCES = {
    "contact": person(),
    "activity": f"'a' || i AS id, 'posted_message' AS activity_type, TIMESTAMP '2026-03-01' AS timestamp, "
    f"{person('user_')}, {MENTION} AS content, {MENTION} AS title, {URL} AS url, {MENTION} AS sub_source, "
    f"'for ' || {EMAIL} AS tags",
    "tag": f"'Tag ' || i AS name, {MENTION} AS description, 'member' AS entity_types",
    "contact_tag": f"{REFERENCE}, 'Label ' || {EMAIL} AS tag",
    "custom_field_value": f"{REFERENCE}, 'Account owner' AS field, {MENTION} AS field_value",
    "segment_member": f"'Champions' AS segment, {REFERENCE}",
    "contact_note": f"i AS id, {REFERENCE}, {MENTION} AS note",
    "segment_note": f"i AS id, 'Champions' AS segment, {MENTION} AS note",
    "existing_contact": f"i AS id, 'crm' AS source, {MENTION} AS full_name, {EMAIL} AS email, "
    f"{MENTION} AS description, 'handle' || i AS github, {URL} AS avatar_url, {MENTION} AS company, "
    f"{MENTION} AS title, {MENTION} AS role, "
    f"{MENTION} AS city, {MENTION} AS region, {MENTION} AS country",
    "contact_activity": f"i AS id, 'crm' AS source, {REFERENCE}, 'Used product' AS activity_type, "
    f"{MENTION} AS activity_body, TIMESTAMP '2026-03-01' AS occurred_at, 'for ' || {EMAIL} AS tags",
}
"""A row of every kind for each person, with the address in every column that takes it."""

LOST = "CASE WHEN random() < 0.2 THEN NULL ELSE {0} END"
CHANGES = {
    "contact": "full_name = full_name || '!', username = NULL, avatar_url = NULL, external_profiles = NULL, "
    f"custom_fields = NULL, email = {LOST.format('email')}, bio = {LOST.format('bio')}, country = NULL",
    "activity": f"content = content || '!', user_email = {LOST.format('user_email')}, user_username = NULL, "
    f"user_bio = {LOST.format('user_bio')}, user_custom_fields = NULL",
    "tag": "description = description || '!'",
    "custom_field_value": "field_value = field_value || '!'",
    "existing_contact": f"role = role || '!', description = {LOST.format('description')}, company = NULL",
}
"""Every row that can change does, and some lose the address in some columns."""


class Company:
    """Somebody who fills the database that the daemon works on."""

    def __init__(self, data: EmptyWarehouse):
        self.sql = data.sql
        for kind in KINDS:
            self.sql(
                f"CREATE TABLE source_of_{kind} AS SELECT {SOURCES[kind]} "
                f"FROM generate_series(0, {PEOPLE - 1}) AS numbers(i)"
            )
        self.sql("CREATE TABLE changes AS SELECT now() AS moment")
        for room in ROOMS:
            self.sql(f"CREATE TABLE {room}_requests (request_id text, email text)")

    def change_everybody(self) -> None:
        for kind, change in CHANGES.items():
            self.sql(f"UPDATE source_of_{kind} SET {change}")
        self.sql("INSERT INTO changes VALUES (now())")

    def ask(self, wave: int) -> None:
        for room in ROOMS:
            listed = ", ".join(f"('{room}{i}', ' Person{i}@Example.COM')" for i in WAVES[room][wave])
            self.sql(f"INSERT INTO {room}_requests VALUES {listed}")

    def statuses(self, room: str) -> Counter[str]:
        if not self.sql(f"SELECT 1 FROM pg_tables WHERE schemaname = 'state_{room}' AND tablename = 'pii_removals'"):
            return Counter()
        return Counter(dict(self.sql(f"SELECT status, count(*) FROM state_{room}.pii_removals GROUP BY status")))

    def noted(self, room: str) -> bool:
        """Whether every sync of the room has begun to send, and so knows each person by a key."""
        if not self.sql(f"SELECT 1 FROM pg_tables WHERE schemaname = 'state_{room}' AND tablename = 'known_addresses'"):
            return False
        return self.sql(f"SELECT count(DISTINCT sync) FROM state_{room}.known_addresses") == [(len(KINDS),)]

    def settled(self, room: str, requests: int) -> bool:
        found = self.statuses(room)
        return found.total() == requests and not found.keys() & {"pending", "failed"}

    def synced(self, room: str) -> bool:
        return self.sql(
            f"SELECT count(DISTINCT sync) FROM state_{room}.sync_runs WHERE state = 'succeeded' AND sync <> "
            "'pii_removals' AND started_at > (SELECT max(moment) FROM changes)"
        ) == [(len(KINDS),)]

    def suppressed(self, room: str) -> dict[tuple[str, str], int]:
        """How many rows are suppressed for each address, by kind and hash."""
        found = self.sql(
            f"SELECT sync, suppressed_for, count(*) FROM state_{room}.sync_ledger WHERE status = 'suppressed' "
            "GROUP BY sync, suppressed_for"
        )
        return {(sync, email_hash): int(count) for sync, email_hash, count in found}

    def others(self, room: str) -> dict[str, int]:
        """How many rows of each kind are not suppressed."""
        found = self.sql(
            f"SELECT sync, count(*) FROM state_{room}.sync_ledger "
            "WHERE status IN ('delivered', 'unknown') GROUP BY sync"
        )
        return {sync: int(count) for sync, count in found}


def until(done: Callable[[], bool]) -> None:
    until_within(done, seconds=800)


@pytest.fixture
def rooms() -> Iterator[dict[str, SandboxServer]]:
    with SandboxServer(settle_seconds=0.1) as first, SandboxServer(settle_seconds=0.1) as second:
        for server in (first, second):
            server.control.set_limit(150, 1)
            server.control.set_faults(
                latency_seconds=0.02, error_rate=0.02, drop_before_rate=0.02, drop_after_rate=0.02, seed=4
            )
        yield {"eu": first, "us": second}


def test_nobody_who_is_removed_from_a_room_is_sent_there_again_and_everybody_else_is(
    tmp_path: Path, rooms: dict[str, SandboxServer]
) -> None:
    home = dagster_home(tmp_path)
    with (home / "dagster.yaml").open("a") as settings:
        settings.write("sensors: {use_threads: true, num_workers: 6}\n")
    with empty_warehouse(tmp_path, "postgresql") as data:
        company = Company(data)
        variables = {"CR_WAREHOUSE_URL": data.url}
        for room, server in rooms.items():
            variables |= {f"{room.upper()}_TOKEN": server.token, f"{room.upper()}_URL": server.base_url}
        with daemon(home, "pii_rooms_location", **variables):
            until(lambda: all(map(company.noted, ROOMS)))
            company.ask(0)
            until(lambda: all(company.statuses(room)["submitted"] > 0 for room in ROOMS))
            company.change_everybody()
            company.ask(1)
            until(lambda: all(company.statuses(room).total() > len(WAVES[room][0]) for room in ROOMS))
        # Killed, with runs and removals in progress.
        with daemon(home, "pii_rooms_location", **variables):
            company.change_everybody()
            company.ask(2)
            until(lambda: all(company.settled(room, sum(map(len, WAVES[room]))) for room in ROOMS))
            company.change_everybody()
            until(lambda: all(map(company.synced, ROOMS)))

        for room, server in rooms.items():
            removed = {number for wave in WAVES[room] for number in wave}
            hashes = [address_hash(f"person{number}@example.com") for number in removed]
            assert requests_later_than_removal(server) == []
            assert set(company.statuses(room)) <= {"submitted", "not_found"}
            assert company.suppressed(room) == {(sync.name, hashed): 1 for sync in SYNCS for hashed in hashes}
            assert company.others(room) == {sync.name: PEOPLE - len(removed) for sync in SYNCS}
        assert places_that_hold(["@example.com", "@Example.com", "@EXAMPLE.COM"], home) == []

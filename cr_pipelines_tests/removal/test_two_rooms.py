"""Two rooms over one warehouse, with faults and kills: nobody who is removed from one is sent there again.

People that the other room removes, and everybody else, are sent as ever.
"""

from pathlib import Path
from typing import Any

import pytest

from cr_pipelines.removal import Removals, RequestSource
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Sync
from cr_pipelines.sync import Timing as EngineTiming
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support import actors
from cr_pipelines_tests.support.statement import requests_later_than_removal
from cr_pipelines_tests.support.warehouses import EmptyWarehouse, empty_warehouse

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]

PEOPLE = 120
REMOVED = {"eu": range(10), "us": range(10, 20)}
SYNCS = (
    Sync("contacts", "contact", "people"),
    Sync("activities", "activity", "acts"),
    Sync("notes", "contact_note", "notes"),
    Sync("fields", "custom_field_value", "fields"),
)
TIMING = EngineTiming(linger_seconds=0.2)


class Room:
    """A room with its state schema, its table of requests and its processes."""

    def __init__(self, name: str, data: EmptyWarehouse, sandbox: SandboxServer):
        self.name = name
        self.data = data
        self.sandbox = sandbox
        self.schema = f"state_{name}"
        self.requests = RequestSource(f"{name}_requests")
        self._where = (data.url, sandbox.base_url, sandbox.token)

    def start(self, sync: Sync, **options: Any) -> Any:
        return actors.start(actors.sync, *self._where, what=sync, schema=self.schema, requests=self.requests, **options)

    def settle(self, **options: Any) -> Any:
        return actors.start(
            actors.settle, *self._where, schema=self.schema, source=self.requests, timing=TIMING, **options
        )

    def ask(self) -> None:
        listed = ", ".join(f"('{self.name}{i}', 'Person{i}@Example.com ')" for i in REMOVED[self.name])
        self.data.sql(f"INSERT INTO {self.name}_requests VALUES {listed}")

    @property
    def statuses(self) -> dict[str, str]:
        return dict(self.data.sql(f"SELECT key, status FROM {self.schema}.sync_ledger WHERE sync = 'contacts'"))


def test_each_room_suppresses_its_own_people_and_nobody_else(tmp_path: Path, sandbox: SandboxServer) -> None:
    with empty_warehouse(tmp_path, "postgresql") as data, SandboxServer() as other:
        rooms = [Room("eu", data, sandbox), Room("us", data, other)]
        prepare(data)
        for room in rooms:
            room.sandbox.control.set_faults(latency_seconds=0.005, drop_after_rate=0.03, error_rate=0.05, seed=1)

        # The people are sent and change while they ask; runs are killed before and after a response.
        for number, sync in enumerate(SYNCS):
            joined([room.start(sync, dies_at=(None, 7)[number % 2], after=bool(number % 4)) for room in rooms])
        data.sql("UPDATE people SET full_name = full_name || '!'")
        running = [room.start(sync, abreast=2) for room in rooms for sync in SYNCS[:2]]
        for room in rooms:
            room.ask()
        joined([room.settle(dies_at=3, after=True) for room in rooms])
        joined(running)
        joined([room.settle() for room in rooms])

        # Everybody changes and loses their address, and everything is sent again until nothing is left to do.
        data.sql(
            "UPDATE people SET full_name = full_name || '!', email = NULL; UPDATE acts SET user_email = NULL, "
            "content = content || '!'"
        )
        for _ in range(3):
            for sync in SYNCS:
                joined([room.start(sync) for room in rooms])
            joined([room.settle() for room in rooms])

        for room in rooms:
            removed = {f"p{i}" for i in REMOVED[room.name]}
            assert requests_later_than_removal(room.sandbox) == []
            assert {key for key, status in room.statuses.items() if status == "suppressed"} == removed
            delivered = {key for key, status in room.statuses.items() if status == "delivered"}
            assert delivered == {f"p{i}" for i in range(PEOPLE)} - removed
            records = Removals(open_warehouse(data.url), room.requests, room.schema).records()
            assert {record.request_id for record in records} == {f"{room.name}{i}" for i in REMOVED[room.name]}
            assert {record.status for record in records} <= {"submitted", "not_found"}


def prepare(data: EmptyWarehouse) -> None:
    series = f"FROM generate_series(0, {PEOPLE - 1}) AS numbers(i)"
    person = "'person' || i || '@example.com'"
    data.sql(
        f"CREATE TABLE people AS SELECT 'p' || i AS id, 'Name ' || i AS full_name, {person} AS email {series};"
        f"CREATE TABLE acts AS SELECT 'a' || i AS id, 'posted_message' AS activity_type, 'p' || i AS user_id, "
        f"{person} AS user_email, TIMESTAMP '2026-03-01' AS timestamp, 'write to ' || {person} AS content {series};"
        f"CREATE TABLE notes AS SELECT 'n' || i AS id, 'email' AS social_type, {person} AS value, 'Met ' || {person} "
        f"AS note {series};"
        f"CREATE TABLE fields AS SELECT 'email' AS social_type, {person} AS value, 'Seats' AS field, i AS field_value "
        f"{series};"
        "CREATE TABLE eu_requests (request_id text, email text); CREATE TABLE us_requests (request_id text, email text)"
    )


def joined(processes: list[Any]) -> None:
    for process in processes:
        process.join(120)
        assert process.exitcode is not None

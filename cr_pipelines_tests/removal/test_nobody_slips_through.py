"""The statement, over random orders of rows, requests, runs, crashes and clock moves, by a real room's own record."""

import contextlib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from cr_pipelines.removal import Timing
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import AlreadyRunning, Sync
from cr_pipelines.sync import Timing as EngineTiming
from cr_pipelines_tests.support import actors
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.statement import requests_later_than_removal
from cr_pipelines_tests.support.warehouses import empty_warehouse, urls_of

ADDRESSES = ["ada@example.com", "bob@example.com", "cy@example.com", "dot@example.com"]
# On loopback nothing is in flight for seconds.
TIMING = EngineTiming(linger_seconds=0.2)
"""On loopback nothing is on its way for seconds."""
SYNCS = [actors.CONTACTS, actors.CONTACTS, actors.ACTIVITIES]
KEYS = ["k1", "k2", "k3", "k4", "k5"]


@dataclass(frozen=True)
class Row:
    """A row of the source, put in or changed."""

    key: str
    email: str | None
    name: str


@dataclass(frozen=True)
class Act:
    """An activity of a contact, put in or changed, with or without the contact's address."""

    key: str
    user: str
    email: str | None
    content: str


@dataclass(frozen=True)
class Request:
    """A privacy request, under an id that may have been used before, dated as it likes."""

    number: int
    email: str
    days_ago: int


@dataclass(frozen=True)
class Run:
    """A sync or a removal (None) that may die (-9) at a request, before or after its answer, or be left running."""

    sync: Sync | None
    dies_at: int | None = None
    after: bool = False
    left_running: bool = False


@dataclass(frozen=True)
class ClockMove:
    """Our own clock, put forward or back."""

    hours: int


Step = Row | Act | Request | Run | ClockMove

deaths = st.sampled_from([None, None, None, 1, 2, 4])
steps = st.one_of(
    st.builds(Row, st.sampled_from(KEYS), st.sampled_from([*ADDRESSES, *ADDRESSES, None]), st.sampled_from("XYZ")),
    st.builds(Row, st.sampled_from(KEYS), st.sampled_from([*ADDRESSES, *ADDRESSES, None]), st.sampled_from("XYZ")),
    st.builds(
        Act,
        st.sampled_from(["a1", "a2"]),
        st.sampled_from(KEYS),
        st.sampled_from([*ADDRESSES, None, None, None]),
        st.sampled_from("XYZ"),
    ),
    st.builds(
        Request, st.integers(1, 6), st.sampled_from([*ADDRESSES, " Ada@Example.com", "bad"]), st.integers(-9, 9999)
    ),
    st.builds(Run, st.sampled_from(SYNCS), deaths, st.booleans(), st.booleans()),
    st.builds(Run, st.none(), deaths, st.booleans(), st.just(False)),
    st.builds(ClockMove, st.sampled_from([-48, -1, 1, 400])),
)


class History:
    """Carries out steps against a warehouse and a room."""

    def __init__(self, office: Office):
        self.office = office
        self.left_running: list[Any] = []
        self.asked: set[str] = set()

    def do(self, step: Step) -> None:
        office = self.office
        match step:
            case Row(key, email, name):
                literal = "NULL" if email is None else f"'{email}'"
                office.sql(
                    f"DELETE FROM common_room_contacts WHERE id = '{key}'; "
                    f"INSERT INTO common_room_contacts VALUES ('{key}', '{name}', {literal})"
                )
            case Act(key, user, email, content):
                literal = "NULL" if email is None else f"'{email}'"
                office.sql(
                    f"DELETE FROM common_room_activities WHERE id = '{key}'; INSERT INTO common_room_activities VALUES "
                    f"('{key}', 'posted_message', '2026-03-01', '{user}', {literal}, '{content}')"
                )
            case Request(number, email, days_ago):
                if email != "bad":
                    self.asked.add(email.strip().lower())
                office.sql(
                    f"INSERT INTO common_room_pii_requests VALUES ('r{number}', '{email}', current_date - {days_ago})"
                )
            case Run(sync=None, dies_at=None):
                office.settle()
            case Run(sync=None):
                self.run(actors.settle, step, ahead=office.clock.ahead, timing=TIMING)
            case Run(sync=sync, dies_at=None, left_running=False):
                with contextlib.suppress(AlreadyRunning):
                    office.sync(sync)
            case Run():
                self.run(actors.sync, step, what=step.sync, abreast=1)
            case ClockMove(hours):
                office.clock.ahead += timedelta(hours=hours)

    def run(self, actor: Any, step: Run, **options: Any) -> None:
        where = (urls_of(self.office.data), self.office.sandbox.base_url, self.office.sandbox.token)
        process = actors.start(actor, *where, dies_at=step.dies_at, after=step.after, **options)
        if step.left_running:
            self.left_running.append(process)
        else:
            process.join(60)

    def end(self) -> None:
        """No run is killed any more, time passes until nothing is due, and everybody loses their address."""
        for process in self.left_running:
            process.join(60)
        self.office.removals.take_in()
        for _ in range(3):
            for sync in (None, actors.CONTACTS, actors.ACTIVITIES):
                self.do(Run(sync))
            self.do(ClockMove(48))
            self.office.sql(
                "UPDATE common_room_contacts SET full_name = full_name || '!', email = NULL; "
                "UPDATE common_room_activities SET content = content || '!', user_email = NULL"
            )


@pytest.mark.long
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(steps, min_size=4, max_size=12))
@example(
    history=[
        Row("k2", "ada@example.com", "X"),
        Run(actors.CONTACTS, left_running=True),
        Request(1, "ada@example.com", 9),
        Run(None, dies_at=1, after=True),
        Act("a2", "k2", None, "Y"),
        Request(1, "bob@example.com", 0),
        Run(actors.ACTIVITIES, dies_at=1),
    ]
)
def test_no_request_about_a_removed_person_is_later_than_their_removal(
    history: list[Step], tmp_path: Path, sandbox: SandboxServer
):
    sandbox.control.reset()
    sandbox.control.set_faults(latency_seconds=0.01, drop_after_rate=0.05, error_rate=0.05, seed=1)
    with empty_warehouse(tmp_path) as data:
        play(history, Office(data, sandbox, timing=Timing(engine=TIMING)))


def play(history: list[Step], office: Office) -> None:
    office.sql(
        "CREATE TABLE common_room_contacts (id VARCHAR, full_name VARCHAR, email VARCHAR); "
        "CREATE TABLE common_room_activities (id VARCHAR, activity_type VARCHAR, timestamp TIMESTAMP, user_id VARCHAR, "
        "user_email VARCHAR, content VARCHAR); "
        "CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at DATE); "
        "INSERT INTO common_room_contacts VALUES ('k1', 'A', 'ada@example.com'), ('k2', 'B', 'bob@example.com'), "
        "('k3', 'C', 'cy@example.com'); "
        "INSERT INTO common_room_activities VALUES ('a1', 'posted_message', '2026-03-01', 'k1', NULL, 'X')"
    )
    played = History(office)
    for step in history:
        played.do(step)
    played.end()
    assert requests_later_than_removal(office.sandbox) == []
    called = office.calls()
    assert all(
        any(path.endswith(quote(address, safe="")) for path in map(str.lower, called)) for address in played.asked
    )
    final = {record.email_hash: record.status for record in office.removals.records() if record.status != "invalid"}
    assert set(final.values()) <= {"submitted", "not_found"}
    assert len(final) == len(played.asked)

"""What only PostgreSQL has: roles, many writers, server versions, and types of its own."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import adbc_driver_postgresql.dbapi
import pytest

from cr_pipelines.sync import Report, RunRegistry
from cr_pipelines.warehouse import Relation, Session, WarehouseError, open_warehouse
from cr_pipelines.warehouse.conformance_sinks import Collected
from cr_pipelines.warehouse.postgresql import PostgreSQLSession
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase

ROW = (
    "SELECT 'Žofie \"X\"' AS full_name, 7 AS seats, "
    "0.1::float8 AS score, 12.50::numeric(9, 2) AS price, true AS opted, "
    "DATE '2026-01-02' AS day, '2026-03-01 12:00:00.5+02'::timestamptz AS at, '2026-03-01 12:00'::timestamp AS local, "
    "ARRAY['a', NULL, 'b,c'] AS tags, '{\"b\": 1, \"a\": [1.50, null]}'::jsonb AS fields, "
    "'6f1c1a52-6d0e-4a0c-9d1a-000000000001'::uuid AS id, NULL::text AS nothing"
)
FINGERPRINT = "73c364b7c569ea8490e10da3ff167b96"
FORMER_FINGERPRINT = "2e461377ebba2ab25b174eedba8369c9"
"""As the ledger may have it, from before a number's type was left out."""
"""Must never change: every row of every ledger would be sent again."""


@pytest.fixture
def data() -> Iterator[PostgreSQLDatabase]:
    database = PostgreSQLDatabase()
    yield database
    database.remove()


@pytest.fixture
def engine() -> str:
    return "postgresql"


@pytest.mark.parametrize("version", [16, 18])
@pytest.mark.parametrize("settings", ["", "-c timezone=Asia/Tokyo -c extra_float_digits=-3 -c datestyle=German,DMY"])
def test_a_fingerprint_is_the_same_in_every_version_and_under_every_setting(version: int, settings: str):
    data = PostgreSQLDatabase(version)
    url = f"{data.url}&options={quote(settings)}"
    with open_warehouse(url).session() as session:
        types = columns_of(session)
        [(found, former)] = session.fetch_all(
            f"SELECT {session.dialect.fingerprint(types)}, {session.dialect.fingerprint(dict.fromkeys(types, ''))} "
            f"FROM ({ROW}) AS one"
        )
        assert session.dialect.row_hash_version == f"postgresql {version}, hash by column"
    data.remove()
    assert (found, former) == (FINGERPRINT, FORMER_FINGERPRINT)


def columns_of(session) -> dict[str, str]:
    return session.columns(Relation(ROW))


def test_every_type_can_be_hashed_fingerprinted_and_read(data: PostgreSQLDatabase):
    data.sql("CREATE TYPE plan AS ENUM ('Free', 'Team')")
    data.sql("CREATE TYPE profile AS (url text, name text)")
    data.sql("CREATE DOMAIN address AS text")
    values = {
        "'Free'::plan": "Free",
        "'x'::address": "x",
        "ROW('https://a.example', 'A')::profile": '{"url":"https://a.example","name":"A"}',
        "ARRAY[ROW('https://a.example', NULL)::profile]": '[{"url":"https://a.example","name":null}]',
        "ARRAY['{\"a\": 1}'::jsonb]": '[{"a": 1}]',
        "'{\"a\":  1}'::json": '{"a":  1}',
        "'10.0.0.1'::inet": "10.0.0.1",
        "point(1, 2)": "(1,2)",
        "int4range(1, 5)": "[1,5)",
        "interval '1 day'": "1 day",
        "12.50::numeric": "12.50",
        "ARRAY[1.5, 2]::numeric[]": ["1.5", "2"],
    }
    with open_warehouse(data.url).session() as session:
        for value, expected in values.items():
            source = Relation(f"SELECT {value} AS a")
            types = session.columns(source)
            sink = Collected()
            session.fetch_batches(
                f"SELECT {session.dialect.readable('a', types['a'])} AS a, {session.dialect.row_hash(types)} AS h, "
                f"{session.dialect.fingerprint(types)} AS f FROM {session.dialect.relation(source)} AS one",
                10,
                sink,
            )
            [row] = sink.rows
            assert row["a"] == expected, value
            assert row["h"] is not None
            assert row["f"]


GRANTS = """
CREATE ROLE {role} LOGIN;
GRANT TEMPORARY ON DATABASE {database} TO {role};
GRANT SELECT ON common_room_contacts TO {role};
CREATE SCHEMA common_room AUTHORIZATION {role}
"""


def test_reading_the_source_and_owning_our_schema_are_rights_enough(flow: Flow):
    assert isinstance(flow.data, PostgreSQLDatabase)
    role = f"syncer_{flow.data.name}"
    flow.sql(f"REVOKE ALL ON DATABASE {flow.data.name} FROM PUBLIC; REVOKE ALL ON SCHEMA public FROM PUBLIC")
    flow.sql(f"GRANT CONNECT ON DATABASE {flow.data.name} TO PUBLIC; GRANT USAGE ON SCHEMA public TO PUBLIC")
    flow.sql(GRANTS.format(role=role, database=flow.data.name))
    limited = replace(flow, data=_As(flow.data, role))
    assert limited.run().delivered == 10
    assert limited.run().unchanged == 10
    flow.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


class _As:
    """The same database, as another role."""

    kind = "postgresql"

    def __init__(self, data: PostgreSQLDatabase, role: str):
        self._data = data
        self.url = data.url.replace("postgres:@", f"{role}:@")

    def __getattr__(self, name: str):
        return getattr(self._data, name)


def test_a_session_takes_memory_that_a_role_lacks_and_leaves_what_it_has(data: PostgreSQLDatabase):
    def memory(session: Session) -> list[tuple[str, ...]]:
        return session.fetch_all("SELECT current_setting('work_mem'), current_setting('temp_buffers')")

    with open_warehouse(data.url).session() as session:
        assert memory(session) == [("64MB", "64MB")]
        session.execute(f"ALTER DATABASE {data.name} SET work_mem = '100MB'")
    with open_warehouse(data.url).session() as session:
        assert memory(session) == [("100MB", "64MB")]


def test_a_server_process_that_has_had_temporary_tables_is_used_again(data: PostgreSQLDatabase):
    with closing(adbc_driver_postgresql.dbapi.connect(data.url, autocommit=True)) as connection:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE theirs AS SELECT 1 AS a")
        session = PostgreSQLSession(connection)
        assert session.fetch_all("SELECT current_setting('temp_buffers')") == [("8MB",)]


def test_a_source_that_may_not_be_read_says_so(flow: Flow):
    assert isinstance(flow.data, PostgreSQLDatabase)
    role = f"stranger_{flow.data.name}"
    flow.sql(f"CREATE ROLE {role} LOGIN; GRANT ALL ON DATABASE {flow.data.name} TO {role}")
    stranger = replace(flow, data=_As(flow.data, role))
    with pytest.raises(WarehouseError, match="common_room_contacts cannot be read: PostgreSQL: permission denied"):
        stranger.run()
    flow.sql(f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_a_key_with_a_nul_is_no_row_and_no_error(flow: Flow):
    report = flow.run(keys=("c1", "c\0", "\0' OR true --"))
    assert (report.delivered, report.unknown_keys) == (1, ("c\0", "\0' OR true --"))


def test_a_sync_waits_for_no_other_sync_whatever_that_one_holds(flow: Flow):
    """Another sync stands still in the midst of its plan and its fold; this one runs through."""
    flow.run()
    flow.sql("UPDATE common_room_contacts SET full_name = 'Changed'")
    with flow.warehouse.session() as session:
        RunRegistry(session, "common_room").claim("run-of-other", "other", "", "changed")

        def stand_still() -> None:
            session.execute("UPDATE common_room.sync_runs SET heartbeat_at = now() WHERE sync = 'other'")
            session.fetch_all("SELECT count(*) FROM common_room.sync_ledger")
            session.execute("INSERT INTO common_room.sync_ledger (sync, key) VALUES ('other', 'x')")
            assert flow.run().delivered == 10

        with session.lock("common_room.other"):
            session.transaction(stand_still)


@pytest.mark.long
def test_eight_first_runs_at_once_make_the_tables_once_and_deliver_each_their_own(flow: Flow):
    reports, failures = [], []

    def run(number: int) -> None:
        try:
            source = f"SELECT 's{number}-' || id AS id, full_name FROM common_room_contacts"
            reports.append(flow.reading(source, name=f"sync{number}").run())
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [report.delivered for report in reports] == [10] * 8
    assert len(flow.room) == 80
    assert flow.sql("SELECT count(*), count(DISTINCT (sync, key)) FROM common_room.sync_ledger") == [(80, 80)]


@pytest.mark.parametrize("statement", ["UPDATE {} SET message = 'x'", "DELETE FROM {} WHERE key = 'c1'"])
def test_a_run_whose_ledger_rows_another_transaction_changes_begins_that_step_again(flow: Flow, statement: str):
    """What a run for another day or a removal commits between a step's snapshot and its own change."""
    flow.run()
    flow.sql("DELETE FROM common_room_contacts WHERE id IN ('c1', 'c2')")
    reports: list[Report] = []
    thread = threading.Thread(target=lambda: reports.append(flow.run()))
    with flow.warehouse.session() as session:

        def change_meanwhile() -> None:
            session.execute(statement.format("common_room.sync_ledger"))
            thread.start()
            while flow.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == [(0,)]:
                assert thread.is_alive()

        session.transaction(change_meanwhile)
    thread.join()
    assert [report.absent_from_source for report in reports] == [2]


def test_a_change_while_the_plan_is_made_waits_for_the_next_run(flow: Flow):
    with flow.warehouse.session() as session, session.snapshot():
        before = session.fetch_all("SELECT count(*) FROM common_room_contacts")
        flow.sql("DELETE FROM common_room_contacts")
        assert session.fetch_all("SELECT count(*) FROM common_room_contacts") == before


def test_no_transaction_lasts_while_rows_are_sent(flow: Flow):
    flow.sandbox.control.set_faults(latency_seconds=1.0)
    thread = threading.Thread(target=flow.run)
    thread.start()
    seen = set()
    while thread.is_alive():
        seen.update(
            flow.sql(
                "SELECT state FROM pg_stat_activity WHERE application_name = 'cr-pipelines' "
                "AND xact_start < now() - INTERVAL '0.8 seconds' AND datname = current_database()"
            )
        )
    thread.join()
    assert seen == set()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT CAST(email AS integer) FROM common_room_contacts", "invalid input syntax for type integer: …"),
        ("DO $$ BEGIN RAISE EXCEPTION 'bad ada@example.com'; END $$", "a function of the warehouse raised"),
        ("INSERT INTO keyed VALUES ('ada@example.com')", "duplicate key value violates unique constraint: …"),
        ("SELECT nothing FROM common_room_contacts", 'column "nothing" does not exist'),
    ],
)
def test_an_error_tells_names_and_no_values(flow: Flow, statement: str, said: str):
    flow.sql("CREATE TABLE keyed (email text PRIMARY KEY); INSERT INTO keyed VALUES ('ada@example.com')")
    with flow.warehouse.session() as session, pytest.raises(WarehouseError) as caught:
        (session.fetch_all if statement.startswith("SELECT") else session.execute)(statement)
    assert said in str(caught.value)
    assert "@example.com" not in repr(caught.value)


def test_a_server_that_is_not_there_is_reported_without_the_password():
    with (
        pytest.raises(WarehouseError, match="cannot be reached") as caught,
        open_warehouse("postgresql://user:hunter2@127.0.0.1:1/warehouse").session(),
    ):
        pass
    assert "hunter2" not in repr(caught.value)


def test_another_url_says_which_there_are(tmp_path: Path):
    with pytest.raises(WarehouseError, match="postgresql://"):
        open_warehouse("mysql://host/database")

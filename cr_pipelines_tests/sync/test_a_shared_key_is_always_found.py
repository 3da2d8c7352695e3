"""Whatever the ledger has, a plan finds every key that several source rows share, and compares each of the others.

On PostgreSQL, the plan counts before it searches: as many source rows as ledger entries mean that no key is shared.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cr_pipelines.sync import Options, StateSchema, Sync
from cr_pipelines.sync.plan import Planner, source
from cr_pipelines.sync.plan.source import row_hash_version
from cr_pipelines.sync.state.ledger import no_key
from cr_pipelines.warehouse import Session
from cr_pipelines_tests.support.warehouses import empty_warehouse, opened

CONTACTS = Sync("contacts", "contact", "people")

KEYS = st.sampled_from(["a", "b", "c", "d", "e"])
SOURCE = st.lists(st.tuples(KEYS | st.none(), st.sampled_from(["Ada", "Bob"])), min_size=1, max_size=9)
LEDGER = st.dictionaries(
    KEYS | st.just(no_key("")),
    st.tuples(st.sampled_from(["delivered", "failed", "invalid"]), st.sampled_from(["Ada", "Bob"]), st.booleans()),
)


@pytest.fixture(params=["duckdb", "postgresql"])
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Session]:
    with empty_warehouse(tmp_path, request.param) as data:
        data.sql("CREATE TABLE people (id VARCHAR, full_name VARCHAR)")
        with opened(data).session() as session:
            StateSchema(session, "common_room").prepare()
            yield session


def fill(session: Session, content: list[tuple], ledger: dict[str, tuple]) -> None:
    types = session.columns(CONTACTS.relation)
    version = session.dialect.literal(row_hash_version(session.dialect, types))
    for table in ("people", "common_room.sync_ledger"):
        session.execute(f"DELETE FROM {table}")
    for key, (status, name, absent) in ledger.items():
        row_hash = session.dialect.row_hash(types)
        session.execute(
            "INSERT INTO common_room.sync_ledger "
            f"(sync, key, {session.dialect.identifier('partition')}, status, row_hash, row_hash_version, absent_since) "
            f"SELECT 'contacts', id, '', '{status}', {row_hash}, {version}, {'now()' if absent else 'NULL'} "
            f"FROM (SELECT '{key}' AS id, '{name}' AS full_name) AS sent"
        )
    for key, name in content:
        session.execute(f"INSERT INTO people VALUES ({session.dialect.literal(key)}, '{name}')")


@pytest.mark.long
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=SOURCE, ledger=LEDGER, most_hashes=st.sampled_from([1, 100_000]))
def test_every_key_is_shared_or_compared(
    session: Session, monkeypatch: pytest.MonkeyPatch, content: list[tuple], ledger: dict[str, tuple], most_hashes: int
):
    monkeypatch.setattr(source, "_MOST_HASHES", most_hashes)
    fill(session, content, ledger)
    planner = Planner(session, "common_room", CONTACTS, Options(), None)
    plan = planner.plan()
    copies = Counter(key for key, _ in content if key is not None)
    shared = {key for key, number in copies.items() if number > 1}
    assert plan.null_keys == sum(key is None for key, _ in content)
    assert (plan.duplicate_keys, plan.duplicate_rows) == (len(shared), sum(copies[key] for key in shared))
    expected: Counter[str] = Counter()
    for key, name in content:
        if key is not None and key not in shared:
            expected[compared(name, ledger.get(key))] += 1
    assert Counter({why: number for why, number in plan.compared.items() if number}) == expected
    gone = set(ledger) - set(copies) - ({no_key("")} if plan.null_keys else set())
    assert plan.absent == sum(not ledger[key][2] for key in gone)
    assert plan.spool.rows == sum(expected.values()) - expected["unchanged"]
    plan.spool.close()
    session.execute(f"DROP {'VIEW' if session.dialect.name == 'duckdb' else 'TABLE'} IF EXISTS cr_offered")
    for table in ("source_keys", "duplicates", "candidates", "compared", "refreshed"):
        session.execute(f"DROP TABLE IF EXISTS cr_{table}")


def compared(name: str, known: tuple | None) -> str:
    if known is None:
        return "new"
    status, was, _ = known
    if status != "delivered":
        return {"failed": "retry", "invalid": "recheck"}[status]
    return "unchanged" if was == name else "changed"

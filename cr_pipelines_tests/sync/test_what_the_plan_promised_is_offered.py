"""A source that gives other rows when it is read again is noticed."""

import pytest

from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import CORE_ENGINES

pytestmark = pytest.mark.parametrize("engine", CORE_ENGINES)

RANDOM = {"duckdb": "uuid()", "postgresql": "gen_random_uuid()"}


@pytest.fixture
def source_engine(engine: str) -> str:
    source = engine.partition("-")[0]
    if source == "sqlite":
        pytest.skip("a source of SQLAlchemy is read only once")
    return source


def test_random_ids_are_counted_and_not_lost_silently(flow: Flow, source_engine: str):
    random = RANDOM[source_engine]
    report = flow.reading(f"SELECT CAST({random} AS varchar) AS id, full_name FROM common_room_contacts").run()
    assert (report.source_rows, report.delivered, report.not_sent) == (10, 0, 10)
    assert (report.unread, report.changed_while_read) == (10, 10)
    assert "10 changed while the source was read" in report.summary()
    assert flow.sql("SELECT changed_while_read FROM common_room.sync_runs") == [(10,)]


def test_values_that_change_with_each_reading_are_sent_and_counted(flow: Flow, source_engine: str):
    report = flow.reading("SELECT id, 'Name ' || random() AS full_name FROM common_room_contacts").run()
    assert (report.delivered, report.unread, report.changed_while_read) == (10, 0, 10)


def test_a_source_that_gives_the_same_rows_counts_none(flow: Flow):
    report = flow.run()
    assert (report.delivered, report.unread, report.changed_while_read) == (10, 0, 0)

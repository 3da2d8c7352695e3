"""What holds of every kind of source alike."""

import re
from collections import Counter

import pytest

from cr_pipelines.api import OperationGone, current_way
from cr_pipelines.sync import Report, SyncStopped
from cr_pipelines.sync.contract import CONTRACTS, address_hash
from cr_pipelines_tests.support import vendor_requests
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.kinds import CASES, Case
from cr_pipelines_tests.support.room import introduce

each_kind = pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)


@pytest.fixture
def furnished(flow: Flow) -> Flow:
    """The flow, with its ten contacts in the room."""
    introduce(flow.sandbox, flow.sql("SELECT id, full_name, email FROM common_room_contacts"))
    return flow


def of_kind(flow: Flow, case: Case) -> Flow:
    flow.sql(f"CREATE TABLE {case.table} AS {case.source}")
    return Flow(flow.data, flow.sandbox, case.sync)


def writes(flow: Flow) -> Counter[str]:
    """How often each operation was called that is no look-up, since the record was cleared, as the vendor describes."""
    requests = flow.sandbox.control.requests()
    assert [vendor_requests.faults(request) for request in requests] == [[] for _ in requests]
    flow.sandbox.control.clear_requests()
    return Counter(request["operation"] for request in requests if request["method"] != "GET")


def places(report: Report) -> int:
    return sum(
        getattr(report, place)
        for place in ("unchanged", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent")
    )


def test_there_is_a_case_for_every_kind():
    assert [case.kind for case in CASES] == list(CONTRACTS)


@pytest.mark.core
@each_kind
def test_all_is_delivered_once_then_only_what_changed_and_the_ledger_holds_no_address(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    first = flow.run()
    assert (first.source_rows, first.delivered, first.not_sent) == (10, 10, 0)
    assert writes(flow) == {case.operation: case.posts}
    second = flow.run()
    assert (second.unchanged, places(second)) == (10, 10)
    # Only tags are compared with what the room has.
    assert second.requests == (1 if case.kind == "tag" else 0)
    assert not writes(flow)
    flow.sql(f"UPDATE {case.table} SET {case.change}")
    third = flow.run()
    assert writes(flow).total() == case.posts_on_change
    assert (third.delivered, third.changed_after_delivery, places(third)) == (
        case.posts_on_change,
        1 - case.posts_on_change,
        10,
    )
    assert not writes(flow)
    assert "@example" not in str(flow.sql("SELECT * FROM common_room.sync_ledger"))


@each_kind
def test_rows_without_a_key_and_rows_that_share_one_are_shown_and_block_nobody(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    flow.sql(f"UPDATE {case.table} SET {CONTRACTS[case.kind].key[-1]} = NULL WHERE {case.changed}")
    flow.sql(f"INSERT INTO {case.table} SELECT * FROM {case.table} WHERE NOT ({case.changed}) LIMIT 1")
    report = flow.run()
    assert (report.null_keys, report.duplicate_rows, report.delivered, places(report)) == (1, 2, 8, 11)


@each_kind
def test_a_null_in_a_required_column_is_invalid_with_its_name(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    contract = CONTRACTS[case.kind]
    for column in contract.columns:
        if column.required and column.name not in contract.key:
            flow.sql(f"DROP TABLE {case.table}")
            of_kind(furnished, case).sql(f"UPDATE {case.table} SET {column.name} = NULL WHERE {case.changed}")
            report = flow.run(dry_run=True)
            assert (report.invalid, report.problems[0].field, report.problems[0].reason_code) == (
                1,
                column.name,
                "missing",
            )


@each_kind
def test_a_dry_run_shows_requests_and_changes_nothing(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    report = flow.run(dry_run=True)
    assert (report.delivered, len(report.samples)) == (10, min(3, case.posts))
    assert not writes(flow)
    assert flow.sql(f"SELECT count(*) FROM common_room.sync_ledger WHERE sync = '{flow.sync.name}'") == [(0,)]


NAMING_PEOPLE = [case for case in CASES if "@example.com" in case.source]


@pytest.mark.parametrize("case", NAMING_PEOPLE, ids=lambda case: case.kind)
def test_someone_who_asked_to_be_removed_is_in_no_request(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    rows = [str(row) for row in flow.sql(f"SELECT * FROM {case.table}")]
    address = re.findall(r"[a-z0-9]+@example.com", rows[0])[0]
    concerned = sum(f"'{address}'" in row for row in rows)
    flow.run(dry_run=True)
    flow.sql(
        "INSERT INTO common_room.pii_removals (request_id, email_hash, status) "
        f"VALUES ('r1', '{address_hash(address)}', 'submitted')"
    )
    report = flow.run()
    assert (report.suppressed, report.delivered) == (concerned, 10 - concerned)
    assert address not in str(flow.sandbox.control.requests())
    assert flow.run().suppressed == concerned


LEGACY = [case for case in CASES if current_way(CONTRACTS[case.kind].endpoint)]


@pytest.mark.parametrize("case", LEGACY, ids=lambda case: case.kind)
def test_a_legacy_operation_that_is_gone_stops_the_sync_with_the_current_way(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    flow.sandbox.control.set_scripts({"operation": case.operation, "preset": "retired"})
    with pytest.raises(SyncStopped) as stopped:
        flow.run()
    assert OperationGone.advice in str(stopped.value)
    assert str(current_way(CONTRACTS[case.kind].endpoint)) in str(stopped.value)
    flow.sandbox.control.set_scripts()
    assert flow.run().delivered == 10


def test_six_kinds_rest_on_legacy_operations():
    assert len(LEGACY) == 6


@each_kind
def test_a_server_that_is_down_loses_nothing(furnished: Flow, case: Case):
    flow = of_kind(furnished, case)
    flow.sandbox.control.set_faults(error_rate=1.0, operations=[case.operation], error_statuses=[503])
    report = flow.run(limit=2)
    doubtful = not CONTRACTS[case.kind].repeatable
    assert (report.unknown if doubtful else report.failed) == 2
    flow.sandbox.control.set_faults()
    again = flow.run()
    assert again.delivered == (8 if doubtful else 10)
    assert again.unknown == (2 if doubtful else 0)
    assert places(again) == 10

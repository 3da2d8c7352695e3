"""Keys that are one thing to the API are one key: duplicates are shown, and a new spelling sends nothing again."""

import hashlib
from datetime import date

import httpx
import pytest

from cr_pipelines.sync import Options, Partition, Report, Sync, adopt_room, run_sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import ARRANGEMENTS, CORE_ENGINES

ACTIVITIES = Sync("activities", "activity", "acts")
VALUES = Sync("custom_field_values", "custom_field_value", "plans")
MEMBERS = Sync("segment_members", "segment_member", "members")
TAGS = Sync("contact_tags", "contact_tag", "labels")


@pytest.fixture(params=CORE_ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def run(flow: Flow, sync: Sync, day: int | None = None, **options: object) -> Report:
    partition = None if day is None else Partition.of_day("timestamp", date(2026, 3, day))
    return run_sync(sync, flow.warehouse, flow.destination(), options=Options(**options), partition=partition)  # type: ignore[arg-type]


def activities(flow: Flow, *rows: tuple[str, str, int]) -> None:
    flow.sql("DROP TABLE IF EXISTS acts")
    flow.sql("CREATE TABLE acts (activity_type VARCHAR(40), id VARCHAR(9), timestamp TIMESTAMP, user_id VARCHAR(9))")
    for name, id_, day in rows:
        flow.sql(f"INSERT INTO acts VALUES ('{name}', '{id_}', '2026-03-0{day} 10:00:00', 'u1')")


def duplicates(report: Report) -> tuple[int, list[str]]:
    return report.delivered, [problem.reason_code for problem in report.problems]


def test_an_activity_type_by_id_and_by_display_name_is_one(flow: Flow) -> None:
    activities(flow, ("posted_message", "1", 1), ("Posted Message", "1", 1), ("POSTED MESSAGE", "2", 1))
    assert run(flow, ACTIVITIES, dry_run=True).duplicate_rows == 2
    assert duplicates(run(flow, ACTIVITIES)) == (1, ["duplicate_key"])
    assert run(flow, ACTIVITIES).requests == 0


def test_a_field_by_name_and_id_of_a_contact_by_address_in_any_case_is_one(flow: Flow) -> None:
    flow.run()
    [[plan_id]] = [[field["id"] for field in fields(flow) if field["name"] == "Plan"]]
    flow.sql(
        "CREATE TABLE plans AS SELECT * FROM (VALUES "
        "('email', 'person1@example.com', 'Plan', 'Team'), "
        f"('email', 'person1@example.com', '{plan_id}', 'Free'), "
        "('EMAIL', ' Person1@Example.com', ' plan', 'Team'), "
        f"('email', 'person2@example.com', '{plan_id}', 'Free')) AS t(social_type, value, field, field_value)"
    )
    assert duplicates(run(flow, VALUES)) == (1, ["duplicate_key"])


def test_a_segment_by_name_and_id_is_one(flow: Flow) -> None:
    flow.run()
    segment = next(each for each in flow.sandbox.control.segments() if each["name"] == "Champions")
    flow.sql(
        "CREATE TABLE members AS SELECT * FROM (VALUES ('Champions', 'email', 'person1@example.com'), "
        f"('{segment['id']}', 'email', 'person1@example.com'), ('champions', 'email', 'person2@example.com')) "
        "AS t(segment, social_type, value)"
    )
    assert duplicates(run(flow, MEMBERS)) == (1, ["duplicate_key"])


def test_another_spelling_of_everything_sends_nothing_again(flow: Flow) -> None:
    activities(flow, ("posted_message", "1", 1), ("posted_message", "2", 2))
    assert run(flow, ACTIVITIES).delivered == 2
    flow.sql("UPDATE acts SET activity_type = 'Posted Message' WHERE id = '1'")
    again = run(flow, ACTIVITIES)
    # The row has another value in a column, and remains the same row.
    assert (again.offered_new, again.absent_from_source) == (0, 0)
    assert flow.sql("SELECT count(*) FROM common_room.sync_ledger") == [(2,)]


def test_a_ledger_from_before_sends_nothing_again_whole_or_by_day(flow: Flow) -> None:
    """Keys had the names as the source spells them, and addresses in any case."""
    flow.run()
    activities(flow, ("posted_message", "1", 1), ("Posted Message", "2", 2), ("POSTED MESSAGE", "3", 2))
    flow.sql(
        "CREATE TABLE labels AS SELECT 'Email' AS social_type, 'Person' || i || '@Example.com' AS value, "
        "'VIP' AS tag FROM generate_series(1, 3) AS numbers(i)"
    )
    assert (run(flow, ACTIVITIES).delivered, run(flow, TAGS).delivered) == (3, 3)
    flow.sql("DELETE FROM common_room.key_spellings")
    for id_, name in (("1", "posted_message"), ("2", "Posted Message"), ("3", "POSTED MESSAGE")):
        flow.sql(f"""UPDATE common_room.sync_ledger SET key = '["{name}","{id_}"]' WHERE key LIKE '%"{id_}"]'""")
    hashed = flow.dialect.sha256("'Person' || i || '@Example.com'")
    now = flow.dialect.sha256("'person' || i || '@example.com'")
    flow.sql(
        f"""UPDATE common_room.sync_ledger SET key = was FROM (
        SELECT '["Email","sha256:' || {hashed} || '","VIP"]' AS was, '["email","sha256:' || {now} || '","VIP"]' AS now
        FROM generate_series(1, 3) AS numbers(i)) AS renamed WHERE key = now"""
    )
    assert flow.sql("""SELECT count(*) FROM common_room.sync_ledger WHERE key LIKE '["Email"%'""") == [(3,)]
    by_day = [run(flow, ACTIVITIES, day) for day in (2, 1)]
    assert [(report.offered, report.unchanged) for report in by_day] == [(0, 2), (0, 1)]
    assert run(flow, ACTIVITIES).unchanged == 3
    assert (run(flow, TAGS).offered, run(flow, TAGS).unchanged) == (0, 3)


BLANKS = """CREATE TABLE labels AS SELECT * FROM (VALUES
    ('email', 'person1@example.com', ' VIP'), ('github', 'ada', 'VIP'), ('github', 'grace ', 'VIP ')
    ) AS t(social_type, value, tag)"""


def test_blanks_around_a_tag_or_an_account_make_no_other_key(flow: Flow) -> None:
    flow.run()
    flow.sql(BLANKS)
    flow.sql("INSERT INTO labels VALUES ('email', 'person1@example.com', 'VIP '), ('github', ' ada', 'VIP')")
    report = run(flow, TAGS, dry_run=True)
    assert (report.duplicate_rows, report.delivered) == (4, 1)


def test_a_ledger_whose_keys_have_blanks_sends_nothing_again(flow: Flow) -> None:
    flow.run()
    flow.sql(BLANKS)
    run(flow, TAGS)
    of_tags = "SELECT key, status FROM common_room.sync_ledger WHERE sync = 'contact_tags' ORDER BY key"
    before = flow.sql(of_tags)
    flow.sql("DELETE FROM common_room.key_spellings")
    email = next(key for key, _ in before if key.startswith('["email"'))
    for now, was in {
        email: email.replace('"VIP"', '" VIP"'),
        '["github","grace","VIP"]': '["github","grace ","VIP "]',
    }.items():
        flow.sql(f"UPDATE common_room.sync_ledger SET key = '{was}' WHERE key = '{now}'")
    assert flow.sql(of_tags) != before
    report = run(flow, TAGS)
    assert (report.offered_new, report.absent_from_source) == (0, 0)
    assert flow.sql(of_tags) == before


def test_two_things_whose_names_differ_by_case_are_two(flow: Flow) -> None:
    flow.run()
    for name in ("Tier", "tier"):
        flow.sandbox.control.add_custom_field(name, "string")
    flow.sql(
        "CREATE TABLE plans AS SELECT 'email' AS social_type, 'person1@example.com' AS value, field, 'x' AS field_value"
        " FROM (VALUES ('Tier'), ('tier')) AS t(field)"
    )
    assert run(flow, VALUES).delivered == 2


def test_what_names_mean_is_not_taken_over_by_another_room(flow: Flow) -> None:
    activities(flow, ("posted_message", "1", 1))
    run(flow, ACTIVITIES)
    flow.sql("UPDATE common_room.state_room SET room_id = 'other'")
    adopt_room(flow.warehouse, flow.destination(), syncs_of_source={"activities"})
    assert flow.sql("SELECT count(*) FROM common_room.key_spellings") == [(0,)]


def fields(flow: Flow) -> list[dict[str, object]]:
    headers = {"Authorization": f"Bearer {flow.sandbox.token}"}
    found: list[dict[str, object]] = httpx.get(f"{flow.sandbox.base_url}/members/customFields", headers=headers).json()
    return found


def foreign_labels(flow: Flow, *addresses: str) -> None:
    flow.sql("DROP TABLE IF EXISTS labels")
    rows = (f"SELECT 'email' AS social_type, '{address}' AS value, 'VIP' AS tag" for address in addresses)
    flow.sql(f"CREATE TABLE labels AS {' UNION ALL '.join(rows)}")


def key_of(address: str) -> str:
    return f'["email","sha256:{hashlib.sha256(address.encode()).hexdigest()}","VIP"]'


@pytest.mark.parametrize("engine", ARRANGEMENTS)
def test_a_domain_in_unicode_and_in_punycode_is_one(flow: Flow) -> None:
    flow.run()
    same = ("a@bücher.example", "A@xn--bcher-kva.example", "a@BÜCHER.example ", "a@bu\u0308cher.example")
    foreign_labels(flow, *same, "b@bücher.example", "c@日本。jp", "c@xn--wgv71a.jp", "d@-ü-.example", "e@example.com")
    report = run(flow, TAGS, dry_run=True)
    assert (report.duplicate_rows, report.invalid) == (6, 7)
    assert run(flow, TAGS).duplicate_rows == 6
    assert (key_of("b@xn--bcher-kva.example"),) in flow.sql("SELECT key FROM common_room.sync_ledger")
    # The state tables know domains only as hashes.
    assert "cher" not in str(flow.sql("SELECT * FROM common_room.key_spellings"))


@pytest.mark.parametrize("dry_run", [False, True])
def test_a_row_whose_domain_is_spelled_otherwise_is_no_new_key(flow: Flow, dry_run: bool) -> None:
    flow.run()
    foreign_labels(flow, "a@bücher.example", "b@xn--bcher-kva.example", "c@example.com")
    run(flow, TAGS)
    foreign_labels(flow, "a@xn--bcher-kva.example", "b@Bücher.example", "c@example.com")
    report = run(flow, TAGS, dry_run=dry_run)
    assert (report.offered_new, report.absent_from_source) == (0, 0)


@pytest.mark.parametrize("engine", ARRANGEMENTS)
def test_a_ledger_with_domains_in_unicode_sends_nothing_again(flow: Flow) -> None:
    flow.sql("INSERT INTO common_room_contacts (id, full_name, email) VALUES ('x', 'X', 'x@bücher.example')")
    flow.run()
    foreign_labels(flow, "x@Bücher.example", "person1@example.com")
    assert run(flow, TAGS).delivered == 2
    now, was = key_of("x@xn--bcher-kva.example"), key_of("x@bücher.example")
    flow.sql("DELETE FROM common_room.key_spellings WHERE column_name = 'value'")
    flow.sql(f"UPDATE common_room.sync_ledger SET key = '{was}' WHERE key = '{now}'")
    for dry_run in (True, False, False):
        report = run(flow, TAGS, dry_run=dry_run)
        assert (report.offered, report.unchanged, report.absent_from_source) == (0, 2, 0)
    assert (now,) in flow.sql("SELECT key FROM common_room.sync_ledger")

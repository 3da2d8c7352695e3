import pytest

from cr_pipelines.removal import Removals
from cr_pipelines.sync import Report, Sync
from cr_pipelines_tests.support.flow import Flow


@pytest.fixture
def dropping(flow: Flow) -> Flow:
    flow.sql("DROP TABLE common_room_contacts")
    flow.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Name ' || i AS full_name, "
        "'person' || i || '@example.com' AS email, 'https://img.example/' || i AS avatar_url, "
        '\'{"Plan": "Team", "Seats": 3}\' AS custom_fields FROM generate_series(0, 9) AS numbers(i)'
    )
    return flow.reading("common_room_contacts", on_invalid_value="drop_value")


def dropped(flow: Flow) -> dict[str, tuple[str, str]]:
    rows = flow.sql("SELECT key, field, reason_code FROM common_room.dropped_values")
    return {key: (field, reason) for key, field, reason in rows}


def spoil(flow: Flow, column: str, value: str, key: str = "c1") -> None:
    flow.sql(f"UPDATE common_room_contacts SET {column} = {value} WHERE id = '{key}'")


def test_by_default_a_bad_value_costs_the_row(dropping: Flow) -> None:
    spoil(dropping, "avatar_url", "'no address'")
    report = dropping.reading("common_room_contacts", on_invalid_value="reject_row").run()
    assert (report.delivered, report.invalid) == (9, 1)


def test_a_bad_value_of_an_optional_column_is_left_out_and_shown(dropping: Flow) -> None:
    spoil(dropping, "avatar_url", "'no address'")
    spoil(dropping, "email", "'nobody'", "c2")
    report = dropping.run()
    assert (report.delivered, report.invalid, report.without_values) == (10, 0, 2)
    assert dropped(dropping) == {"c1": ("avatar_url", "bad_url"), "c2": ("email", "bad_email")}
    assert "avatarUrl" not in dropping.room["c1"]
    assert dropping.room["c1"]["email"] == "person1@example.com"
    assert "email" not in dropping.room["c2"]
    assert {(problem.field, problem.rows) for problem in report.dropped} == {("avatar_url", 1), ("email", 1)}
    assert report.rows_with_dropped_values == 2


def test_one_bad_custom_field_leaves_the_others(dropping: Flow) -> None:
    spoil(dropping, "custom_fields", '\'{"Plan": "Teem", "Seats": 3, "Nothing": 1}\'')
    dropping.run()
    assert dropping.room["c1"]["custom_fields"] == {"Seats": 3}
    assert dropped(dropping)["c1"][0] == "custom_fields.Plan, custom_fields.Nothing"


def test_it_is_sent_once_and_again_when_it_is_fixed(dropping: Flow) -> None:
    spoil(dropping, "avatar_url", "'no address'")
    dropping.run()
    dropping.sandbox.control.clear_requests()
    again = dropping.run()
    assert (again.unchanged, again.delivered, again.rows_with_dropped_values) == (10, 0, 1)
    assert dropping.posted() == []
    spoil(dropping, "avatar_url", "'https://img.example/new'")
    assert dropping.run().delivered == 1
    assert dropped(dropping) == {}
    assert dropping.room["c1"]["avatarUrl"] == "https://img.example/new"


def test_a_value_that_the_room_came_to_accept_is_sent_without_a_change_of_the_row(dropping: Flow) -> None:
    dropping.run()
    dropping.sql(
        "UPDATE common_room.sync_ledger SET field = 'custom_fields.Seats', reason_code = 'unknown_custom_field', "
        "message = 'custom_fields.Seats is not a custom field of the room' WHERE key = 'c4'"
    )
    dropping.sandbox.control.clear_requests()
    assert dropping.run().delivered == 1
    assert dropping.posted() == ["c4"]
    assert dropped(dropping) == {}


@pytest.mark.parametrize("statement", ["id = NULL WHERE id = 'c1'", "id = 'c2' WHERE id = 'c1'"])
def test_a_key_always_costs_the_row(dropping: Flow, statement: str) -> None:
    dropping.sql(f"UPDATE common_room_contacts SET {statement}")
    assert dropping.run().invalid > 0


def test_a_bad_value_of_a_required_column_costs_the_row(flow: Flow) -> None:
    flow.sql(
        "CREATE TABLE events AS SELECT 'a' || i AS id, 'started_training' AS activity_type, 'u' AS user_id, "
        "CASE WHEN i = 1 THEN 'never' ELSE '2026-01-01 10:00:00' END AS timestamp, "
        "CASE WHEN i = 2 THEN 'nowhere' ELSE 'https://example.com' END AS url FROM generate_series(0, 4) AS numbers(i)"
    )
    report: Report = flow.reading("events", name="events", kind="activity", on_invalid_value="drop_value").run()
    assert (report.delivered, report.invalid, report.without_values) == (4, 1, 1)


def test_a_suppressed_address_in_a_value_that_is_left_out_suppresses_the_row(dropping: Flow) -> None:
    dropping.sql("CREATE TABLE common_room_pii_requests (request_id VARCHAR, email VARCHAR, requested_at TIMESTAMP)")
    dropping.sql("INSERT INTO common_room_pii_requests VALUES ('r1', 'person1@example.com', TIMESTAMP '2026-11-01')")
    Removals(dropping.warehouse).take_in()
    spoil(dropping, "email", "'Ada <person1@example.com>, other'")
    report = dropping.run()
    assert (report.delivered, report.suppressed) == (9, 1)
    assert "c1" not in dropping.room


def test_it_must_be_one_of_two_words() -> None:
    with pytest.raises(ValueError, match="must be reject_row or drop_value"):
        Sync("people", "contact", "people", on_invalid_value="drop")  # type: ignore[arg-type]

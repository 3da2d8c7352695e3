import asyncio

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync import Destination, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.terminal import Terminal


def test_it_shows_what_would_be_sent_and_sends_nothing(terminal: Terminal) -> None:
    result = terminal.types("plan", "contacts", "--payloads", "2")
    assert result.exit_code == 0
    assert "contacts: 10 rows in common_room_contacts" in result.output
    assert "would be sent                   10" in result.output
    assert result.output.count("personal data") == 2
    assert '"email": "ada0@example.com"' in result.output
    assert "Nothing was sent." in result.output
    assert {request["method"] for request in terminal.sandbox.control.requests()} <= {"GET"}


def test_the_key_of_the_asset_works_as_well(terminal: Terminal) -> None:
    assert terminal.types("plan", "common_room/contacts").exit_code == 0


def test_without_payloads_it_shows_no_personal_data(terminal: Terminal) -> None:
    result = terminal.types("plan", "contacts", "--payloads", "0")
    assert result.exit_code == 0
    assert "ada" not in result.output


def test_keys_and_limit_narrow_the_plan(terminal: Terminal) -> None:
    result = terminal.types("plan", "contacts", "--keys", "c1,c2", "--keys", "c3")
    assert "contacts: 3 rows" in result.output
    result = terminal.types("plan", "contacts", "--limit", "4")
    assert "would be sent                    4" in result.output
    assert "not sent                         6" in result.output


def test_problems_are_counted_by_field_and_reason_with_example_keys(terminal: Terminal) -> None:
    terminal.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id IN ('c1', 'c2', 'c3', 'c4')")
    terminal.sql('ALTER TABLE common_room_contacts ADD COLUMN custom_fields STRUCT("Plan" VARCHAR)')
    terminal.sql("UPDATE common_room_contacts SET custom_fields = {'Plan': 'Teem'} WHERE id = 'c5'")
    result = terminal.types("plan", "contacts")
    assert result.exit_code == 0
    assert "invalid                          5" in result.output
    assert "4  email  bad_email  keys: " in result.output
    assert "1  custom_fields.Plan  wrong_enum_value  keys: c5" in result.output
    assert "did you mean Team?" in result.output


def test_long_lists_are_cut(terminal: Terminal) -> None:
    terminal.sql(
        "CREATE TABLE common_room_segment_members AS SELECT 'Champions' AS segment, 'email' AS social_type, "
        "'ada' || i || '@example.com' AS value FROM range(80) AS numbers(i)"
    )
    output = terminal.types("plan", "segment_members").output
    assert "@example.com … and 75 more" in output
    assert max(map(len, output.splitlines())) < 200


def test_columns_that_are_not_sent_are_named(terminal: Terminal) -> None:
    terminal.sql("ALTER TABLE common_room_contacts RENAME full_name TO fullname")
    result = terminal.types("plan", "contacts")
    assert "fullname  did you mean full_name?" in result.output


def test_an_unknown_sync_gets_a_suggestion(terminal: Terminal) -> None:
    result = terminal.types("plan", "contact")
    assert result.exit_code == 1
    assert "has no sync 'contact'; did you mean contacts?" in result.output


def test_a_sync_with_daily_partitions_is_planned_for_one_day(terminal: Terminal) -> None:
    terminal.sql(
        "CREATE TABLE common_room_activities AS SELECT 'a' || i AS id, 'link' AS activity_type, 'u' AS user_id, "
        "TIMESTAMP '2026-03-01' + i * INTERVAL 12 HOUR AS timestamp FROM range(5) AS numbers(i)"
    )
    result = terminal.types("plan", "activities", "--day", "2026-03-02", "--payloads", "0")
    assert result.exit_code == 0
    assert "activities: 2 rows of 2026-03-02 in common_room_activities" in result.output
    assert "activities: 0 rows of " in terminal.types("plan", "activities").output
    refused = terminal.types("plan", "contacts", "--day", "2026-03-02")
    assert refused.exit_code == 1
    assert "contacts has no daily partitions; omit --day" in refused.output


def test_it_names_the_tags_that_a_run_would_delete_and_those_deleted_remotely(terminal: Terminal) -> None:
    location = "cr_pipelines_tests.command.deleting_location"
    terminal.sql(
        "CREATE TABLE common_room_tags AS SELECT unnest(['VIP', 'Beta', 'Churned']) AS name, 'member' AS entity_types"
    )
    destination = Destination(lambda: CommonRoomClient(terminal.sandbox.token, terminal.sandbox.base_url))
    run_sync(Sync("tags", "tag", "common_room_tags"), open_warehouse(f"duckdb:///{terminal.path}"), destination)
    terminal.sql("DELETE FROM common_room_tags WHERE name = 'VIP'")
    asyncio.run(delete_tag(destination, "Beta"))
    terminal.sandbox.control.clear_requests()
    for command in (["plan", "tags"], ["doctor"]):
        output = terminal.types(*command, "--definitions", location).output
        assert "would be deleted: VIP" in output
        assert "deleted remotely: Beta" in output
    assert "would be deleted                 1" in terminal.types("plan", "tags", "--definitions", location).output
    assert {request["method"] for request in terminal.sandbox.control.requests()} == {"GET"}


async def delete_tag(destination: Destination, name: str) -> None:
    async with destination.open_client() as client:
        [tag] = [tag for tag in await client.list_tags() if tag.name == name]
        await client.delete_tag(tag.id)

from dataclasses import replace
from urllib.parse import unquote

import pytest

from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.actors import CONTACTS
from cr_pipelines_tests.support.office import Office
from cr_pipelines_tests.support.warehouses import ONE_AND_APART

pytestmark = pytest.mark.parametrize("engine", ONE_AND_APART)

REMOVED = "person4@example.com"


def removed(office: Office) -> Office:
    """After the removal of a person whose row was synced; what is received from here on is recorded."""
    office.sync()
    office.ask("r1", REMOVED)
    office.settle()
    office.sandbox.control.clear_requests()
    return office


@pytest.mark.core
def test_a_person_is_suppressed_from_the_moment_that_the_request_is_seen_before_anything_is_sent(office: Office):
    office.ask("r1", REMOVED)
    office.removals.take_in()
    assert office.statuses() == {"r1": "pending"}
    assert office.sync().suppressed == 1
    assert "c4" not in office.room
    assert office.calls() == []


@pytest.mark.core
def test_the_same_id_stays_suppressed_with_a_new_changed_or_empty_address(office: Office):
    removed(office)
    for email in ("NULL", "'else@example.com'", "'PERSON4@example.com '"):
        office.sql(f"UPDATE common_room_contacts SET email = {email}, full_name = full_name || '!' WHERE id = 'c4'")
        report = office.sync()
        assert (report.suppressed, report.delivered) == (1, 0)
    assert office.posted() == []
    assert office.record("r1").rows_suppressed == 1


def test_every_address_that_a_key_was_ever_sent_under_suppresses_it(office: Office):
    office.sync()
    office.sql("UPDATE common_room_contacts SET email = 'later@example.com' WHERE id = 'c4'")
    office.sync()
    office.sql("UPDATE common_room_contacts SET email = 'latest@example.com' WHERE id = 'c4'")
    office.sync()
    office.ask("r1", REMOVED)
    assert office.settle().not_found == 1
    assert "another one since; that address needs its own request" in (office.record("r1").reason or "")
    office.sql("UPDATE common_room_contacts SET full_name = 'Changed'")
    report = office.sync()
    assert (report.suppressed, report.delivered) == (1, 9)


def test_an_address_is_found_in_whatever_column_it_comes(office: Office):
    if office.data.kind.startswith("sqlite"):
        pytest.skip("SQLite has no lists")
    office.sandbox.control.add_custom_field("Contact e-mail", "string")
    office.sql(
        "ALTER TABLE common_room_contacts ADD COLUMN username VARCHAR; "
        "ALTER TABLE common_room_contacts ADD COLUMN bio VARCHAR; "
        "ALTER TABLE common_room_contacts ADD COLUMN external_profiles VARCHAR; "
        "ALTER TABLE common_room_contacts ADD COLUMN tags VARCHAR[]; "
        "ALTER TABLE common_room_contacts ADD COLUMN custom_fields VARCHAR"
    )
    removed(office)
    office.sql(
        "DELETE FROM common_room_contacts; INSERT INTO common_room_contacts "
        "(id, full_name, email, username, bio, external_profiles, tags, custom_fields) VALUES "
        "('new1', 'Person4@Example.com', NULL, NULL, NULL, NULL, NULL, NULL), "
        "('new2', 'B', NULL, 'person4@example.com', NULL, NULL, NULL, NULL), "
        "('new3', 'C', NULL, NULL, 'Write to <person4@example.com>.', NULL, NULL, NULL), "
        "('new4', 'D', NULL, NULL, NULL, '[\"https://example.com/?mail=person4@example.com\"]', NULL, NULL), "
        "('new5', 'E', NULL, NULL, NULL, NULL, ['ok', 'person4@example.com'], NULL), "
        "('new6', 'F', NULL, NULL, NULL, NULL, NULL, '{\"Contact e-mail\": \"person4@example.com\"}'), "
        "('new7', 'G', NULL, NULL, 'mailto:PERSON4%40example.com.', NULL, NULL, NULL), "
        "('person4@example.com', 'G', NULL, NULL, NULL, NULL, NULL, NULL), "
        "('other', 'H', 'other@example.com', NULL, NULL, NULL, NULL, NULL)"
    )
    report = office.sync()
    assert office.posted() == ["other"]
    assert (report.suppressed, report.delivered) == (8, 1)


def test_another_sync_into_the_same_source_suppresses_the_persons_id_too(office: Office):
    removed(office)
    other = Sync("leads", "contact", "SELECT 'c4' AS id, 'Somebody' AS full_name UNION SELECT 'c44', 'Else'")
    report = office.sync(other)
    assert (report.suppressed, report.delivered) == (1, 1)
    assert office.posted() == ["c44"]


def test_somebody_elses_row_with_an_address_that_was_only_ever_suppressed_may_be_corrected(office: Office):
    removed(office)
    office.sql("INSERT INTO common_room_contacts VALUES ('typo', 'Somebody else', 'person4@example.com')")
    assert office.sync().suppressed == 2
    office.sql("UPDATE common_room_contacts SET email = 'else@example.com' WHERE id = 'typo'")
    assert office.sync().delivered == 1
    assert "typo" in office.posted()


def test_a_dry_run_counts_them_and_records_nothing(office: Office):
    removed(office)
    office.sql("UPDATE common_room_contacts SET full_name = 'Changed'")
    report = office.sync(dry_run=True)
    assert (report.suppressed, report.delivered) == (1, 9)
    assert office.record("r1").rows_suppressed == 1


def test_resync_of_everything_suppresses_them_too(office: Office):
    removed(office)
    assert office.sync(resync="all").suppressed == 1
    assert "c4" not in office.posted()


@pytest.mark.core
def test_a_removed_address_is_in_none_of_our_tables(office: Office):
    removed(office)
    office.pass_time(days=16)
    office.verify()
    office.sql("UPDATE common_room_contacts SET full_name = 'Changed'")
    office.sync()
    tables = office.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'common_room'")
    for (table,) in tables:
        assert REMOVED not in str(office.sql(f"SELECT * FROM common_room.{table}")), table


def test_a_sync_under_another_name_that_reads_the_same_rows_is_held_to_it(office: Office):
    removed(office)
    report = office.sync(replace(CONTACTS, name="again"))
    assert (report.suppressed, report.delivered) == (1, 9)


TEXTS = [
    "Write to:\nperson4@example.com", "tab\tPerson4@Example.com\r\nend", "_person4@example.com_",
    "person4@example.com.", "日本person4@example.com日本", "…person4@example.com…", "«person4@example.com»",
    'say "person4@example.com"', "back\\person4@example.com", "person4@example.com/x", "--person4@example.com",
    "https://example.com/?who=person4%40example.com&that=100%25",
]  # fmt: skip


def test_an_address_is_found_in_a_text_whatever_surrounds_it(office: Office):
    office.ask("r1", REMOVED)
    office.settle()
    rows = [f"SELECT 'x{number}' AS id, '{text}' AS bio" for number, text in enumerate(TEXTS)]
    others = "SELECT 'y' AS id, 'aperson4@example.com, person4@example.com.br' AS bio"
    report = office.sync(Sync("bios", "contact", " UNION ALL ".join([*rows, others])))
    assert office.posted() == ["y"]
    assert (report.suppressed, report.delivered) == (len(TEXTS), 1)


ODD_ADDRESSES = ["a+b/c?d=e%40f@example.com", "o'brien@example.com", "*{x}|y@xn--bcher-kva.example"]


def test_an_odd_address_is_removed_and_suppressed_like_any_other(office: Office):
    quoted = [address.replace("'", "''") for address in ODD_ADDRESSES]
    rows = [f"SELECT 'odd {number}' AS id, '{address}' AS email" for number, address in enumerate(quoted)]
    source = " UNION ALL ".join(rows)
    assert office.sync(Sync("odd", "contact", source)).delivered == len(ODD_ADDRESSES)
    office.sql(f"INSERT INTO common_room_pii_requests SELECT 'of ' || id, email, NULL FROM ({source}) AS odd")
    assert office.settle().submitted == len(ODD_ADDRESSES)
    assert {unquote(path.rpartition("/")[2]) for path in office.calls()} == set(ODD_ADDRESSES)
    again = Sync("odd again", "contact", source.replace("'odd ", "'new "))
    assert office.sync(again).suppressed == len(ODD_ADDRESSES)


def test_no_sync_can_be_called_as_the_settlement_is(office: Office):
    with pytest.raises(ValueError, match="cannot be named pii_removals"):
        replace(CONTACTS, name="pii_removals")


@pytest.mark.parametrize(
    ("kind", "values"), [("contact_tag", "'VIP' AS tag"), ("custom_field_value", "'Seats' AS field, 7 AS field_value")]
)
def test_tags_and_fields_by_id_are_suppressed_with_the_person(office: Office, kind: str, values: str):
    removed(office)
    # One row has no address at all, another person's row has the address only beside the id.
    office.sql(
        f"CREATE TABLE by_id AS SELECT id AS user_id, 'email' AS social_type, "
        f"CASE WHEN id = 'c5' THEN '{REMOVED}' END AS value, {values} FROM common_room_contacts"
    )
    report = office.sync(Sync("by_id", kind, "by_id"))
    assert (report.suppressed, report.delivered) == (2, 8)
    assert not {"c4", "c5"} & set(office.posted())

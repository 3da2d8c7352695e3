import json

import pytest

from cr_pipelines_tests.support.terminal import Terminal


@pytest.fixture
def many(terminal: Terminal) -> Terminal:
    terminal.sql("DROP TABLE common_room_contacts")
    terminal.sql(
        "CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Ada Lovelace' || i AS full_name, "
        "'ada' || i || '@example.com' AS email, 'Analyst' AS title_at_company, 'in/ada' || i AS linkedin, "
        "'London' AS city, ['VIP'] AS tags, {'Plan': 'Team'} AS custom_fields FROM range(100) AS numbers(i)"
    )
    return terminal


def test_what_was_stored_as_it_was_sent_is_found(many: Terminal) -> None:
    assert many.types("run", "contacts").exit_code == 0
    result = many.types("audit", "contacts", "--sample", "30", "--settled-for", "0")
    assert result.exit_code == 0, result.output
    assert "of 30 rows looked up, 30 found as sent, 0 absent, 0 different" in result.stdout
    assert len(many.sandbox.control.requests(operation="getContactBySocials")) == 30


def test_records_that_the_room_lost_or_changed_are_found_counted_and_named(many: Terminal) -> None:
    many.sandbox.control.set_faults(lose_every=10, change_every=20)
    assert "100 delivered" in many.types("run", "contacts").stdout
    result = many.types("audit", "contacts", "--sample", "100", "--settled-for", "0")
    assert result.exit_code == 1
    assert "of 100 rows looked up, 90 found" not in result.stdout
    assert "10 absent, 5 different (fullName 5)" in result.stdout
    stored = set(many.sandbox.control.users())
    absent = {line.split()[1] for line in result.stdout.splitlines() if line.startswith("  absent")}
    assert absent == {f"c{i}" for i in range(100)} - stored
    assert "Lovelace" not in result.output
    assert "@example.com" not in result.output
    found = json.loads(many.types("audit", "contacts", "--sample", "100", "--settled-for", "0", "--json").stdout)
    assert (len(found["absent"]), len(found["different"]), found["exit_code"]) == (10, 5, 1)
    assert set(map(tuple, found["different"].values())) == {("fullName",)}


def test_what_cannot_be_read_back_is_said(many: Terminal) -> None:
    many.sql("UPDATE common_room_contacts SET email = NULL, linkedin = NULL WHERE id = 'c1'")
    many.types("run", "contacts", "--key", "c1,c2,c3")
    assert "no row was delivered that long ago" in many.types("audit", "contacts").stdout
    many.sql("UPDATE common_room_contacts SET full_name = 'Grace' WHERE id = 'c2'")
    said = many.types("audit", "contacts", "--settled-for", "0").stdout
    assert "of 1 row looked up, 1 found as sent" in said
    assert "1 row changed since" in said
    assert "1 row cannot be read back: they have neither an email nor an account" in said
    many.sql("CREATE TABLE common_room_tags AS SELECT 'VIP' AS name")
    refused = many.types("audit", "tags")
    assert refused.exit_code == 2
    assert "Common Room cannot look up rows of kind tag" in refused.stderr


def test_a_retired_look_up_is_said(many: Terminal) -> None:
    many.types("run", "contacts", "--limit", "5")
    many.sandbox.control.set_scripts({"operation": "getContactBySocials", "preset": "retired"})
    result = many.types("audit", "contacts", "--settled-for", "0")
    assert result.exit_code == 0
    assert "of 0 rows looked up" in result.stdout
    assert "5 rows cannot be read back: " in result.stdout

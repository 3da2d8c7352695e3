import re
import traceback

import pytest

from cr_pipelines.warehouse import WarehouseError
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import ENGINE

GOOD = "SELECT 'good' AS id, 'Ada' AS full_name"


def test_a_bad_value_names_the_field_and_the_fix(flow: Flow):
    report = flow.reading(
        "SELECT 'field' AS id, NULL AS email, {'Plam': 'Free'} AS custom_fields "
        "UNION ALL SELECT 'email', 'ada.example.com', NULL UNION ALL SELECT 'good', NULL, NULL"
    ).run()
    assert (report.delivered, report.invalid) == (1, 2)
    assert list(flow.room) == ["good"]
    rejected = flow.rejected()
    assert rejected["email"][0] == "email"
    assert "it has no @" in rejected["email"][1]
    assert rejected["field"][0] == "custom_fields.Plam"
    assert "did you mean Plan?" in rejected["field"][1]


def test_a_blank_key_is_invalid(flow: Flow):
    report = flow.reading(f"{GOOD} UNION ALL SELECT ' ', 'Blank'").run()
    assert (report.delivered, report.invalid) == (1, 1)
    assert "is blank" in flow.rejected()[" "][1]


def test_all_problems_of_a_row_are_shown_at_once(flow: Flow):
    flow.reading("SELECT 'bad' AS id, 'x' AS email, 'y' AS avatar_url").run()
    field, message = flow.rejected()["bad"]
    assert field == "email"
    assert "email is not" in message
    assert "avatar_url is not" in message


def test_no_message_repeats_a_value(flow: Flow):
    flow.reading(
        "SELECT 'bad' AS id, 'secret-person' AS email, 'secret-url' AS avatar_url, "
        "{'Plan': 'secret-plan'} AS custom_fields"
    ).run()
    assert "secret" not in str(flow.rejected())


@pytest.mark.skipif(ENGINE.startswith("sqlite"), reason="SQLite casts any text to a number")
def test_an_error_of_the_warehouse_repeats_no_value(flow: Flow):
    with pytest.raises(WarehouseError) as caught:
        flow.reading("SELECT id, CAST(email AS INTEGER) AS bio FROM common_room_contacts").run()
    assert re.search("ConversionException|invalid input syntax", str(caught.value))
    assert "@example.com" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("column", "poison"),
    [
        ("custom_fields", "{'Renewal date': DATE 'infinity'}"),
        ("bio", "DATE '20000-01-01'"),
        ("bio", "DATE 'infinity'"),
        ("tags", """'["\\ud800"]'"""),
        ("custom_fields", """'{"\\ud800": 1}'"""),
        ("custom_fields", "{'Health score': 'sNaN'}"),
        ("custom_fields", "{'Health score': '1e300000'}"),
        ("tags", "repeat('[', 100000)"),
        pytest.param(
            "external_profiles",
            "[MAP {[1]: 'x'}]",
            marks=pytest.mark.skipif(ENGINE != "duckdb", reason="only DuckDB has keys that are no texts"),
        ),
    ],
)
def test_no_value_however_odd_keeps_the_other_rows_back(flow: Flow, column: str, poison: str):
    report = flow.reading(f"SELECT 'good' AS id, NULL AS {column} UNION ALL SELECT 'bad', {poison}").run()
    assert (report.delivered, report.invalid) == (1, 1)
    assert list(flow.rejected()) == ["bad"]


def test_long_numbers_stay_apart_as_keys(flow: Flow):
    keys = "12345678901234567890123456789012345671", "12345678901234567890123456789012345672"
    kind = "HUGEINT" if flow.data.kind == "duckdb" else "NUMERIC"
    flow.reading(f"SELECT {keys[0]}::{kind} AS id UNION ALL SELECT {keys[1]}::{kind}").run()
    assert set(flow.room) == set(keys)


def test_correcting_the_row_delivers_it_without_any_resync(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id = 'c5'")
    assert flow.run().invalid == 1
    assert flow.run().invalid == 1
    flow.sql("UPDATE common_room_contacts SET email = 'corrected@example.com' WHERE id = 'c5'")
    report = flow.run()
    assert (report.delivered, report.invalid) == (1, 0)
    assert flow.room["c5"]["email"] == "corrected@example.com"


def test_correcting_the_room_delivers_the_row_without_any_resync(flow: Flow):
    source = flow.reading("SELECT 'c' AS id, {'Favourite colour': 'red'} AS custom_fields")
    assert source.run().invalid == 1
    flow.sandbox.control.add_custom_field("Favourite colour", "enum", ["red", "blue"])
    assert source.run().delivered == 1


def test_a_lasting_problem_is_written_once(flow: Flow):
    flow.sql("UPDATE common_room_contacts SET email = 'nobody' WHERE id = 'c5'")
    flow.run()
    [(before,)] = flow.sql("SELECT run_id FROM common_room.sync_ledger WHERE key = 'c5'")
    flow.run()
    assert flow.sql("SELECT run_id FROM common_room.sync_ledger WHERE key = 'c5'") == [(before,)]


def test_every_column_of_the_contract_arrives(flow: Flow):
    flow.reading("""SELECT
        42 AS id, 'Ada Lovelace' AS full_name, 'Ada' AS first_name, 'Lovelace' AS last_name, 'ada' AS username,
        'https://img.example.com/ada.png' AS avatar_url, E'Wrote the first program.\\nLoves maths.' AS bio,
        ' Ada@Example.com ' AS email, 'in/ada' AS linkedin, 'ada' AS github, '@ada' AS twitter, 'ada#1815' AS discord,
        [{'url': 'https://ada.example.com', 'name': 'Home'}] AS external_profiles, 'Engineering' AS role_at_company,
        'Analyst' AS title_at_company, 'Analytical Engines' AS company_name, 'engines.example.com' AS company_domain,
        'United Kingdom' AS country, 'London' AS city, 'England' AS region, 'London, UK' AS raw_location,
        'pioneer, maths ,,pioneer' AS tags,
        {'Plan': 'Enterprise', 'Products used': ['API'], 'Seats': 3, 'Health score': 0.5,
         'Renewal date': DATE '2027-01-01', 'Marketing opt-in': true, 'CRM record': 'https://crm.example.com/1'}
            AS custom_fields
    """).run()
    assert flow.rejected() == {}
    contact = flow.room["42"]
    assert contact["email"] == "Ada@Example.com"
    assert contact["discord"] == {"type": "username", "username": "ada", "discriminator": "1815"}
    assert contact["externalProfiles"] == [{"url": "https://ada.example.com", "name": "Home"}]
    assert sorted(contact["tags"]) == ["maths", "pioneer"]
    assert contact["custom_fields"]["Renewal date"] == "2027-01-01"
    assert contact["custom_fields"]["Products used"] == ["API"]
    assert contact["bio"] == "Wrote the first program.\nLoves maths."
    plain = {"fullName", "firstName", "lastName", "username", "avatarUrl", "linkedin", "github", "twitter",
             "roleAtCompany", "titleAtCompany", "companyName", "companyDomain", "country", "city", "region",
             "rawLocation"}  # fmt: skip
    assert plain <= set(contact)


def test_maps_and_json_carry_custom_fields_as_text(flow: Flow):
    flow.reading("""
        SELECT 'map' AS id, to_json(MAP {'Seats': '7', 'Marketing opt-in': 'true', 'Plan': NULL}) AS custom_fields
        UNION ALL SELECT 'json', '{"Seats": 7, "Renewal date": "2027-02-03"}'::JSON
    """).run()
    assert flow.rejected() == {}
    assert flow.room["map"]["custom_fields"] == {"Seats": 7, "Marketing opt-in": True}
    assert flow.room["json"]["custom_fields"] == {"Seats": 7, "Renewal date": "2027-02-03"}
    flow.reading("SELECT 'native' AS id, MAP {'Seats': '8'} AS custom_fields").run()
    assert flow.room["native"]["custom_fields"] == {"Seats": 8}


def test_a_custom_field_is_named_by_its_id_as_well(flow: Flow):
    number = flow.sandbox.control.add_custom_field("Shoe size", "int")
    flow.reading(f"SELECT 'c' AS id, MAP {{'{number}': 43}} AS custom_fields").run()
    assert flow.room["c"]["custom_fields"]["Shoe size"] == 43


def test_a_null_custom_field_stays_unless_the_sync_clears_nulls(flow: Flow):
    flow.reading("SELECT 'c' AS id, {'Seats': 7} AS custom_fields").run()
    emptied = "SELECT 'c' AS id, {'Seats': NULL::INTEGER, 'Plan': 'Free'} AS custom_fields"
    flow.reading(emptied).run()
    assert flow.room["c"]["custom_fields"] == {"Seats": 7, "Plan": "Free"}
    flow.reading(emptied, clear_nulls=True).run(resync="all")
    assert flow.room["c"]["custom_fields"] == {"Plan": "Free"}


def test_names_of_every_script_arrive_as_they_are(flow: Flow):
    names = [
        "Žofie Dvořáková",
        "Ольга Іваненко",
        "王小明",
        "محمد الفاسي",
        "שרה כהן",
        "นภา ใจดี",
        "👩‍💻 Zoë",
        'O\'Brien "Bob" \\ 100%',
    ]
    flow.sql("CREATE TABLE scripts (id VARCHAR, full_name VARCHAR)")
    for number, name in enumerate(names):
        flow.sql(f"INSERT INTO scripts VALUES ('{number}', '{name.replace(chr(39), chr(39) * 2)}')")
    flow.reading("scripts").run()
    assert [flow.room[str(number)]["fullName"] for number in range(len(names))] == names

import json
from typing import Any

import pytest

from cr_pipelines_tests.support.terminal import Terminal

STRIPE = """
    CREATE SCHEMA stripe;
    CREATE TABLE stripe.customer AS SELECT 'cus_' || i AS id, 'Ada ' || i AS name,
        'ada' || i || '@example.com' AS email,
        NULL::VARCHAR AS phone, 'London' AS address_city, 'GB' AS address_country, NULL::VARCHAR AS address_state,
        1700000000 + i AS created, 'usd' AS currency, FALSE AS delinquent, i = 7 AS is_deleted, '{}'::JSON AS metadata
    FROM range(50) AS numbers(i);
    CREATE TABLE stripe.charge AS SELECT 'ch_' || i AS id, 1700000000 + i * 60 AS created, 'cus_' || i AS customer,
        'charge' AS object, 'One seat' AS description, 'ada' || i || '@example.com' AS receipt_email, 999 AS amount
    FROM range(50) AS numbers(i)"""
SEGMENT = """
    CREATE SCHEMA segment;
    CREATE TABLE segment.users AS SELECT 'u' || i AS id, now() AS received_at, 'ada' || i || '@example.com' AS email,
        'Ada' AS first_name, 'L' || i AS last_name, 'Acme' AS company, 'Analyst' AS title, 'uuid' || i AS uuid_ts
    FROM range(50) AS numbers(i);
    CREATE TABLE segment.tracks AS SELECT 'm' || i AS id, 'signed_up' AS event, 'Signed up' AS event_text,
        'u' || i AS user_id, 'anon' || i AS anonymous_id, TIMESTAMP '2026-01-01' + i * INTERVAL 1 HOUR AS timestamp,
        now() AS received_at, TIMESTAMP '2026-01-01' AS sent_at, 'https://example.com' AS context_page_url
    FROM range(50) AS numbers(i)"""
HUBSPOT = """
    CREATE SCHEMA hubspot;
    CREATE TABLE hubspot.contact AS SELECT i AS id, FALSE AS _fivetran_deleted,
        'ada' || i || '@example.com' AS property_email,
        'Ada' AS property_firstname, 'L' || i AS property_lastname, 'Acme' AS property_company,
        'Analyst' AS property_jobtitle, 'London' AS property_city, 'UK' AS property_country,
        'ada' AS property_twitterhandle,
        'lead' AS property_lifecyclestage, TIMESTAMP '2026-01-01' AS property_createdate
    FROM range(50) AS numbers(i)"""
SALESFORCE = """
    CREATE SCHEMA salesforce;
    CREATE TABLE salesforce."Contact" AS SELECT '003' || i AS "Id", FALSE AS "IsDeleted", '001' AS "AccountId",
        'Ada ' || i AS "Name", 'Ada' AS "FirstName", 'L' || i AS "LastName", 'Analyst' AS "Title",
        'ada' || i || '@example.com' AS "Email", 'London' AS "MailingCity", 'UK' AS "MailingCountry",
        NULL::VARCHAR AS "MailingState", 'in/ada' AS "LinkedIn__c", 'ada' AS "Twitter_Handle__c",
        'Engineering' AS "Department", TIMESTAMP '2026-01-01' AS "CreatedDate"
    FROM range(50) AS numbers(i)"""
PRODUCT = """
    CREATE SCHEMA app;
    CREATE TABLE app.accounts AS SELECT i // 2 AS account_id, 'usr_' || i AS user_id, 'ada' || i AS login,
        'Ada ' || i AS "Display Name", 'ada' || i || '@example.com' AS "E-Mail", 'ada' AS github_username,
        'pro' AS plan, 12 AS seats, ['beta'] AS labels, TIMESTAMP '2026-01-01' AS deleted_at
    FROM range(50) AS numbers(i);
    UPDATE app.accounts SET deleted_at = NULL WHERE user_id <> 'usr_1';
    CREATE TABLE app.events AS SELECT i AS event_id, 'u' || i AS user_id, 'signed_up' AS event_type,
        '2026-01-01 10:00:00' AS occurred_at, 'Hello' AS subject FROM range(50) AS numbers(i);
    CREATE TABLE app.notes AS SELECT i AS id, 'ada' || i || '@example.com' AS contact_email, 'Hi' AS body
    FROM range(50) AS numbers(i)"""
CLUB = """
    CREATE SCHEMA club;
    CREATE TABLE club.members AS SELECT 90000 + i AS member_no, 'Ada' AS given, 'L' || i AS family,
        CASE WHEN i > 5 THEN 'ada' || i || '@example.com' END AS reachable_at,
        'https://www.linkedin.com/in/ada' || i AS li, 7 AS org_no, i = 7 AS deleted
    FROM range(50) AS numbers(i);
    CREATE TABLE club.log AS SELECT uuid()::VARCHAR AS log_ref, 90000 + i % 9 AS member_no,
        ['login', 'export'][i % 2 + 1] AS what, '2026-01-01T10:00:00Z' AS happened, 'x' || i AS props
    FROM range(50) AS numbers(i);
    CREATE TABLE club.labels AS SELECT 90000 + i % 9 AS member_no, 'beta ' || i AS label FROM range(50) AS numbers(i);
    CREATE TABLE club.traits AS SELECT 90000 + i % 9 AS member_no, 'seats' AS trait, i AS val
    FROM range(50) AS numbers(i)"""

CONTACTS = [
    (STRIPE, "stripe.customer", {"id": "cus_1", "full_name": "Ada 1", "city": "London", "country": "GB"}, 49),
    (
        SEGMENT,
        "segment.users",
        {"id": "u1", "first_name": "Ada", "company_name": "Acme", "title_at_company": "Analyst"},
        50,
    ),
    (HUBSPOT, "hubspot.contact", {"first_name": "Ada", "title_at_company": "Analyst", "twitter": "ada"}, 50),
    (
        SALESFORCE,
        "salesforce.Contact",
        {"id": "0031", "full_name": "Ada 1", "country": "UK", "linkedin": "in/ada", "role_at_company": "Engineering"},
        50,
    ),
    (PRODUCT, "app.accounts", {"id": "usr_2", "full_name": "Ada 2", "username": "ada2", "github": "ada"}, 49),
    (CLUB, "club.members", {"id": 90009, "first_name": "Ada", "last_name": "L9"}, 49),
]


def suggested(terminal: Terminal, *arguments: str) -> str:
    result = terminal.types("suggest", *arguments)
    assert result.exit_code == 0, result.output
    return result.stdout


def rows(terminal: Terminal, view: str) -> list[dict[str, Any]]:
    [(found,)] = terminal.sql(f"SELECT to_json(list(v)) FROM {view} AS v")
    return list(json.loads(found))


@pytest.mark.parametrize(("tables", "table", "expected", "count"), CONTACTS, ids=[case[1] for case in CONTACTS])
def test_the_view_of_a_well_known_table_runs_and_its_contacts_arrive(
    terminal: Terminal, tables: str, table: str, expected: dict[str, str], count: int
) -> None:
    terminal.sql(f"DROP TABLE common_room_contacts; {tables}")
    view = suggested(terminal, "contacts", table)
    assert "example.com" not in view
    assert "-- email: " in view
    terminal.sql(view)
    found = rows(terminal, "common_room_contacts")
    assert len(found) == count
    assert any(expected.items() <= row.items() for row in found), view
    assert all("@example.com" in (row["email"] or "@example.com") for row in found)
    ran = terminal.types("run", "contacts")
    assert ran.exit_code == 0, ran.output
    assert len(terminal.sandbox.control.users()) == count


@pytest.mark.parametrize(
    ("tables", "table", "expected"),
    [
        (SEGMENT, "segment.tracks", {"id": "m1", "activity_type": "signed_up", "user_id": "u1", "title": "Signed up"}),
        (STRIPE, "stripe.charge", {"id": "ch_1", "activity_type": "charge", "user_id": "cus_1", "content": "One seat"}),
        (CLUB, "club.log", {"activity_type": "login", "user_id": 90000}),
        (PRODUCT, "app.events", {"id": 1, "activity_type": "signed_up", "user_id": "u1", "title": "Hello"}),
    ],
)
def test_the_view_of_events_runs_and_has_timestamps(
    terminal: Terminal, tables: str, table: str, expected: dict[str, str]
) -> None:
    terminal.sql(tables)
    view = suggested(terminal, "activities", table, "--view", "ours")
    terminal.sql(view)
    assert any(expected.items() <= row.items() for row in rows(terminal, "ours")), view
    [(kind,)] = terminal.sql("SELECT DISTINCT typeof(timestamp) FROM ours")
    assert kind.startswith("TIMESTAMP")
    assert "must exist in the room" in view


def test_what_it_could_not_map_is_left_as_comments_that_can_become_custom_fields(terminal: Terminal) -> None:
    terminal.sql(PRODUCT)
    view = suggested(terminal, "contact", "app.accounts", "--view", "ours")
    left = [line for line in view.splitlines() if line.startswith("    --      ")]
    assert {line.split("'")[1] for line in left} == {"account_id", "plan", "seats"}
    uncommented = view.replace("    --, ", "    , ").replace("    --      ", "    ").replace("    -- ) AS", "    ) AS")
    terminal.sql(uncommented)
    assert rows(terminal, "ours")[0]["custom_fields"]["plan"] == "pro"


def test_a_shared_key_and_missing_columns_are_said(terminal: Terminal) -> None:
    terminal.sql("CREATE TABLE people AS SELECT 1 AS id, 'ada@example.com' AS email FROM range(3)")
    assert "id: from id, by its name; NOT UNIQUE, or null, in the sample (3 rows)" in suggested(
        terminal, "contact", "people"
    )
    terminal.sql("CREATE TABLE colors AS SELECT 'red' AS color")
    view = suggested(terminal, "activity", "colors", "--view", "ours")
    assert view.count("REQUIRED, and no column looks like it") == 4
    terminal.sql(view)


def test_other_kinds_and_a_source_without_rows(terminal: Terminal) -> None:
    terminal.sql(PRODUCT)
    view = suggested(terminal, "contact_note", "app.notes", "--view", "notes")
    terminal.sql(view)
    assert {"id": 1, "social_type": "email", "value": "ada1@example.com", "note": "Hi"} in rows(terminal, "notes")
    terminal.sql("DELETE FROM app.accounts")
    terminal.sql(suggested(terminal, "contacts", "app.accounts", "--view", "empty"))


def test_tags_and_fields_in_tables_of_their_own(terminal: Terminal) -> None:
    terminal.sql(CLUB)
    for kind, table, expected in (
        ("contact_tags", "club.labels", {"user_id": 90001, "tag": "beta 1"}),
        ("custom_field_values", "club.traits", {"user_id": 90001, "field": "seats", "field_value": 1}),
    ):
        view = suggested(terminal, kind, table, "--view", kind)
        terminal.sql(view)
        assert expected in rows(terminal, kind), view


def test_an_unknown_kind_or_table_is_named(terminal: Terminal) -> None:
    unknown = terminal.types("suggest", "contract", "people")
    assert unknown.exit_code == 1
    assert "there is no kind 'contract'; did you mean contact?" in unknown.output
    assert terminal.types("suggest", "contact", "nowhere").exit_code == 1

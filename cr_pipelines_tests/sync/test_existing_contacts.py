"""What is said of contacts that are in the room already: custom fields, segments, notes, and the legacy operations."""

from typing import Any

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.room import introduce

ADA = "'email' AS social_type, 'ada@example.com' AS value"


@pytest.fixture
def ada(flow: Flow) -> Flow:
    introduce(flow.sandbox, [("ada", "Ada", "ada@example.com")])
    return flow


def sync(flow: Flow, kind: str, source: str, **options: Any) -> Flow:
    return Flow(flow.data, flow.sandbox, Sync(kind, kind, flow.data.dialect_of(source), **options))


def field_values(flow: Flow, name: str, value: str, **options: Any) -> Flow:
    return sync(flow, "custom_field_value", f"SELECT {ADA}, {name} AS field, {value} AS field_value", **options)


def fields_of_ada(flow: Flow) -> dict[str, Any]:
    return flow.room["ada"]["custom_fields"]


@pytest.mark.parametrize(
    ("name", "value", "stored"),
    [
        ("Plan", "'Team'", "Team"),
        ("seats", "'7'", 7),
        ("Health score", "0.5", 0.5),
        ("Renewal date", "DATE '2027-01-01'", "2027-01-01"),
        ("Marketing opt-in", "'true'", True),
        ("CRM record", "'https://crm.example.com/1'", "https://crm.example.com/1"),
        ("Account owner", "'Grace'", "Grace"),
        ("Products used", "['API', 'Dashboards']", ["API", "Dashboards"]),
        ("Products used", """'["API", "Analytics"]'""", ["API", "Analytics"]),
        ("Teams", "'Core'", ["Core"]),
    ],
)
def test_a_field_is_set_by_its_type_one_value_or_several(ada: Flow, name: str, value: str, stored: Any):
    assert field_values(ada, f"'{name}'", value).run().delivered == 1
    assert list(fields_of_ada(ada).values()) == [stored]


def test_a_field_is_named_by_its_id_as_well(ada: Flow, sandbox: SandboxServer):
    number = sandbox.control.add_custom_field("Shoe size", "int")
    assert field_values(ada, str(number), "43").run().delivered == 1
    assert fields_of_ada(ada) == {"Shoe size": 43}


@pytest.mark.parametrize(
    ("name", "value", "field", "message"),
    [
        ("'Plam'", "'Team'", "field", "field is not a custom field of the room; did you mean Plan?"),
        ("'Plan'", "'Gold'", "field_value.Plan", "is not one of the values"),
        ("'Seats'", "'many'", "field_value.Seats", "not a number"),
        ("'Plan'", "['Team', 'Free']", "field_value.Plan", "is a list, and the custom field takes a single value"),
        ("'Teams'", "'[]'", "field_value", "is an empty list"),
        ("'Plan'", "NULL", "field_value", "field_value is null; it is required"),
        ("'Teams'", "NULL", "field_value", "field_value is null; it is required"),
    ],
)
def test_a_value_that_the_field_does_not_take_is_invalid(ada: Flow, name: str, value: str, field: str, message: str):
    if value.startswith("[") and ada.data.kind.startswith("sqlite"):
        pytest.skip("SQLite has no lists")
    assert field_values(ada, name, value).run().invalid == 1
    [(found, said)] = ada.rejected().values()
    assert found == field
    assert message in said


def test_a_null_takes_all_values_off_a_field_of_several_when_the_sync_clears_nulls(ada: Flow):
    field_values(ada, "'Teams'", "'Core'").run()
    cleared = field_values(ada, "'Teams'", "NULL", clear_nulls=True)
    assert cleared.run().delivered == 1
    assert fields_of_ada(ada)["Teams"] == []


def test_a_null_cannot_clear_a_field_of_one_value_and_says_what_can(ada: Flow):
    field_values(ada, "'Plan'", "'Team'").run()
    assert field_values(ada, "'Plan'", "NULL", clear_nulls=True).run().invalid == 1
    assert "give user_id instead of social_type and value" in next(iter(ada.rejected().values()))[1]
    assert fields_of_ada(ada) == {"Plan": "Team"}


def test_legacy_contacts_are_distinguished_by_their_socials(flow: Flow, sandbox: SandboxServer):
    contacts = sync(
        flow,
        "existing_contact",
        """SELECT 1 AS id, 'crm' AS source, 'Ada' AS full_name, 'https://img.example.com/a.png' AS avatar_url,
        'Wrote it' AS description, 'ada@example.com' AS email, 'ada' AS github, 'in/ada' AS linkedin, 'ada' AS twitter,
        'adatube' AS youtube, 'ada#1' AS discord, 'champions' AS segment, 'Engines' AS company,
        'engines.example.com' AS domain, 'Analyst' AS title, 'Engineering' AS role, 'London' AS city,
        'England' AS region, 'United Kingdom' AS country""",
    )
    assert contacts.run().delivered == 1
    [request] = sandbox.control.requests(operation="createOrUpdateContact")
    champions = next(own["id"] for own in sandbox.control.segments() if own["name"] == "Champions")
    assert request["body"] == {
        "source": "crm",
        "fullName": "Ada",
        "avatarUrl": "https://img.example.com/a.png",
        "description": "Wrote it",
        "socials": [
            {"type": "email", "value": "ada@example.com"},
            *(
                {"type": network, "value": {"handle": handle}}
                for network, handle in (
                    ("github", "ada"),
                    ("linkedin", "in/ada"),
                    ("twitter", "ada"),
                    ("youtube", "adatube"),
                    ("discord", "ada#1"),
                )
            ),
        ],
        "segment": champions,
        "company": "Engines",
        "domain": "engines.example.com",
        "title": "Analyst",
        "role": "Engineering",
        "location": {"city": "London", "region": "England", "country": "United Kingdom"},
    }


def test_a_legacy_contact_that_is_nobody_is_invalid(flow: Flow):
    assert sync(flow, "existing_contact", "SELECT 1 AS id, 'crm' AS source, 'London' AS city").run().invalid == 1
    assert "does not say who it is about" in flow.rejected()["1"][1]


def test_a_legacy_activity_is_found_by_handle_too_and_comes_with_its_tags(ada: Flow, sandbox: SandboxServer):
    sync(ada, "existing_contact", "SELECT 1 AS id, 'crm' AS source, 'ada@example.com' AS email, 'ada' AS github").run()
    activity = sync(
        ada,
        "contact_activity",
        """SELECT 1 AS id, 'crm' AS source, 'GitHub' AS social_type, 'ada' AS value, 'Used product' AS activity_type,
        'Clicked' AS activity_body, 'beta,power user' AS tags""",
    )
    assert activity.run().delivered == 1
    [request] = sandbox.control.requests(operation="createUserInputActivity")
    assert request["body"] == {
        "source": "crm",
        "socialType": "github",
        "value": "ada",
        "activityType": "used_product",
        "activityBody": "Clicked",
        "tags": "beta,power user",
    }


def test_a_handle_is_not_mistaken_for_an_address(ada: Flow):
    sync(ada, "contact_tag", "SELECT 'twitter' AS social_type, '@ada' AS value, 'VIP' AS tag").run()
    assert ada.sql("SELECT email_hash FROM common_room.sync_ledger") == [(None,)]

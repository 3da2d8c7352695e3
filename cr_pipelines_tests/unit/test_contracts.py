"""Each kind's contract: the request for a good row, and the field and the reason forevery bad value."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from cr_pipelines.sync.contract import CONTRACTS, InvalidValue, address_hash
from cr_pipelines_tests.unit.good_rows import ADA, GOOD, MOMENT
from cr_pipelines_tests.unit.room import CATALOG, body, found, problems, read


def test_every_kind_has_a_good_row_here() -> None:
    assert set(GOOD) == set(CONTRACTS)


@pytest.mark.parametrize("kind", CONTRACTS)
def test_a_good_row_becomes_its_request(kind: str) -> None:
    row, request = GOOD[kind]
    assert body(kind, **row) == request


@pytest.mark.parametrize(
    ("kind", "column"),
    [(kind, column.name) for kind, contract in CONTRACTS.items() for column in contract.columns if column.required],
)
def test_a_null_in_a_required_column_makes_the_row_invalid(kind: str, column: str) -> None:
    assert problems(kind, **GOOD[kind][0] | {column: None}) == [(column, "missing")]


@pytest.mark.parametrize(
    ("kind", "column"),
    [(kind, column.name) for kind, contract in CONTRACTS.items() for column in contract.columns if not column.required],
)
def test_a_null_in_any_other_column_is_left_out(kind: str, column: str) -> None:
    row = {name: value for name, value in GOOD[kind][0].items() if name != column}
    assert body(kind, **row, **{column: None}) == body(kind, **row)


BAD: list[tuple[str, str, object, str, str]] = [
    ("contact", "id", " ", "id", "blank_key"),
    ("contact", "id", True, "id", "wrong_type"),
    ("contact", "email", "ada.example.com", "email", "bad_email"),
    ("contact", "email", "ada@@example.com", "email", "bad_email"),
    ("contact", "email", "ada@example.com, bob@example.com", "email", "bad_email"),
    ("contact", "email", f"{'x' * 243}@example.com", "email", "bad_email"),
    ("contact", "email", 42, "email", "wrong_type"),
    ("contact", "full_name", "x" * 1001, "full_name", "too_long"),
    ("contact", "full_name", "Ada\x07", "full_name", "control_character"),
    ("contact", "full_name", "Ada\ud800", "full_name", "broken_character"),
    ("contact", "full_name", [1, 2], "full_name", "wrong_type"),
    ("contact", "full_name", True, "full_name", "wrong_type"),
    ("contact", "full_name", date(2026, 1, 1), "full_name", "wrong_type"),
    ("contact", "full_name", b"Ada", "full_name", "wrong_type"),
    ("contact", "bio", "x" * 20_001, "bio", "too_long"),
    ("contact", "avatar_url", "img.example.com/a.png", "avatar_url", "bad_url"),
    ("contact", "avatar_url", "https://img.example.com/a b.png", "avatar_url", "bad_url"),
    ("contact", "discord", "ada#x", "discord", "bad_discord"),
    ("contact", "external_profiles", 7, "external_profiles", "wrong_type"),
    ("contact", "external_profiles", "nonsense", "external_profiles", "bad_json"),
    ("contact", "external_profiles", [{"name": "Blog"}], "external_profiles", "bad_profile"),
    ("contact", "external_profiles", ["ftp://x"], "external_profiles", "bad_url"),
    ("contact", "tags", 5, "tags", "wrong_type"),
    ("contact", "tags", "[" * 100_000, "tags", "bad_json"),
    ("contact", "tags", '["\\ud800"]', "tags", "broken_character"),
    ("contact", "custom_fields", {"Plam": "Free"}, "custom_fields.Plam", "unknown_custom_field"),
    ("contact", "custom_fields", {"Plan": "Platinum"}, "custom_fields.Plan", "wrong_enum_value"),
    ("contact", "custom_fields", {"Seats": "many"}, "custom_fields.Seats", "wrong_value"),
    ("contact", "custom_fields", {"Seats": 1.5}, "custom_fields.Seats", "wrong_value"),
    ("contact", "custom_fields", {"Seats": [1, 2]}, "custom_fields.Seats", "wrong_type"),
    ("contact", "custom_fields", {"Health score": "1e300000"}, "custom_fields.Health score", "wrong_value"),
    ("contact", "custom_fields", {"Health score": "sNaN"}, "custom_fields.Health score", "wrong_value"),
    ("contact", "custom_fields", {"Renewal date": "01/02/2026"}, "custom_fields.Renewal date", "wrong_value"),
    ("contact", "custom_fields", {"Renewal date": MOMENT}, "custom_fields.Renewal date", "wrong_value"),
    ("contact", "custom_fields", {"Marketing opt-in": "maybe"}, "custom_fields.Marketing opt-in", "wrong_value"),
    ("contact", "custom_fields", {"CRM record": "crm/1"}, "custom_fields.CRM record", "bad_url"),
    ("contact", "custom_fields", {"Owner": "ada"}, "custom_fields.Owner", "unknown_type"),
    ("contact", "custom_fields", "[1]", "custom_fields", "wrong_type"),
    ("contact", "custom_fields", "{", "custom_fields", "bad_json"),
    ("activity", "activity_type", "posted_mesage", "activity_type", "unknown_activity_type"),
    ("activity", "parent_activity_type", "nothing", "parent_activity_type", "unknown_activity_type"),
    ("activity", "timestamp", date(2026, 3, 1), "timestamp", "wrong_type"),
    ("activity", "timestamp", "yesterday", "timestamp", "wrong_type"),
    ("activity", "content_format", "html", "content_format", "wrong_value"),
    ("activity", "user_id", "", "user_id", "blank_key"),
    ("activity", "user_email", "nobody", "user_email", "bad_email"),
    ("activity", "url", "nowhere", "url", "bad_url"),
    ("tag", "name", " New", "name", "outer_blanks"),
    ("tag", "name", "  ", "name", "blank"),
    ("tag", "entity_types", "people", "entity_types", "wrong_value"),
    ("tag", "entity_types", " , ", "entity_types", "missing"),
    ("contact_tag", "social_type", "fax", "social_type", "wrong_value"),
    ("contact_tag", "value", "nobody", "value", "bad_email"),
    ("contact_tag", "value", "a@example.com,b@example.com", "value", "comma"),
    ("contact_tag", "tag", "one, two", "tag", "comma"),
    ("contact_tag", "tag", "Account", "tag", "wrong_entity_type"),
    ("custom_field_value", "field", "Plam", "field", "unknown_custom_field"),
    ("custom_field_value", "field_value", "many", "field_value.Seats", "wrong_value"),
    ("segment_member", "segment", "Champion", "segment", "unknown_segment"),
    ("segment_member", "status", "Lost", "status", "unknown_status"),
    ("contact_note", "note", " ", "note", "blank"),
    ("contact_note", "note", "x" * 20_001, "note", "too_long"),
    ("segment_note", "segment", 99, "segment", "unknown_segment"),
    ("existing_contact", "source", "", "source", "blank"),
    ("existing_contact", "email", "nobody", "email", "bad_email"),
    ("contact_activity", "activity_body", "", "activity_body", "blank"),
    ("contact_activity", "occurred_at", 1_772_366_400, "occurred_at", "wrong_type"),
]


@pytest.mark.parametrize(("kind", "column", "value", "field", "reason"), BAD)
def test_a_bad_value_names_its_field_and_reason(kind: str, column: str, value: object, field: str, reason: str) -> None:
    assert problems(kind, **GOOD[kind][0] | {column: value}) == [(field, reason)]


@pytest.mark.parametrize(("kind", "column", "value", "field"), [case[:4] for case in BAD])
def test_a_message_begins_with_its_field(kind: str, column: str, value: object, field: str) -> None:
    [problem] = found(kind, **GOOD[kind][0] | {column: value})
    assert problem.message.startswith(f"{field} ")


@pytest.mark.parametrize(("kind", "column", "value"), [case[:3] for case in BAD if isinstance(case[2], str)])
def test_no_message_repeats_a_value(kind: str, column: str, value: str) -> None:
    mark = "Sesame"
    assert mark not in str(found(kind, **GOOD[kind][0] | {column: value + mark}))


def test_every_problem_of_a_row_is_found_at_once() -> None:
    found = problems("contact", id=None, email="x", avatar_url="y", custom_fields={"Seats": "z"})
    assert found == [
        ("id", "missing"),
        ("email", "bad_email"),
        ("avatar_url", "bad_url"),
        ("custom_fields.Seats", "wrong_value"),
    ]


@pytest.mark.parametrize(
    ("value", "key"),
    [
        (42, "42"),
        (12345678901234567890123456789012345671, "12345678901234567890123456789012345671"),
        (7.0, "7"),
        (Decimal("1.50"), "1.5"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (" c1", " c1"),
    ],
)
def test_a_key_is_written_out_in_one_way(value: object, key: str) -> None:
    assert body("contact", id=value)["id"] == key


def test_a_moment_is_sent_in_utc() -> None:
    row = GOOD["activity"][0]
    for value in ("2026-03-01T13:00:00+01:00", datetime(2026, 3, 1, 12, tzinfo=UTC), "2026-03-01 12:00"):
        assert body("activity", **row | {"timestamp": value})["timestamp"] == "2026-03-01T12:00:00Z"


def test_a_parent_may_be_of_another_type() -> None:
    row = GOOD["activity"][0] | {"parent_activity_type": "Attended a webinar"}
    assert body("activity", **row)["parentActivity"] == {"id": "a0", "activityType": "attended_webinar"}


def test_custom_fields_come_as_struct_map_or_json_and_go_by_name_or_id() -> None:
    wanted = [{"id": 2, "value": {"type": "int", "value": 7}}]
    for value in ({"Seats": 7}, [("seats", "7")], '{"Seats": 7}', {"2": Decimal("7.0")}):
        assert body("contact", id="c", custom_fields=value)["customFields"] == wanted


def test_a_null_custom_field_is_cleared_only_when_the_sync_clears_nulls() -> None:
    row = {"id": "c", "custom_fields": {"Seats": None, "Plan": "Free"}}
    plan = {"id": 1, "value": {"type": "enum", "value": "Free"}}
    assert body("contact", **row)["customFields"] == [plan]
    cleared = body("contact", clear_nulls=True, **row)["customFields"]
    assert [field["id"] for field in cleared] == [2, 1]
    assert cleared[0] != {"id": 2, "value": {"type": "int", "value": None}}
    assert cleared[1] == plan


def test_a_field_of_several_values_takes_one_a_list_or_a_json_array() -> None:
    for value in (["API", None, "UI"], '["API", "UI"]'):
        sent = body("custom_field_value", **ADA, field="Products used", field_value=value)
        assert sent["customFieldValues"] == [{"type": "string", "value": "API"}, {"type": "string", "value": "UI"}]
    sent = body("custom_field_value", **ADA, field="Products used", field_value="API")
    assert sent["customFieldValues"] == [{"type": "string", "value": "API"}]


def test_only_a_field_of_several_values_is_cleared_by_itself() -> None:
    several = ADA | {"field": "Products used", "field_value": None}
    assert problems("custom_field_value", **several) == [("field_value", "missing")]
    assert body("custom_field_value", clear_nulls=True, **several)["customFieldValues"] == []
    single = ADA | {"field": "Seats", "field_value": None}
    assert problems("custom_field_value", clear_nulls=True, **single) == [("field_value", "cannot_clear")]
    assert problems("custom_field_value", **several | {"field_value": []}) == [("field_value", "blank")]


def test_a_tag_cannot_change_what_it_is_for() -> None:
    assert problems("tag", name="VIP", entity_types="member, company") == [("entity_types", "fixed_entity_types")]
    assert problems("tag", name="VIP", entity_types="member") == []


def test_an_existing_contact_must_say_who_it_is_about() -> None:
    assert problems("existing_contact", id=1, source="crm", city="London") == [("email", "nobody")]


def test_every_address_of_a_row_is_hashed_and_the_email_column_is_the_ledgers() -> None:
    ada, bob, key = map(address_hash, ("ada@example.com", "bob@example.com", "key@example.com"))
    outgoing = read("contact", id="key@example.com", username="Bob@Example.com", email=" ADA@example.com ")
    assert set(outgoing.address_hashes) == {ada, bob, key}
    assert outgoing.email_hash == ada
    assert outgoing.person is not None
    assert "@" not in outgoing.person


def test_the_handle_of_an_account_is_no_address() -> None:
    assert read("contact", id="c", username="@ada@example.com").address_hashes == ()


def test_rows_that_agree_in_segment_and_status_share_a_request() -> None:
    def group(**changes: object) -> tuple[object, ...]:
        return read("segment_member", **GOOD["segment_member"][0] | changes).group

    assert group() == group(value="bob@example.com") == group(segment=11)
    assert len({group(), group(status=None), group(segment=12, status=None)}) == 3


def test_a_column_that_is_not_of_the_contract_is_ignored_with_the_nearest_name() -> None:
    match = CONTRACTS["contact"].match(["id", "e_mail", "shoe_size", "fullname"])
    assert [column.name for column in match.columns] == ["id"]
    assert match.ignored == {"e_mail": "email", "shoe_size": None, "fullname": "full_name"}
    assert CONTRACTS["activity"].match(["id"]).missing == ("activity_type", "timestamp", "user_id")


PEOPLE = [
    ("contact_tag", {"tag": "VIP"}, {"id": "c1", "tags": [{"type": "name", "name": "VIP"}]}),
    (
        "custom_field_value",
        {"field": "Seats", "field_value": "7"},
        {"id": "c1", "customFields": [{"id": 2, "value": {"type": "int", "value": 7}}]},
    ),
    (
        "custom_field_value",
        {"field": 5, "field_value": ["a", "b"]},
        {"id": "c1", "customFields": [{"id": 5, "value": {"type": "string", "value": ["a", "b"]}}]},
    ),
]


@pytest.mark.parametrize(("kind", "values", "request_"), PEOPLE)
@pytest.mark.parametrize("more", [{}, {"social_type": None, "value": None}, ADA, {"social_type": "fax", "value": 7}])
def test_an_id_in_the_api_signal_takes_the_place_of_an_address(kind: str, values, request_, more) -> None:
    assert body(kind, user_id="c1", **values, **more) == request_


def test_a_row_with_an_id_is_about_the_person_and_the_address_that_it_has() -> None:
    outgoing = read("contact_tag", user_id=7, tag="VIP", **ADA)
    assert (outgoing.person, outgoing.address_hashes) == ("7", (address_hash(ADA["value"]),))
    assert outgoing.group == read("contact_tag", user_id="7", tag="Other").group


def test_a_cleared_field_of_a_person_has_no_value() -> None:
    cleared = body("custom_field_value", user_id="c1", field="Seats", field_value=None, clear_nulls=True)
    assert cleared == {"id": "c1", "customFields": [{"id": 2}]}
    assert problems("custom_field_value", user_id="c1", field="Seats", field_value=None) == [("field_value", "missing")]


@pytest.mark.parametrize(("kind", "values", "request_"), PEOPLE)
def test_an_id_that_is_no_key_makes_the_row_invalid(kind: str, values, request_) -> None:
    assert problems(kind, user_id=" ", **values) == [("user_id", "blank_key")]


@pytest.mark.parametrize(("name", "similar"), [("Plam", "Plan"), ("SEAT", "Seats"), ("Birthday of Ada", None)])
def test_an_unknown_name_comes_with_the_most_similar_one(name: str, similar: str | None) -> None:
    with pytest.raises(InvalidValue) as caught:
        CATALOG.custom_fields.find(name)
    assert caught.value.similar == similar
    assert ("did you mean" in caught.value.message) is (similar is not None)

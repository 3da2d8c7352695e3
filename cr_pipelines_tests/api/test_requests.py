import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cr_pipelines.api import (
    Activity,
    ClearCustomField,
    ContactCustomFieldValues,
    ContactTags,
    CustomFieldValue,
    Handle,
    SegmentMembers,
    TagByName,
    TypedValue,
    User,
)


def wire(model: Any) -> Any:
    return json.loads(model.wire_json())


def test_fields_never_set_are_left_out_and_an_explicit_none_is_sent_as_null() -> None:
    assert wire(User(id="1", company_name=None)) == {"id": "1", "companyName": None}


def test_both_pythons_and_the_apis_names_are_understood() -> None:
    assert User.model_validate({"id": "1", "fullName": "Ada"}) == User(id="1", full_name="Ada")


def test_a_constant_type_is_sent_though_nobody_set_it() -> None:
    assert wire(User(id="1", github=Handle(value="ada"), tags=[TagByName(name="VIP")])) == {
        "id": "1",
        "github": {"type": "handle", "value": "ada"},
        "tags": [{"type": "name", "name": "VIP"}],
    }


def test_a_field_the_api_does_not_have_is_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        User.model_validate({"id": "1", "nickname": "x"})


@pytest.mark.parametrize("change", [{"id": 3}, {"id": 3, "value": None}, {"id": 3, "value": {"type": "string"}}])
def test_a_custom_field_is_never_cleared_by_a_missing_or_null_value(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        User.model_validate({"id": "1", "custom_fields": [change]})


def test_a_null_inside_a_custom_fields_value_is_refused() -> None:
    for value in (None, [None], float("nan"), float("inf")):
        with pytest.raises(ValidationError):
            TypedValue(type="number", value=value)


def test_a_custom_field_is_cleared_by_saying_so() -> None:
    assert wire(User(id="1", custom_fields=[ClearCustomField(id=3)]))["customFields"] == [{"id": 3}]


def test_all_values_of_a_multi_value_field_cannot_be_taken_away_by_an_empty_list() -> None:
    with pytest.raises(ValidationError):
        ContactCustomFieldValues(social_type="email", value="a@b.cd", custom_field_id=1, custom_field_values=[])


@given(st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text(), st.dates()))
def test_a_custom_fields_value_keeps_its_type_when_it_is_sent(value: Any) -> None:
    sent = wire(CustomFieldValue(id=1, value=TypedValue(type="string", value=value)))["value"]["value"]
    expected = value.isoformat() if isinstance(value, date) else value
    assert sent == expected
    assert type(sent) is type(expected)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Activity(id="1", activity_type="t", user=User(id="1"), timestamp=datetime(2026, 1, 2))  # noqa: DTZ001
    assert wire(Activity(id="1", activity_type="t", user=User(id="1"), timestamp=datetime(2026, 1, 2, tzinfo=UTC)))[
        "timestamp"
    ] == ("2026-01-02T00:00:00Z")


@pytest.mark.parametrize("tags", [["a,b"], [" "], []])
def test_what_travels_separated_by_commas_may_not_hold_commas(tags: list[str]) -> None:
    with pytest.raises(ValidationError):
        ContactTags(social_type="email", value="a@example.com", tags=tags)
    with pytest.raises(ValidationError):
        SegmentMembers(social_type="email", values=tags)


@given(st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), min_size=3))
def test_no_model_shows_what_it_holds(secret: str) -> None:
    user = User(id="1", full_name=secret, github=Handle(value=secret), tags=[TagByName(name=secret)])
    assert secret not in repr(user)
    assert secret not in str(user)
    with pytest.raises(ValidationError) as refused:
        User.model_validate({"id": "1", "email": [secret], "tags": [{"type": "name", "name": {secret: secret}}]})
    assert secret not in str(refused.value)

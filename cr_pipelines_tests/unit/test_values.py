"""Rules that hold for any value, of whatever type a warehouse has."""

import json
import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cr_pipelines.sync.contract import CONTRACTS, InvalidValue, values
from cr_pipelines_tests.unit.good_rows import GOOD
from cr_pipelines_tests.unit.room import found

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.decimals()
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes(timezones=st.none() | st.just(UTC))
    | st.timedeltas()
    | st.uuids()
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    max_leaves=6,
)
COLUMNS = [(kind, column.name) for kind, contract in CONTRACTS.items() for column in contract.columns]


@given(place=st.sampled_from(COLUMNS), value=ANYTHING)
def test_any_value_is_either_sent_or_refused_with_a_reason(place: tuple[str, str], value: Any) -> None:
    kind, column = place
    assert all(problem.reason_code and problem.message for problem in found(kind, **GOOD[kind][0] | {column: value}))


@given(st.integers())
def test_a_whole_number_is_the_same_however_it_is_written(number: int) -> None:
    spellings = [number, str(number), f" {number} ", Decimal(number)]
    if abs(number) < 2**53:
        spellings.append(float(number))
    assert {values.as_integer(spelling) for spelling in spellings} == {number}
    assert {values.key(spelling) for spelling in (number, Decimal(number), f"{number}")} == {str(number)}


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**9), max_value=10**9))
def test_trailing_zeros_do_not_change_a_key(number: Decimal) -> None:
    assert values.key(number) == values.key(number.normalize()) == values.key(number.quantize(Decimal("1.000000")))


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("Infinity"), "1e301", True])
def test_what_is_no_finite_number_is_refused(number: object) -> None:
    with pytest.raises(InvalidValue):
        values.as_number(number)


@given(
    moment=st.builds(datetime.combine, st.dates(date(2, 1, 1), date(9998, 1, 1)), st.times(), st.just(UTC)),
    offset=st.integers(-14 * 60, 14 * 60),
)
def test_a_moment_is_the_same_in_every_zone_and_as_text(moment: datetime, offset: int) -> None:
    here = moment.astimezone(timezone(timedelta(minutes=offset)))
    for spelling in (moment, moment.replace(tzinfo=None), here, here.isoformat()):
        assert values.as_timestamp(spelling) == moment


@given(st.dates())
def test_a_date_is_written_in_one_way(day: date) -> None:
    assert values.as_date(day) == values.as_date(f" {day.isoformat()} ") == day.isoformat()


@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1))
def test_names_come_as_a_list_or_with_commas_or_as_json(names: list[str]) -> None:
    wanted = list(dict.fromkeys(names))
    assert values.names(names) == values.names(" , ".join(names)) == values.names(json.dumps(names)) == wanted


@given(st.text())
def test_text_is_sent_as_it_is_or_refused(text: str) -> None:
    try:
        sent = values.prose(text)
    except InvalidValue as fault:
        reason = fault.reason_code
        sent = text
    else:
        reason = None
    assert sent == text
    assert reason in {None, "blank", "control_character", "broken_character", "too_long"}


@pytest.mark.parametrize(
    "address",
    [
        "a@b.example",
        "o'brien+tag@mail.example.com",
        "x@sub-domain.example",
        "a_b.c-d@e.example",
    ],
)
def test_an_ordinary_address_is_taken_trimmed(address: str) -> None:
    assert values.email(f"  {address}\n") == address


def test_an_address_is_sent_composed_and_with_its_domain_in_ascii() -> None:
    assert values.email("\ufeffJos\u0065\u0301@B\u00fccher.example\u2028") == "Jos\u00e9@xn--bcher-kva.example"


@pytest.mark.parametrize("letter", ["\u200b", "\u00ad", "\ufeff", "\u200e", "\u2060"])
def test_an_invisible_character_inside_an_address_is_named(letter: str) -> None:
    with pytest.raises(InvalidValue) as fault:
        values.email(f"a{letter}da@example.com")
    assert fault.value.reason_code == "invisible_character"


@pytest.mark.parametrize("address", [".ada@example.com", "ada.@example.com", "ada@example.c"])
def test_an_address_that_no_server_takes_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue) as fault:
        values.email(address)
    assert fault.value.reason_code == "bad_email"


@pytest.mark.parametrize(
    "address",
    [
        "@b.example",
        "a@",
        "a@b",
        "a b@c.example",
        "a@b.example;c@d.example",
        "<a@b.example>",
        "a@b..example",
        "a@-b.example",
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        values.email(address)
    assert caught.value.reason_code == "bad_email"


@pytest.mark.parametrize("read_blank", [values.email, values.url, values.account, values.handle, values.discord])
def test_a_blank_counts_as_null(read_blank: values.Reader) -> None:
    assert read_blank("  ") is None

"""What a run says of itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cr_pipelines.sync import Progress, Report, rows, without_own_name

QUIET = {"source_rows": 10, "unchanged": 4, "delivered": 6, "requests": 6, "seconds": 1.23}


def summary(**fields: Any) -> str:
    return Report("contacts", "r", **QUIET | fields).summary()


def test_a_summary_of_a_quiet_run_counts_rows_and_requests() -> None:
    said = summary()
    assert said.startswith("contacts: 10 rows in the source: 6 delivered, 4 unchanged; 6 requests in 1.2 s")
    assert "invalid" not in said
    assert "429" not in said


@pytest.mark.parametrize("place", ["invalid", "rejected", "failed", "suppressed", "unknown"])
def test_a_summary_counts_rows_that_were_not_delivered(place: str) -> None:
    assert f"1,234 {place}" in summary(**{place: 1234})


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"not_sent": 3}, "3 not sent"),
        ({"deletions": 2}, "2 deleted"),
        ({"deletions": 2, "dry_run": True}, "2 would be deleted"),
        ({"dry_run": True}, "6 would be sent"),
        ({"unknown_keys": ("c9",)}, "1 of the keys"),
        ({"rate_limited": 5}, "429"),
        ({"emptied": True}, "nothing was changed"),
    ],
)
def test_a_summary_says_what_was_out_of_the_ordinary(fields: dict[str, Any], words: str) -> None:
    assert words in summary(**fields)
    assert words not in summary()


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xy")), max_size=20))
def test_problems_add_up_with_at_most_three_keys_each(found: list[tuple[str, str]]) -> None:
    report = Report("contacts", "r")
    for number, (field, reason) in enumerate(found):
        report.add_problem(f"c{number}", field, reason, f"the first is {number}")
    assert sum(problem.rows for problem in report.problems) == len(found)
    assert {(problem.field, problem.reason_code) for problem in report.problems} == set(found)
    assert len(report.problems) == len(set(found))
    for problem in report.problems:
        keys = [f"c{n}" for n, place in enumerate(found) if place == (problem.field, problem.reason_code)]
        assert problem.example_keys == keys[:3]
        assert problem.message == f"the first is {keys[0][1:]}"


def test_counts_have_a_column_of_sync_runs_for_each_place_of_a_row() -> None:
    places = {"unchanged", "delivered", "invalid", "rejected", "failed", "suppressed", "unknown", "not_sent"}
    assert places | {"offered", "source_rows"} <= set(Report("contacts", "r").counts())


@pytest.mark.parametrize(
    ("seconds", "left"),
    [(None, "time left unknown"), (5.2, "5 s"), (65, "1 min 5 s"), (3_720, "1 h 2 min"), (59.6, "1 min 0 s")],
)
def test_progress_says_how_long_it_still_takes(seconds: float | None, left: str) -> None:
    said = str(Progress("contacts", 1_000, 20_000, 1_234.5, seconds, 0))
    assert "1,000 of 20,000 rows" in said
    assert left in said


@pytest.mark.parametrize(("count", "words"), [(0, "0 rows"), (1, "1 row"), (1_000, "1,000 rows")])
def test_rows_are_counted_in_words(count: int, words: str) -> None:
    assert rows(count) == words


@pytest.mark.parametrize(
    ("field", "reason_code", "message", "shown"),
    [
        (
            "custom_fields.Ada's plan",
            "unknown_custom_field",
            "custom_fields.Ada's plan is not a custom field of the room; did you mean Plan?",
            ("custom_fields", "a name in custom_fields is not a custom field of the room; did you mean Plan?"),
        ),
        (
            "email",
            "bad_email",
            "email is not an e-mail address; custom_fields.Ada is no custom field of the room",
            ("email", "email is not an e-mail address; a name in custom_fields is no custom field of the room"),
        ),
        (
            "custom_fields.Seats",
            "wrong_value",
            "custom_fields.Seats is text that is not a whole number",
            ("custom_fields.Seats", "custom_fields.Seats is text that is not a whole number"),
        ),
    ],
)
def test_names_that_only_a_row_has_are_hidden(
    field: str, reason_code: str, message: str, shown: tuple[str, str]
) -> None:
    assert without_own_name(field, reason_code, message) == shown

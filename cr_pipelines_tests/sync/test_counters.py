"""Every number that a run counts is shown wherever runs are shown."""

from dataclasses import fields
from typing import get_args

import pytest

from cr_pipelines.components.sync.metadata import report_metadata
from cr_pipelines.sync import COUNTERS, Counter, Report
from cr_pipelines.sync.counters import Place
from cr_pipelines.sync.state.runs import SYNC_RUNS

DETAILS = {
    "null_keys",
    "duplicate_rows",
    "unread",
    "suppressed_before",
    "requests_waiting",
    "changed",
    "changed_columns",
    "changed_compared",
    "rows_with_dropped_values",
}
"""Parts of other counters, and what an earlier run counted; the report's problems and checks name them."""


def full_report(*, dry_run: bool = False) -> Report:
    """A report whose every number is one of its own."""
    report = Report("tags", "run", dry_run=dry_run)
    for number, counter in enumerate(COUNTERS, start=1001):
        setattr(report, counter.name, number)
    return report


def test_every_number_of_a_report_is_a_counter() -> None:
    numbers = {
        field.name
        for field in fields(Report)
        if field.init and set(get_args(field.type) or (field.type,)) & {int, float}
    }
    assert numbers == {counter.name for counter in COUNTERS} | DETAILS


def test_every_counter_is_a_column_of_sync_runs() -> None:
    report = full_report()
    assert report.counts() == {"stopped_by": None, **{counter.name: report.count(counter) for counter in COUNTERS}}
    assert set(report.counts()) <= set(SYNC_RUNS.columns)


@pytest.mark.parametrize("dry_run", [False, True])
def test_every_counter_is_in_the_metadata(dry_run: bool) -> None:
    report = full_report(dry_run=dry_run)
    metadata = report_metadata(report, all_keys=True)
    for counter in COUNTERS:
        number = report.count(counter)
        assert number is not None
        assert metadata[counter.metadata_in(dry_run=dry_run)] == counter.rounded(number)


@pytest.mark.parametrize("counter", COUNTERS, ids=lambda counter: counter.name)
@pytest.mark.parametrize("place", get_args(Place))
def test_every_place_lists_a_counter_or_says_why_not(counter: Counter, place: Place) -> None:
    listed = {shown.name for shown, _ in full_report().shown_counts(place)}
    assert (counter.name in listed) != bool(counter.omitted.get(place))


def test_the_summary_has_every_count_that_it_lists() -> None:
    summary = full_report().summary()
    for counter in COUNTERS:
        if "summary" not in counter.omitted:
            assert f"{full_report().count(counter):,} {counter.label}" in summary


def test_partitions_are_added_up() -> None:
    report, other = full_report(), full_report()
    report.add_partition(other)
    for counter in COUNTERS:
        number = other.count(counter)
        assert number is not None
        assert report.count(counter) == (number if counter.latest else 2 * number)

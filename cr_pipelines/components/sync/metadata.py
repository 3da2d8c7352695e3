"""What a run shows in Dagster.

Goes in: the engine's report, or its progress. Comes out: metadata whose numbers Dagster plots over time. None of it is
personal data.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from cr_pipelines.components.shared.metadata import metadata_table
from cr_pipelines.sync import COUNTERS, Progress, RejectedRow, Report, without_own_name

_FIRST = ("source_rows", "offered", "offered_new", "delivered")
_LAST = ("requests", "rate_limited", "retries", "rate_limit", "interval_seconds", "rate_used", "seconds")
_OUTCOMES = [counter.name for counter in COUNTERS if counter.name not in {*_FIRST, *_LAST}]
_ROW_COUNT = "dagster/row_count"
_PARTITION_ROW_COUNT = "dagster/partition_row_count"


def report_metadata(report: Report, *, all_keys: bool) -> dict[str, Any]:
    """Return the report as metadata: how many rows, what became of them, which need a look, and what it took.

    `all_keys`: the run config named no keys, so the source was counted.
    """
    metadata = _numbers(report, _FIRST)
    row_count = metadata.pop(_ROW_COUNT)
    if all_keys:
        metadata = {_PARTITION_ROW_COUNT if report.partition else _ROW_COUNT: row_count, **metadata}
    metadata |= {**_numbers(report, _OUTCOMES), **_details(report), **_numbers(report, _LAST)}
    if report.seconds and not report.dry_run:
        metadata["rows_per_second"] = round(report.delivered / report.seconds, 1)
    return metadata


def _numbers(report: Report, names: Sequence[str]) -> dict[str, Any]:
    """Return the numbers of some counters, in this order."""
    counters = sorted((each for each in COUNTERS if each.name in names), key=lambda counter: names.index(counter.name))
    numbers = ((counter, report.count(counter)) for counter in counters)
    return {
        counter.metadata_in(dry_run=report.dry_run): counter.rounded(number)
        for counter, number in numbers
        if number is not None
    }


def _details(report: Report) -> dict[str, Any]:
    """Return the keys, columns and rows that need a look."""
    metadata: dict[str, Any] = {}
    if report.rejected_rows:
        metadata["rejected_keys"] = rejected_table(report)
    if report.deleted_remotely_keys:
        metadata["deleted_remotely_keys"] = report.deleted_remotely_keys
    if report.deletion_keys:
        metadata["deletion_keys"] = report.deletion_keys
    if report.changes():
        metadata["changed_columns"] = report.changes()
    if report.explanations:
        metadata["explained"] = explained_table(report)
    return metadata


def rejected_table(report: Report) -> dg.TableMetadataValue:
    """Return some of the invalid and rejected rows as a table, each with its field and reason."""
    return metadata_table(
        dict.fromkeys(("key", "message", "field", "reason", "status"), "string"),
        ((row.key, *_message_and_field(row), row.reason_code or "", row.status) for row in report.rejected_rows),
    )


def explained_table(report: Report) -> dg.TableMetadataValue:
    """Return what a dry run says of the keys that the run config names, without the values of the rows."""
    return metadata_table(
        dict.fromkeys(("key", "next_run", "ledger", "sent_last", "sent_fields"), "string"),
        (
            (
                row.key,
                row.next_run,
                row.entry.status if row.entry else "",
                row.entry.last_sent_at.isoformat() if row.entry and row.entry.last_sent_at else "",
                ", ".join(row.sent_fields),
            )
            for row in report.explanations
        ),
    )


def progress_metadata(progress: Progress) -> dict[str, Any]:
    """Return the progress of a run as metadata."""
    metadata: dict[str, Any] = {
        "rows_done": progress.done,
        "rows_total": progress.total,
        "rows_per_second": round(progress.rows_per_second, 1),
        "requests_rate_limited": progress.rate_limited,
    }
    if progress.seconds_left is not None:
        metadata["seconds_left"] = round(progress.seconds_left)
    return metadata


def _message_and_field(row: RejectedRow) -> tuple[str, str]:
    field, message = without_own_name(row.field or "", row.reason_code, row.message or "")
    return message, field

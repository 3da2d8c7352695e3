"""What a run shows in Dagster.

Goes in: the engine's report, or its progress. Comes out: metadata whose numbers Dagster plots over time. None of it is
personal data.
"""

from typing import Any

import dagster as dg

from cr_pipelines.components.shared.metadata import metadata_table
from cr_pipelines.sync import Progress, Report


def report_metadata(report: Report, *, all_keys: bool) -> dict[str, Any]:
    """Return the report as metadata. `all_keys`: the run config named no keys, so the source was counted."""
    row_count = "dagster/partition_row_count" if report.partition else "dagster/row_count"
    numbers: dict[str, int | float | None] = {
        row_count: report.source_rows if all_keys else None,
        "rows_changed": report.changed,
        "rows_to_deliver" if report.dry_run else "rows_delivered": report.delivered,
        "rows_unchanged": report.unchanged,
        "rows_invalid": report.invalid,
        "rows_rejected": report.rejected,
        "rows_failed": report.failed,
        "rows_suppressed": report.suppressed,
        "rows_unknown": report.unknown,
        "rows_not_sent": report.not_sent,
        "rows_gone": report.gone,
        "requests": report.requests,
        "requests_rate_limited": report.rate_limited,
        "requests_retried": report.retries,
        "rate_limit_used_percent": None if report.rate_used is None else round(100 * report.rate_used, 1),
        "seconds": round(report.seconds, 2),
        "rows_per_second": round(report.delivered / report.seconds, 1) if report.seconds else None,
    }
    if report.dry_run:
        numbers.pop("rows_per_second")
    metadata: dict[str, Any] = {name: number for name, number in numbers.items() if number is not None}
    if report.rejected_rows:
        metadata["rejected_keys"] = rejected_table(report)
    return metadata


def rejected_table(report: Report) -> dg.TableMetadataValue:
    """Return some of the invalid and rejected rows as a table, each with its field and reason."""
    return metadata_table(
        dict.fromkeys(("key", "message", "field", "reason", "status"), "string"),
        (
            (row.key, row.message or "", row.field or "", row.reason_code or "", row.status)
            for row in report.rejected_rows
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

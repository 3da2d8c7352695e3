from typing import Any

import dagster as dg

from cr_pipelines.sync import Progress, Report

_MOST_REJECTED = 20


def of_report(report: Report, *, whole: bool) -> dict[str, Any]:
    """The report as metadata; Dagster plots the numbers over time. `whole`: no keys were named."""
    row_count = "dagster/partition_row_count" if report.partition else "dagster/row_count"
    numbers: dict[str, int | float | None] = {
        row_count: report.source_rows if whole else None,
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
    """Some of the rows that are not in the room, each with its field and reason."""
    columns = ("key", "message", "field", "reason", "status")
    return dg.MetadataValue.table(
        records=[
            dg.TableRecord(
                dict(
                    zip(
                        columns,
                        (row.key, row.message or "", row.field or "", row.reason_code or "", row.status),
                        strict=True,
                    )
                )
            )
            for row in report.rejected_rows[:_MOST_REJECTED]
        ],
        schema=dg.TableSchema(columns=[dg.TableColumn(name) for name in columns]),
    )


def of_progress(progress: Progress) -> dict[str, Any]:
    """How far a run has come, as metadata."""
    metadata: dict[str, Any] = {
        "rows_done": progress.done,
        "rows_total": progress.total,
        "rows_per_second": round(progress.rows_per_second, 1),
        "requests_rate_limited": progress.rate_limited,
    }
    if progress.seconds_left is not None:
        metadata["seconds_left"] = round(progress.seconds_left)
    return metadata

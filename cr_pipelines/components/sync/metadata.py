from typing import Any

import dagster as dg

from cr_pipelines.sync import COUNTERS, Progress, Report

_MOST_REJECTED = 20
_ROW_COUNT = "dagster/row_count"
_PARTITION_ROW_COUNT = "dagster/partition_row_count"


def of_report(report: Report, *, whole: bool) -> dict[str, Any]:
    """Return the report as metadata; Dagster plots the numbers over time. `whole`: no keys were named."""
    metadata: dict[str, Any] = {}
    for counter in COUNTERS:
        number = report.count(counter)
        if number is not None:
            metadata[counter.metadata_in(dry_run=report.dry_run)] = counter.rounded(number)
    row_count = metadata.pop(_ROW_COUNT)
    if whole:
        metadata[_PARTITION_ROW_COUNT if report.partition else _ROW_COUNT] = row_count
    if report.seconds and not report.dry_run:
        metadata["rows_per_second"] = round(report.delivered / report.seconds, 1)
    if report.deleted_remotely_keys:
        metadata["deleted_remotely_keys"] = report.deleted_remotely_keys
    if report.deletion_keys:
        metadata["deletion_keys"] = report.deletion_keys
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

"""The checks of a sync.

Goes in: the engine's report of a run that planned the whole source. Comes out: a result for each check, whose
description says how to fix what failed.
"""

from collections.abc import Sequence

import dagster as dg

from cr_pipelines.components.shared.checks import ERROR, WARN, check_result
from cr_pipelines.components.sync.options import RejectionThresholds
from cr_pipelines.sync import Report, RowsOutside, rows

SOURCE_USABLE = "source_usable"
REJECTIONS_UNDER_THRESHOLD = "rejections_under_threshold"
SOURCE_NOT_EMPTIED = "source_not_emptied"
ROWS_WITHIN_PARTITIONS = "rows_within_partitions"


def check_specs(
    key: dg.AssetKey, thresholds: RejectionThresholds, partitions: dg.PartitionsDefinition | None = None
) -> list[dg.AssetCheckSpec]:
    """Return the checks of a sync. None of them blocks downstream assets: valid rows are sent whatever the result is.

    Each partition has its own results, except for the check on rows outside of all partitions.
    """
    descriptions = {
        SOURCE_USABLE: "The source exists, has the columns that the contract requires, and every row has a unique key. "
        "If this fails, fix the view; valid rows have already been sent.",
        REJECTIONS_UNDER_THRESHOLD: f"At most {_percent(thresholds.warn_above)} of the rows are invalid or were "
        f"rejected; more than {_percent(thresholds.fail_above)} is an error. If this fails, look in the view "
        "rejected_rows for the field to fix of each key.",
        SOURCE_NOT_EMPTIED: "The source has rows, or never had any. If this fails, find out what emptied it; nothing "
        "was changed in Common Room.",
    }
    specs = [
        dg.AssetCheckSpec(name, asset=key, partitions_def=partitions, description=description)
        for name, description in descriptions.items()
    ]
    if partitions is not None:
        specs.append(
            dg.AssetCheckSpec(
                ROWS_WITHIN_PARTITIONS,
                asset=key,
                description="Every row is of a day from the first partition to the current one; only the run of the "
                "current day checks this. Other rows are not sent. If this fails, set an earlier start and backfill, "
                "or filter the rows out of the view.",
            )
        )
    return specs


def check_results(report: Report, key: dg.AssetKey, thresholds: RejectionThresholds) -> Sequence[dg.AssetCheckResult]:
    """Return the results of a run that planned the whole source."""
    emptied = _source_not_emptied(report, key)
    return [emptied] if report.emptied else [_source_usable(report, key), _rejections(report, key, thresholds), emptied]


def source_unusable(key: dg.AssetKey, message: str, *, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """Return the result for a source that cannot be read, or lacks a column that the contract requires."""
    return check_result(key, SOURCE_USABLE, severity, message)


def evaluation_of_partition(result: dg.AssetCheckResult, partition: str) -> dg.AssetCheckEvaluation:
    """Return a result as an event of one of several partitions of a run."""
    assert result.asset_key is not None and result.check_name is not None  # noqa: S101, PT018 - `check_result` sets both
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        severity=result.severity,
        description=result.description,
        metadata=result.metadata,
        partition=partition,
    )


def rows_within_partitions(key: dg.AssetKey, outside: RowsOutside, first: str) -> dg.AssetCheckResult:
    """Return whether, and how many, rows are in none of the partitions from the first to the last one."""
    problems = []
    if outside.too_old:
        problems.append(f"{rows(outside.too_old)} from before {first}, the first partition; set an earlier start")
    if outside.too_new:
        problems.append(f"{rows(outside.too_new)} from after the last partition; a later day sends them")
    if outside.without_moment:
        problems.append(f"{rows(outside.without_moment)} without a moment that a day could have; correct the timestamp")
    message = "not sent: " + "; ".join(problems) if problems else f"every row is of a day since {first}"
    counts = {f"rows_{name}": count for name, count in outside._asdict().items()}
    return check_result(key, ROWS_WITHIN_PARTITIONS, WARN if problems else None, message, counts)


def _source_usable(report: Report, key: dg.AssetKey) -> dg.AssetCheckResult:
    misspelled = {name: nearest for name, nearest in report.ignored_columns.items() if nearest}
    problems = []
    if report.null_keys:
        problems.append(f"{rows(report.null_keys)} without a key; add one, or filter the rows out of the view")
    if report.duplicate_rows:
        problems.append(f"{report.duplicate_rows:,} rows share a key with another and were not sent; keep one of each")
    if report.changed_while_read:
        problems.append(
            f"{rows(report.changed_while_read)} changed while the source was read, {report.unread:,} of them were not "
            "found again and not sent; make the view give the same rows when it is read twice, without random ids or "
            "now()"
        )
    problems += [
        f"column {name} is not in the contract and was ignored; did you mean {nearest}?"
        for name, nearest in misspelled.items()
    ]
    severity = (ERROR if report.null_keys or report.duplicate_rows or report.unread else WARN) if problems else None
    return check_result(
        key,
        SOURCE_USABLE,
        severity,
        "; ".join(problems) or "every row has a unique key, and the columns match the contract",
        {
            "rows": report.source_rows,
            "rows_without_key": report.null_keys,
            "rows_with_shared_key": report.duplicate_rows,
            "ignored_columns": ", ".join(report.ignored_columns) or "none",
        },
    )


def _rejections(report: Report, key: dg.AssetKey, thresholds: RejectionThresholds) -> dg.AssetCheckResult:
    refused = report.invalid + report.rejected
    share = refused / report.source_rows if report.source_rows else 0.0
    severity = ERROR if share > thresholds.fail_above else WARN if share > thresholds.warn_above else None
    message = f"{refused:,} of {report.source_rows:,} rows ({_percent(share)}) are invalid or were rejected"
    if severity:
        message += "; look in rejected_rows for the field to fix of each key. The next run sends the fixed rows"
    return check_result(
        key,
        REJECTIONS_UNDER_THRESHOLD,
        severity,
        message,
        {
            "rejected_percent": round(100 * share, 3),
            "rows_invalid": report.invalid,
            "rows_rejected": report.rejected,
        },
    )


def _source_not_emptied(report: Report, key: dg.AssetKey) -> dg.AssetCheckResult:
    message = (
        "the source is empty and was not before, so nothing was changed in Common Room; find out what emptied it"
        if report.emptied
        else f"the source has {rows(report.source_rows)}"
    )
    return check_result(
        key, SOURCE_NOT_EMPTIED, ERROR if report.emptied else None, message, {"rows": report.source_rows}
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"

"""The checks of a sync.

Goes in: the engine's report of a run that planned the whole source. Comes out: a result for each check, whose
description says how to fix what failed.
"""

from collections.abc import Sequence

import dagster as dg

from cr_pipelines.components.shared.beta import without_beta_warnings
from cr_pipelines.components.shared.checks import ERROR, WARN, check_result
from cr_pipelines.components.sync.options import DeliveryThresholds, RejectionThresholds
from cr_pipelines.sync import Report, RowsOutside, rows, without_own_name

SOURCE_USABLE = "source_usable"
REJECTIONS_UNDER_THRESHOLD = "rejections_under_threshold"
DELIVERY_COMPLETE = "delivery_complete"
SOURCE_NOT_EMPTIED = "source_not_emptied"
VALUES_COMPLETE = "values_complete"
ROWS_WITHIN_PARTITIONS = "rows_within_partitions"

_SUPPRESSED_JUMP = 5
"""An increase of up to this many suppressed rows is never a jump."""


def check_specs(
    key: dg.AssetKey,
    thresholds: RejectionThresholds,
    delivery: DeliveryThresholds,
    partitions: dg.PartitionsDefinition | None = None,
    *,
    drops_values: bool = False,
) -> list[dg.AssetCheckSpec]:
    """Return the checks of a sync. None of them blocks downstream assets, since valid rows are sent regardless.

    Each partition has its own results, except for the check on rows outside of all partitions.
    """
    descriptions = {
        SOURCE_USABLE: "The source exists, has the columns that the contract requires, and every row has a unique key. "
        "If this fails, fix the view; valid rows have already been sent.",
        REJECTIONS_UNDER_THRESHOLD: f"At most {_percent(thresholds.warn_above)} of the rows are invalid or were "
        f"rejected; more than {_percent(thresholds.fail_above)} is an error. If this fails, look in the view "
        "rejected_rows for the field to fix of each key.",
        DELIVERY_COMPLETE: "Rows arrive: at most "
        f"{_percent(delivery.warn_above)} of the rows, and {delivery.warn_above_rows:,}, failed, were not sent or may "
        f"not have arrived; more than {_percent(delivery.fail_above)}, or {delivery.fail_above_rows:,}, is an error, "
        "and so is a run in which rows were offered and none arrived. It warns when many more rows became suppressed. "
        "If this fails, look in sync_ledger for the reason_code and message of the rows, fix that, and run again.",
        SOURCE_NOT_EMPTIED: "The source has rows, or never had any. If this fails, find out what emptied it; nothing "
        "was changed in Common Room.",
    }
    if drops_values:
        descriptions[VALUES_COMPLETE] = (
            "Every row was delivered with all of its values. If this fails, look in the view dropped_values for the "
            "fields and the reason of each key, and fix them in the view; the next run sends the fixed rows."
        )
    with without_beta_warnings():
        specs = [
            dg.AssetCheckSpec(name, asset=key, partitions_def=partitions, description=description)
            for name, description in descriptions.items()
        ]
    if partitions is not None:
        specs.append(
            dg.AssetCheckSpec(
                ROWS_WITHIN_PARTITIONS,
                asset=key,
                description="Every row belongs to a day between the first partition and the current one; only the run "
                "of the current day checks this. Other rows are not sent. If this fails, set an earlier start and "
                "backfill, or filter the rows out of the view.",
            )
        )
    return specs


def check_results(
    report: Report, key: dg.AssetKey, thresholds: RejectionThresholds, delivery: DeliveryThresholds
) -> Sequence[dg.AssetCheckResult]:
    """Return the results of a run that planned the whole source. A dry run says nothing about what arrived."""
    emptied = _source_not_emptied(report, key)
    if report.emptied:
        return [emptied]
    results = [_source_usable(report, key), _rejections(report, key, thresholds), emptied]
    if report.dry_run:
        return results
    return [*results, delivery_complete(report, key, delivery), _values_complete(report, key)]


def _values_complete(report: Report, key: dg.AssetKey) -> dg.AssetCheckResult:
    dropped = report.rows_with_dropped_values
    named = (without_own_name(problem.field, problem.reason_code, problem.message) for problem in report.dropped)
    fields = ", ".join(dict.fromkeys(field for field, _ in named))
    message = f"{rows(dropped)} in Common Room without one of its values"
    if dropped:
        message += f" (in this run: {fields})" if fields else ""
        message += "; look in dropped_values for the fields to fix of each key"
    return check_result(
        key,
        VALUES_COMPLETE,
        WARN if dropped else None,
        message,
        {"rows_with_dropped_values": dropped, "rows_dropped_in_this_run": report.without_values},
    )


def delivery_complete(report: Report, key: dg.AssetKey, thresholds: DeliveryThresholds) -> dg.AssetCheckResult:
    """Return whether the rows that should be in the room arrived, and whether many more became suppressed."""
    not_sent = max(report.not_sent - report.changed_after_delivery, 0)
    undelivered = report.failed + report.unknown + not_sent
    share = undelivered / report.source_rows if report.source_rows else 0.0
    none_arrived = bool(report.offered and not report.delivered and (undelivered or report.rejected))
    jump = report.suppressed - (report.suppressed_before or 0)
    jumped = jump > _SUPPRESSED_JUMP and jump > thresholds.suppressed_jump * report.source_rows
    severity: dg.AssetCheckSeverity | None = None
    if none_arrived or share > thresholds.fail_above or undelivered > thresholds.fail_above_rows:
        severity = ERROR
    elif jumped or share > thresholds.warn_above or undelivered > thresholds.warn_above_rows:
        severity = WARN
    message = f"{undelivered:,} of {report.source_rows:,} rows ({_percent(share)}) did not arrive"
    if none_arrived:
        message = f"none of {rows(report.offered)} offered arrived"
    if undelivered or none_arrived:
        message += f": {report.failed:,} failed, {not_sent:,} not sent, {report.unknown:,} may have arrived"
        message += f", {report.rejected:,} rejected" if none_arrived and report.rejected else ""
        message += f". {_reason(report)}Look in sync_ledger for the reason of each row; the next run sends failed rows "
        message += "again, and rows that may have arrived only by their key"
    if report.suppressed:
        message += f"; {rows(report.suppressed)} suppressed"
    if jumped:
        message += f", {jump:,} more than in the last runs; check that no privacy request names an address of many rows"
    return check_result(
        key,
        DELIVERY_COMPLETE,
        severity,
        message,
        {
            "undelivered_percent": round(100 * share, 3),
            "rows_offered": report.offered,
            "rows_delivered": report.delivered,
            "rows_failed": report.failed,
            "rows_not_sent": not_sent,
            "rows_unknown": report.unknown,
            "rows_suppressed": report.suppressed,
        },
    )


def _reason(report: Report) -> str:
    reason = report.stopped_by or report.unreachable
    return f"The reason: {reason}. " if reason else ""


def source_unusable(key: dg.AssetKey, message: str, *, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """Return the result for a source that cannot be read, or lacks a column that the contract requires."""
    return check_result(key, SOURCE_USABLE, severity, message)


def evaluation(result: dg.AssetCheckResult, partition: str | None = None) -> dg.AssetCheckEvaluation:
    """Return a result as an event that needs no step of its check; of one partition, if it is given."""
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
    """Return whether any rows, and how many, are in none of the partitions from the first to the last one."""
    problems = []
    if outside.too_old:
        problems.append(f"{rows(outside.too_old)} from before {first}, the first partition; set an earlier start")
    if outside.too_new:
        problems.append(f"{rows(outside.too_new)} from after the last partition; a later day sends them")
    if outside.without_moment:
        problems.append(
            f"{rows(outside.without_moment)} with a timestamp that is missing or belongs to no day; correct it"
        )
    message = "not sent: " + "; ".join(problems) if problems else f"every row is from {first} or later"
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
            "found again and not sent; make the view return the same rows when it is read twice, without random ids "
            "or now()"
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

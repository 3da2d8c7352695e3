from collections.abc import Sequence

import dagster as dg

from cr_pipelines.components.sync.options import RejectionThresholds
from cr_pipelines.sync import Report, rows

SOURCE_USABLE = "source_usable"
REJECTIONS_UNDER_THRESHOLD = "rejections_under_threshold"
SOURCE_NOT_EMPTIED = "source_not_emptied"
ROWS_WITHIN_PARTITIONS = "rows_within_partitions"

_WARN, _ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


def check_specs(
    key: dg.AssetKey, thresholds: RejectionThresholds, partitions: dg.PartitionsDefinition | None = None
) -> list[dg.AssetCheckSpec]:
    """The checks of a sync. None blocks what is downstream: good rows arrive whatever the others are.

    Each partition has results of its own, but for the check that looks beyond all of them.
    """
    specs = [
        dg.AssetCheckSpec(
            SOURCE_USABLE,
            asset=key,
            partitions_def=partitions,
            description="The source is there, has the columns that the contract requires, and every row has a key "
            "that no other row has. Otherwise: mend the view; the good rows have arrived meanwhile.",
        ),
        dg.AssetCheckSpec(
            REJECTIONS_UNDER_THRESHOLD,
            asset=key,
            partitions_def=partitions,
            description=f"At most {_percent(thresholds.warn_above)} of the rows are invalid or were rejected (an error "
            f"above {_percent(thresholds.fail_above)}). Otherwise: the view rejected_rows says for each key which "
            "field to mend.",
        ),
        dg.AssetCheckSpec(
            SOURCE_NOT_EMPTIED,
            asset=key,
            partitions_def=partitions,
            description="The source did not become empty. Otherwise nothing was changed in Common Room: look for what "
            "broke the view.",
        ),
    ]
    if partitions is not None:
        specs.append(
            dg.AssetCheckSpec(
                ROWS_WITHIN_PARTITIONS,
                asset=key,
                description="No row is older than the first partition; the run of the current day looks. Otherwise: "
                "such rows are not sent; begin the partitions earlier and backfill, or leave the rows out of the view.",
            )
        )
    return specs


def judge(report: Report, key: dg.AssetKey, thresholds: RejectionThresholds) -> Sequence[dg.AssetCheckResult]:
    """What a run that looked at the whole source says about the checks."""
    emptied = _source_not_emptied(report, key)
    return [emptied] if report.emptied else [_source_usable(report, key), _rejections(report, key, thresholds), emptied]


def unusable(key: dg.AssetKey, message: str, *, severity: dg.AssetCheckSeverity) -> dg.AssetCheckResult:
    """The source cannot be read, or lacks a column that the contract requires."""
    return _result(key, SOURCE_USABLE, severity, message, {})


def of_partition(result: dg.AssetCheckResult, partition: str) -> dg.AssetCheckEvaluation:
    """A result as an event of one partition, among several of a run."""
    assert result.asset_key is not None and result.check_name is not None  # noqa: S101, PT018 - `_result` names both
    return dg.AssetCheckEvaluation(
        asset_key=result.asset_key,
        check_name=result.check_name,
        passed=result.passed,
        severity=result.severity,
        description=result.description,
        metadata=result.metadata,
        partition=partition,
    )


def within_partitions(key: dg.AssetKey, too_old: int, first: str) -> dg.AssetCheckResult:
    """Whether rows are older than the first partition, and how many."""
    said = (
        f"{rows(too_old)} from before {first}, the first partition, and not sent; begin the partitions earlier"
        if too_old
        else f"no row is from before {first}"
    )
    return _result(key, ROWS_WITHIN_PARTITIONS, _WARN if too_old else None, said, {"rows_too_old": too_old})


def _source_usable(report: Report, key: dg.AssetKey) -> dg.AssetCheckResult:
    misspelt = {name: nearest for name, nearest in report.ignored_columns.items() if nearest}
    problems = []
    if report.null_keys:
        problems.append(f"{rows(report.null_keys)} without a key; give each one, or leave them out of the view")
    if report.duplicate_rows:
        problems.append(f"{report.duplicate_rows:,} rows share a key with another and were not sent; keep one of each")
    problems += [
        f"column {name} is not in the contract and was ignored; did you mean {nearest}?"
        for name, nearest in misspelt.items()
    ]
    broken = report.null_keys or report.duplicate_rows
    severity = (_ERROR if broken else _WARN) if problems else None
    return _result(
        key,
        SOURCE_USABLE,
        severity,
        "; ".join(problems) or "every row has a key of its own, and the columns fit the contract",
        {
            "rows": report.source_rows,
            "rows_without_key": report.null_keys,
            "rows_with_shared_key": report.duplicate_rows,
            "ignored_columns": ", ".join(report.ignored_columns) or "none",
        },
    )


def _rejections(report: Report, key: dg.AssetKey, thresholds: RejectionThresholds) -> dg.AssetCheckResult:
    withheld = report.invalid + report.rejected
    share = withheld / report.source_rows if report.source_rows else 0.0
    severity = _ERROR if share > thresholds.fail_above else _WARN if share > thresholds.warn_above else None
    said = f"{withheld:,} of {report.source_rows:,} rows ({_percent(share)}) are invalid or were rejected"
    if severity:
        said += "; rejected_rows says for each key which field to mend, and the mended row is sent by the next run"
    return _result(
        key,
        REJECTIONS_UNDER_THRESHOLD,
        severity,
        said,
        {
            "rejected_percent": round(100 * share, 3),
            "rows_invalid": report.invalid,
            "rows_rejected": report.rejected,
        },
    )


def _source_not_emptied(report: Report, key: dg.AssetKey) -> dg.AssetCheckResult:
    said = (
        "the source is empty and was not before, so nothing was changed in Common Room; look for what broke the view"
        if report.emptied
        else f"the source has {report.source_rows:,} rows"
    )
    return _result(key, SOURCE_NOT_EMPTIED, _ERROR if report.emptied else None, said, {"rows": report.source_rows})


def _result(
    key: dg.AssetKey,
    name: str,
    severity: dg.AssetCheckSeverity | None,
    description: str,
    metadata: dict[str, int | float | str],
) -> dg.AssetCheckResult:
    """A check that passed when `severity` is None."""
    return dg.AssetCheckResult(
        passed=severity is None,
        asset_key=key,
        check_name=name,
        severity=severity or _ERROR,
        description=description,
        metadata=metadata,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"

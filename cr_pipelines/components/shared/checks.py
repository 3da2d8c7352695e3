"""Check results in one form.

Goes in: a severity, or None for a check that passed, with a message and numbers. Comes out: the result that Dagster
records, if the run selected the check.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import dagster as dg

WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


def check_result(
    key: dg.AssetKey,
    name: str,
    severity: dg.AssetCheckSeverity | None,
    description: str,
    metadata: Mapping[str, Any] | None = None,
) -> dg.AssetCheckResult:
    """Return the result of a check, which has passed if `severity` is None."""
    return dg.AssetCheckResult(
        passed=severity is None,
        asset_key=key,
        check_name=name,
        severity=severity or ERROR,
        description=description,
        metadata=metadata,
    )


def selected_results(
    context: dg.AssetExecutionContext, results: Iterable[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results whose checks the run executes."""
    selected = {(check.asset_key, check.name) for check in context.selected_asset_check_keys}
    yield from (result for result in results if (result.asset_key, result.check_name) in selected)


def selected_asset(context: dg.AssetExecutionContext) -> dg.AssetKey:
    """Return the one asset that the run materializes, or whose checks it executes alone."""
    checks = context.selected_asset_check_keys
    keys: set[dg.AssetKey] = {*context.selected_asset_keys, *(check.asset_key for check in checks)}
    [key] = keys
    return key

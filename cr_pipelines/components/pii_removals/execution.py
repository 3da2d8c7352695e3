"""A run of the removals inside a Dagster step.

Goes in: the removals of a warehouse, and what the run was started for: the asset or its checks alone. Comes out:
Dagster's events, with counts only.
"""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from cr_pipelines.components.pii_removals.checks import disabled, removed_in_time, requests_usable
from cr_pipelines.components.pii_removals.options import RemovalRunConfig
from cr_pipelines.components.shared.checks import selected_asset, selected_results
from cr_pipelines.components.shared.failures import failing_in_dagster, permanent_failure
from cr_pipelines.components.shared.requests import addresses_personal, requests_submitted
from cr_pipelines.removal import Removals, Settlement, Standing
from cr_pipelines.resources import CommonRoomResource
from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import WarehouseError

RemovalEvents = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def execute_removals(
    removals: Removals, context: dg.AssetExecutionContext, config: RemovalRunConfig, common_room: CommonRoomResource
) -> RemovalEvents:
    """Settle the requests that are due; or, if only checks were selected, verify earlier removals.

    Yields:
        a materialization with counts if requests were settled, and the results of the checks. None of it is personal
        data.

    Raises:
        dagster.Failure: an error that a retry cannot fix at once; the message says what to do.
        dagster.RetryRequested: any other exception, such as a lost worker; once.
    """
    with failing_in_dagster(context):
        run = _RemovalRun(removals, context)
        if context.selected_asset_keys:
            yield from run.settle(config, common_room)
        else:
            yield from run.verify(common_room)


class _RemovalRun:
    """One run of the removals inside a Dagster step."""

    def __init__(self, removals: Removals, context: dg.AssetExecutionContext):
        self._removals = removals
        self._context = context
        self._key = selected_asset(context)

    def settle(self, config: RemovalRunConfig, common_room: CommonRoomResource) -> RemovalEvents:
        """Settle requests, and yield what happened."""
        try:
            request_ids = config.chosen()
        except ValueError as error:
            raise permanent_failure(error) from None
        settlement = self._removals.settle(
            common_room.destination(), request_ids, run_id=self._context.run.run_id, on_wait=self._log_wait
        )
        self._context.log.info(settlement.summary())
        standing = self._removals.standing()
        yield dg.MaterializeResult(asset_key=self._key, metadata=_metadata(settlement, standing))
        problem = settlement.source_problem
        if problem is not None:
            self._context.log.warning(disabled(problem))
        yield from self._checks(standing, problem)

    def verify(self, common_room: CommonRoomResource) -> RemovalEvents:
        """Verify earlier removals, and yield the checks."""
        verification = self._removals.verify(common_room.destination())
        self._context.log.info(verification.summary())
        yield from self._checks(self._removals.standing(), None)

    def _checks(self, standing: Standing, problem: WarehouseError | SourceUnusable | None) -> RemovalEvents:
        results = [
            requests_usable(self._key, standing, problem),
            requests_submitted(self._key, standing.by_status.get("pending", 0) + standing.by_status.get("failed", 0)),
            addresses_personal(self._key, standing.by_status.get("shared", 0), standing.shared),
            removed_in_time(self._key, standing),
        ]
        yield from selected_results(self._context, results)

    def _log_wait(self, runs: int) -> None:
        if runs:
            self._context.log.info(
                "waiting for %d running syncs to confirm that they no longer send these people", runs
            )


def _metadata(settlement: Settlement, standing: Standing) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dagster/row_count": sum(standing.by_status.values()),
        "requests_ingested": settlement.ingested,
        "requests_settled": settlement.due,
        "people": settlement.people,
        "calls": settlement.calls,
        "seconds_waited_for_syncs": round(settlement.waited, 2),
        "seconds": round(settlement.seconds, 2),
        **{
            f"requests_{status}": standing.by_status.get(status, 0)
            for status in ("pending", "submitted", "verified", "overdue", "not_found", "failed", "invalid", "shared")
        },
        "requests_lifted": standing.lifted,
        "rows_suppressed": standing.rows_suppressed,
        "addresses_kept": standing.addresses_kept,
        "max_people_per_address": standing.max_people_per_address,
    }
    if standing.next_due_at is not None:
        metadata["next_due_at"] = dg.MetadataValue.timestamp(standing.next_due_at)
    return metadata

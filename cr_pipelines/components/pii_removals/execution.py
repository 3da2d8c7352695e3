from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from cr_pipelines.api import CommonRoomError
from cr_pipelines.components.pii_removals import checks as _removal_checks
from cr_pipelines.components.pii_removals.options import RemovalRunConfig
from cr_pipelines.components.sync.execution import RETRY_SECONDS, permanent, without_text
from cr_pipelines.removal import Removals, Settlement, Standing
from cr_pipelines.resources import CommonRoomResource
from cr_pipelines.settings import SettingsError
from cr_pipelines.sync import SyncError
from cr_pipelines.warehouse import WarehouseError

RemovalEvents = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def execute_removals(
    removals: Removals, context: dg.AssetExecutionContext, config: RemovalRunConfig, common_room: CommonRoomResource
) -> RemovalEvents:
    """Settle the requests that are due, or, when only checks were asked for, look up who was to be removed.

    Yields:
        a materialization with counts when requests were settled, and the results of the checks. Nothing of it is
        personal data.

    Raises:
        dagster.Failure: what a second try cannot mend at once; the message says what to do.
        dagster.RetryRequested: anything else, as a hiccup of the worker; once.
    """
    run = _RemovalRun(removals, context)
    try:
        if context.selected_asset_keys:
            yield from run.settle(config, common_room)
        else:
            yield from run.verify(common_room)
    except (SyncError, CommonRoomError, WarehouseError, SettingsError) as error:
        raise permanent(error) from None
    except dg.Failure:
        raise
    except Exception as error:
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=RETRY_SECONDS) from without_text(error)


class _RemovalRun:
    """One run of the removals inside a Dagster step."""

    def __init__(self, removals: Removals, context: dg.AssetExecutionContext):
        self._removals = removals
        self._context = context
        checks = context.selected_asset_check_keys
        [self._key] = {*context.selected_asset_keys, *(check.asset_key for check in checks)}

    def settle(self, config: RemovalRunConfig, common_room: CommonRoomResource) -> RemovalEvents:
        try:
            request_ids = config.chosen()
        except ValueError as error:
            raise permanent(error) from None
        settlement = self._removals.settle(
            common_room.destination(), request_ids, run_id=self._context.run.run_id, on_wait=self._tell_waiting
        )
        self._context.log.info(settlement.summary())
        standing = self._removals.standing()
        yield dg.MaterializeResult(asset_key=self._key, metadata=_metadata(settlement, standing))
        problem = settlement.source_problem
        if problem is not None:
            self._context.log.warning(_removal_checks.disabled(problem))
        yield from self._asked_for(
            [
                _removal_checks.requests_usable(self._key, standing, problem),
                _removal_checks.removed_in_time(self._key, standing),
            ]
        )

    def verify(self, common_room: CommonRoomResource) -> RemovalEvents:
        verification = self._removals.verify(common_room.destination())
        self._context.log.info(verification.summary())
        standing = self._removals.standing()
        yield from self._asked_for(
            [
                _removal_checks.requests_usable(self._key, standing, None),
                _removal_checks.removed_in_time(self._key, standing),
            ]
        )

    def _asked_for(self, results: Sequence[dg.AssetCheckResult]) -> RemovalEvents:
        asked = {check.name for check in self._context.selected_asset_check_keys}
        yield from (result for result in results if result.check_name in asked)

    def _tell_waiting(self, runs: int) -> None:
        if runs:
            self._context.log.info(
                "waiting until %d running syncs have confirmed to send nothing more about these people", runs
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
            for status in ("pending", "submitted", "verified", "overdue", "not_found", "failed", "invalid")
        },
        "requests_lifted": standing.lifted,
        "rows_suppressed": standing.rows_suppressed,
        "addresses_kept": standing.addresses_kept,
    }
    if standing.next_due_at is not None:
        metadata["next_due_at"] = dg.MetadataValue.timestamp(standing.next_due_at)
    return metadata

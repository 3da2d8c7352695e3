import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from cr_pipelines.api import CommonRoomError
from cr_pipelines.components import _checks, _metadata
from cr_pipelines.components._options import RejectionThresholds, SyncRunConfig
from cr_pipelines.components._specs import column_lineage
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import SettingsError
from cr_pipelines.sync import Options, Progress, Report, SourceUnusable, Sync, SyncError, SyncStopped, run_sync
from cr_pipelines.warehouse import SourceMissing, WarehouseError

SyncEvents = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


RETRY_SECONDS = 5


class UnexpectedError(Exception):
    """An exception that a sync does not know: its type and place, but not its text, which may quote a row."""


def execute_sync(
    sync: Sync,
    context: dg.AssetExecutionContext,
    config: SyncRunConfig,
    common_room: CommonRoomResource,
    warehouse: WarehouseResource,
    *,
    rejections: RejectionThresholds | None = None,
) -> SyncEvents:
    """Run a sync within an asset of `build_sync_asset`, and tell Dagster what became of it.

    Yields:
        a materialization when Common Room was brought up to the source, and the results of the checks when the run
        looked at the whole source. A dry run and an emptied source give an observation instead of a
        materialization; a missing source gives neither.

    Raises:
        dagster.Failure: what a second try cannot mend; the message says what to do.
        dagster.RetryRequested: anything else, as a hiccup of the worker; once.
    """
    run = _SyncRun(sync, context, rejections or RejectionThresholds())
    try:
        yield from run.events(config, common_room, warehouse)
    except SourceMissing as error:
        yield from run.without_source(error)
    except SourceUnusable as error:
        yield from run.asked_for([_checks.unusable(run.key, str(error), severity=dg.AssetCheckSeverity.ERROR)])
        raise permanent(error) from None
    except (SyncError, CommonRoomError, WarehouseError, SettingsError) as error:
        raise permanent(error) from None
    except dg.Failure:
        raise
    except Exception as error:
        # Asked for here, not by a retry policy: with a policy, Dagster starts a run again that somebody ended.
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=RETRY_SECONDS) from without_text(error)


class _SyncRun:
    """One run of a sync inside a Dagster step."""

    def __init__(self, sync: Sync, context: dg.AssetExecutionContext, thresholds: RejectionThresholds):
        self._sync = sync
        self._context = context
        self._thresholds = thresholds
        checks = context.selected_asset_check_keys
        [self.key] = {*context.selected_asset_keys, *(check.asset_key for check in checks)}

    def events(
        self, config: SyncRunConfig, common_room: CommonRoomResource, warehouse: WarehouseResource
    ) -> SyncEvents:
        options = self._options(config)
        report = run_sync(
            self._sync,
            warehouse.get_warehouse(),
            common_room.destination(),
            schema=warehouse.get_state_schema(),
            options=options,
            run_id=self._context.run.run_id,
            on_progress=self._show_progress,
        )
        whole = not options.keys and options.limit is None and options.resync != "failed"
        self._context.log.info(report.summary())
        metadata = _metadata.of_report(report, whole=not options.keys)
        if report.dry_run or report.emptied:
            self._observe(report.summary(), {**metadata, "dry_run": report.dry_run})
        else:
            yield dg.MaterializeResult(asset_key=self.key, metadata={**metadata, **self._lineage(report)})
        if whole:
            yield from self.asked_for(_checks.judge(report, self.key, self._thresholds))

    def without_source(self, error: SourceMissing) -> SyncEvents:
        """A source that was never there is a sync not in use; one that went away is a fault."""
        was_there = self._context.instance.get_latest_materialization_event(self.key) is not None
        severity = dg.AssetCheckSeverity.ERROR if was_there else dg.AssetCheckSeverity.WARN
        message = (
            f"{self._sync.name} is disabled and sent nothing. Create the table or view, or name another source in "
            f"the sync's definition: {error}"
        )
        self._context.log.warning(message)
        yield from self.asked_for([_checks.unusable(self.key, message, severity=severity)])

    def asked_for(self, results: Sequence[dg.AssetCheckResult]) -> SyncEvents:
        """Those results that the run was started for."""
        asked = {check.name for check in self._context.selected_asset_check_keys}
        yield from (result for result in results if result.check_name in asked)

    def _options(self, config: SyncRunConfig) -> Options:
        if not self._context.selected_asset_keys:
            # Checks on their own: look, and touch nothing.
            return Options(dry_run=True)
        try:
            return config.options()
        except ValueError as error:
            raise permanent(error) from None

    def _lineage(self, report: Report) -> dict[str, dg.TableColumnLineage]:
        upstream = [dep.asset_key for dep in self._context.assets_def.get_asset_spec(self.key).deps]
        return column_lineage(
            self._sync, upstream, [column for column in self._sync.contract.columns if column.name in report.columns]
        )

    def _show_progress(self, progress: Progress) -> None:
        self._context.log.info(str(progress))
        self._observe(str(progress), _metadata.of_progress(progress))

    def _observe(self, description: str, metadata: dict[str, Any]) -> None:
        self._context.log_event(dg.AssetObservation(self.key, description=description, metadata=metadata))


def permanent(error: Exception) -> dg.Failure:
    """What a second try cannot mend, as Dagster takes it."""
    metadata: dict[str, Any] = {"error": type(error).__name__}
    if isinstance(error, SyncStopped):
        metadata |= _metadata.of_report(error.report, whole=True)
    return dg.Failure(description=str(error), metadata=metadata, allow_retries=False)


def without_text(error: Exception) -> UnexpectedError:
    """What Dagster may keep of an exception that is not ours."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return UnexpectedError(f"{type(error).__qualname__}, its text left out since it may quote a row, from\n{frames}")

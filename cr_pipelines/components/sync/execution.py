"""A run of a sync inside a Dagster step.

Goes in: a sync, and what the run was started for: the asset, its checks, partitions, run config. Comes out: Dagster's
events about what happened to the rows.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa
from dagster_shared.check import CheckError

from cr_pipelines.components.shared.checks import ERROR, WARN, selected_asset, selected_results
from cr_pipelines.components.shared.connections import connection_of_spec
from cr_pipelines.components.shared.failures import failing_in_dagster, permanent_failure
from cr_pipelines.components.shared.requests import (
    addresses_personal,
    removals_keys_of,
    request_sources_of_sync,
    requests_submitted,
)
from cr_pipelines.components.sync.checks import (
    check_results,
    delivery_complete,
    evaluation,
    rows_within_partitions,
    source_unusable,
)
from cr_pipelines.components.sync.metadata import progress_metadata, report_metadata
from cr_pipelines.components.sync.options import DeliveryThresholds, RejectionThresholds, SyncRunConfig
from cr_pipelines.components.sync.specs import column_lineage, frame_of_spec
from cr_pipelines.components.sync.story import RunStory
from cr_pipelines.errors import CrPipelinesError
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import explain
from cr_pipelines.sync import (
    Options,
    Partition,
    Progress,
    Report,
    SourceUnusable,
    Sync,
    SyncError,
    SyncStopped,
    rows_outside,
    run_sync,
)
from cr_pipelines.warehouse import SourceMissing

SyncEvents = Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]


def execute_sync(
    sync: Sync,
    context: dg.AssetExecutionContext,
    config: SyncRunConfig,
    common_room: CommonRoomResource,
    warehouse: WarehouseResource,
    *,
    rejections: RejectionThresholds | None = None,
    delivery: DeliveryThresholds | None = None,
    frame: object | None = None,
) -> SyncEvents:
    """Run a sync within an asset of `build_sync_asset`, and report to Dagster what happened.

    The days of a partitioned asset's run are synced one after the other, and each is recorded when it is done. `frame`
    is a pandas DataFrame to read instead of the sync's source.

    Yields:
        a materialization when Common Room is up to date with the source, and the results of the checks when the run
        planned the whole source. A dry run or an emptied source gives an observation instead of a materialization; a
        missing source gives neither, and neither does a run in which no row reached the room.

    Raises:
        dagster.Failure: an error that a retry cannot fix; the message says what to do.
        dagster.RetryRequested: any other exception, such as a lost worker; once.
    """
    with failing_in_dagster(context, _failure_details):
        run = _SyncRun(sync, context, rejections or RejectionThresholds(), delivery or DeliveryThresholds())
        try:
            yield from run.events(config, common_room, warehouse, frame)
        except SourceMissing as error:
            yield from run.without_source(error)
        except SyncStopped as error:
            yield from run.stopped(error.report)
            raise
        except SourceUnusable as error:
            yield from run.selected([source_unusable(run.key, explain(error), severity=ERROR)], run.days)
            raise


def _failure_details(error: CrPipelinesError) -> dict[str, Any]:
    """Return the counts of a run that stopped early."""
    return report_metadata(error.report, all_keys=True) if isinstance(error, SyncStopped) else {}


class _SyncRun:
    """One run of a sync inside a Dagster step."""

    def __init__(
        self,
        sync: Sync,
        context: dg.AssetExecutionContext,
        thresholds: RejectionThresholds,
        delivery: DeliveryThresholds,
    ):
        self._sync = sync
        self._context = context
        self._thresholds = thresholds
        self._delivery = delivery
        self.key = selected_asset(context)
        self._spec = context.assets_def.get_asset_spec(self.key)
        self._partitions = _partitions_of(sync, context, self._spec)
        self._story = RunStory(context, self._partitions)

    @property
    def _names_partitions(self) -> bool:
        return bool(self._context.has_partition_key or self._context.has_partition_key_range)

    @property
    def days(self) -> list[str]:
        """The partitions of the run; none if it reads the whole source."""
        return [partition.name for partition in self._partitions if partition]

    def events(
        self,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
        frame: object | None,
    ) -> SyncEvents:
        """Sync each partition, and yield what happened."""
        options = self._options(config)
        if frame is not None:
            self._warn_of_stored_frame()
        source = {} if frame is None else {"frame": _data_frame(frame)}
        for partition in self._partitions:
            report = run_sync(
                self._sync,
                warehouse.get_warehouse(),
                common_room.destination(),
                schema=warehouse.get_state_schema(),
                options=options,
                partition=partition,
                run_id=self._context.run.run_id,
                on_plan=self._story.plan,
                on_progress=self._show_progress,
                requests=request_sources_of_sync(self._spec, _specs_around(self._context)),
                **source,
            )
            yield from self._events_of_report(report, options)
        if frame is None and any(partition and partition.end > datetime.now(UTC) for partition in self._partitions):
            yield from self.selected([self._within_partitions(warehouse)])

    def _warn_of_stored_frame(self) -> None:
        frame = frame_of_spec(self._spec)
        if frame is None:
            return
        path = Path(self._context.instance.storage_directory(), *frame.path)
        if path.exists():
            self._context.log.warning(
                "Dagster keeps the rows of %s in its storage, at %s. Give the asset the IO manager "
                "cr_pipelines.components.DataFrameIOManager, and delete what is there",
                frame.to_user_string(),
                path,
            )

    def _events_of_report(self, report: Report, options: Options) -> SyncEvents:
        whole = not options.keys and options.limit is None and options.resync != "failed"
        self._story.outcome(report)
        self._report_requests(report)
        metadata = report_metadata(report, all_keys=not options.keys)
        results = check_results(report, self.key, self._thresholds, self._delivery) if whole else ()
        if report.unreachable is not None:
            yield from self.selected(results, [report.partition] if report.partition else ())
            message = f"{report.progress_summary()}. {report.unreachable}"
            raise permanent_failure(SyncError(message), metadata)
        if report.dry_run or report.emptied:
            self._observe(report.summary(), {**metadata, "dry_run": report.dry_run}, report.partition or None)
        elif self._partitions == [None] or (len(self._partitions) == 1 and self._names_partitions):
            yield dg.MaterializeResult(asset_key=self.key, metadata={**metadata, **self._lineage(report)})
        else:
            # A result would count for all days of the run, and only at the end of the run.
            metadata |= self._lineage(report)
            self._context.log_event(dg.AssetMaterialization(self.key, partition=report.partition, metadata=metadata))
        yield from self.selected(results, [report.partition] if report.partition else ())

    def stopped(self, report: Report) -> SyncEvents:
        """Yield what a run that stopped early leaves undelivered."""
        result = delivery_complete(report, self.key, self._delivery)
        yield from self.selected([result], [report.partition] if report.partition else ())

    def _within_partitions(self, warehouse: WarehouseResource) -> dg.AssetCheckResult:
        first = self._spec.partitions_def.get_first_partition_key() if self._spec.partitions_def else None
        column = self._sync.contract.partition_by
        assert first is not None and column is not None  # noqa: S101, PT018 - the run has a partition
        earliest = Partition.of_day(column, date.fromisoformat(first))
        latest = max((partition for partition in self._partitions if partition), key=lambda partition: partition.end)
        outside = rows_outside(self._sync, warehouse.get_warehouse(), earliest, latest)
        return rows_within_partitions(self.key, outside, first)

    def without_source(self, error: SourceMissing) -> SyncEvents:
        """Yield a warning for a source that never existed: the sync is not in use. One that disappeared is an error."""
        existed = self._context.instance.get_latest_materialization_event(self.key) is not None
        message = (
            f"{self._sync.name} is disabled and sent nothing. Create the table or view, or name another source in "
            f"the sync's definition: {error}"
        )
        self._context.log.warning(message)
        yield from self.selected(
            [source_unusable(self.key, message, severity=ERROR if existed else WARN)],
            self.days,
        )

    def selected(self, results: Sequence[dg.AssetCheckResult], days: Sequence[str] = ()) -> SyncEvents:
        """Yield the results whose checks the run executes; for these days, if there are any."""
        wanted = selected_results(self._context, results)
        if not days or self._context.has_partition_key:
            yield from wanted
            return
        # In a run of a range of partitions, even of one day, a yielded result would belong to no partition.
        for result in wanted:
            for day in days:
                self._context.log_event(evaluation(result, day))

    def _report_requests(self, report: Report) -> None:
        """Report waiting privacy requests in the log and in checks of the removals, which may be switched off."""
        for message in report.privacy_messages():
            self._context.log.warning(message)
        for key in removals_keys_of(_specs_around(self._context), connection_of_spec(self._spec)):
            undecided = report.requests_undecided
            for result in (
                requests_submitted(key, report.requests_waiting, report.requests_problem),
                addresses_personal(key, len(undecided), undecided),
            ):
                self._context.instance.report_runless_asset_event(evaluation(result))

    def _options(self, config: SyncRunConfig) -> Options:
        if not self._context.selected_asset_keys:
            # Checks executed alone: send and record nothing.
            return Options(dry_run=True)
        try:
            return config.options()
        except ValueError as error:
            raise permanent_failure(error) from None

    def _lineage(self, report: Report) -> dict[str, dg.TableColumnLineage]:
        upstream = [dep.asset_key for dep in self._spec.deps]
        return column_lineage(
            self._sync, upstream, [column for column in self._sync.contract.columns if column.name in report.columns]
        )

    def _show_progress(self, progress: Progress) -> None:
        if self._story.shows_progress(progress):
            self._observe(str(progress), progress_metadata(progress))

    def _observe(self, description: str, metadata: dict[str, Any], partition: str | None = None) -> None:
        self._context.log_event(
            dg.AssetObservation(self.key, description=description, metadata=metadata, partition=partition)
        )


def _partitions_of(sync: Sync, context: dg.AssetExecutionContext, spec: dg.AssetSpec) -> Sequence[Partition | None]:
    """Return the days of a run, oldest first; [None] for the whole source.

    A run that names no partition, such as that of a job over several assets, is for yesterday and today.
    """
    column = sync.contract.partition_by
    if column is None or spec.partitions_def is None:
        return [None]
    named = context.has_partition_key or context.has_partition_key_range
    days = context.partition_keys if named else spec.partitions_def.get_partition_keys()[-2:]
    return [Partition.of_day(column, date.fromisoformat(day)) for day in days]


def _specs_around(context: dg.AssetExecutionContext) -> list[dg.AssetSpec]:
    """Return the assets of a run's code location; none outside a code location."""
    try:
        assets = context.repository_def.assets_defs_by_key.values()
    except CheckError:
        return []
    return [spec for asset in assets for spec in asset.specs]


def _data_frame(frame: object) -> Any:
    """Return the value of the upstream asset, if it is a data frame; those of several partitions as one."""
    if isinstance(frame, dict) and frame:
        frames = [_data_frame(part) for part in frame.values()]
        if isinstance(frames[0], pa.Table):
            return pa.concat_tables(frames)
        # Every process of Dagster would pay for an import at load.
        import pandas as pd

        return pd.concat(frames, ignore_index=True)
    kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
    if kind not in ("pandas.DataFrame", "pyarrow.Table"):
        raise dg.Failure(
            f"the upstream asset returned a {kind}; return a pandas DataFrame",
            allow_retries=False,
        )
    return frame

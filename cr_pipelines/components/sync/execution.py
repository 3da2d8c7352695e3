import traceback
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from cr_pipelines.api import CommonRoomError
from cr_pipelines.components.sync import checks as _checks
from cr_pipelines.components.sync import metadata as _metadata
from cr_pipelines.components.sync.options import RejectionThresholds, SyncRunConfig
from cr_pipelines.components.sync.specs import column_lineage
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import SettingsError
from cr_pipelines.sync import (
    Options,
    Partition,
    Progress,
    Report,
    SourceUnusable,
    Sync,
    SyncError,
    SyncStopped,
    run_sync,
)
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
    frame: object | None = None,
) -> SyncEvents:
    """Run a sync within an asset of `build_sync_asset`, and tell Dagster what became of it.

    Of a partitioned asset, the days of the run are synced one after the other, and each is recorded as it is done.
    `frame` is a pandas DataFrame to read in place of the sync's source.

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
        yield from run.events(config, common_room, warehouse, frame)
    except SourceMissing as error:
        yield from run.without_source(error)
    except SourceUnusable as error:
        yield from run.asked_for(
            [_checks.unusable(run.key, str(error), severity=dg.AssetCheckSeverity.ERROR)], run.days
        )
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
        self._partitions = _partitions_of(sync, context, self.key)

    @property
    def days(self) -> list[str]:
        """The partitions that the run is for; none for all of the source."""
        return [partition.name for partition in self._partitions if partition]

    def events(
        self,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
        frame: object | None,
    ) -> SyncEvents:
        options = self._options(config)
        given = {} if frame is None else {"frame": _data_frame(frame)}
        for partition in self._partitions:
            report = run_sync(
                self._sync,
                warehouse.get_warehouse(),
                common_room.destination(),
                schema=warehouse.get_state_schema(),
                options=options,
                partition=partition,
                run_id=self._context.run.run_id,
                on_progress=self._show_progress,
                **given,
            )
            yield from self._told(report, options)
        if frame is None and any(partition and partition.end > datetime.now(UTC) for partition in self._partitions):
            yield from self.asked_for([self._within_partitions(warehouse)])

    def _told(self, report: Report, options: Options) -> SyncEvents:
        """What became of the rows, as Dagster's events."""
        whole = not options.keys and options.limit is None and options.resync != "failed"
        self._context.log.info(report.summary())
        metadata = _metadata.of_report(report, whole=not options.keys)
        if report.dry_run or report.emptied:
            self._observe(report.summary(), {**metadata, "dry_run": report.dry_run}, report.partition or None)
        elif len(self._partitions) == 1:
            yield dg.MaterializeResult(asset_key=self.key, metadata={**metadata, **self._lineage(report)})
        else:
            # A result would count for every day of the run at once, and only when the run ends.
            metadata |= self._lineage(report)
            self._context.log_event(dg.AssetMaterialization(self.key, partition=report.partition, metadata=metadata))
        if whole:
            results = _checks.judge(report, self.key, self._thresholds)
            yield from self.asked_for(results, [report.partition] if report.partition else ())

    def _within_partitions(self, warehouse: WarehouseResource) -> dg.AssetCheckResult:
        partitions = self._context.assets_def.get_asset_spec(self.key).partitions_def
        first = partitions.get_first_partition_key() if partitions else None
        column = self._sync.contract.partition_by
        assert first is not None and column is not None  # noqa: S101, PT018 - the run has a day
        with warehouse.get_warehouse().session() as session:
            dialect = session.dialect
            kind = session.columns(self._sync.relation).get(column, "")
            start = dialect.moment(Partition.of_day(column, date.fromisoformat(first)).start, kind)
            [(too_old,)] = session.fetch_all(
                f"SELECT count(*) FROM {dialect.relation(self._sync.relation)} AS source "
                f"WHERE {dialect.identifier(column)} < {start}"
            )
        return _checks.within_partitions(self.key, too_old, first)

    def without_source(self, error: SourceMissing) -> SyncEvents:
        """A source that was never there is a sync not in use; one that went away is a fault."""
        was_there = self._context.instance.get_latest_materialization_event(self.key) is not None
        severity = dg.AssetCheckSeverity.ERROR if was_there else dg.AssetCheckSeverity.WARN
        message = (
            f"{self._sync.name} is disabled and sent nothing. Create the table or view, or name another source in "
            f"the sync's definition: {error}"
        )
        self._context.log.warning(message)
        yield from self.asked_for([_checks.unusable(self.key, message, severity=severity)], self.days)

    def asked_for(self, results: Sequence[dg.AssetCheckResult], days: Sequence[str] = ()) -> SyncEvents:
        """Those results that the run was started for; of these days, if there are any."""
        asked = {check.name for check in self._context.selected_asset_check_keys}
        wanted = [result for result in results if result.check_name in asked]
        if not days or self._context.has_partition_key:
            yield from wanted
            return
        # In a run of a range, be it of one day, a result would be of no day.
        for result in wanted:
            for day in days:
                self._context.log_event(_checks.of_partition(result, day))

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

    def _observe(self, description: str, metadata: dict[str, Any], partition: str | None = None) -> None:
        self._context.log_event(
            dg.AssetObservation(self.key, description=description, metadata=metadata, partition=partition)
        )


def _partitions_of(sync: Sync, context: dg.AssetExecutionContext, key: dg.AssetKey) -> Sequence[Partition | None]:
    """The days that a run is for, oldest first; [None] for all of the source."""
    column = sync.contract.partition_by
    if column is None or context.assets_def.get_asset_spec(key).partitions_def is None:
        return [None]
    if not (context.has_partition_key or context.has_partition_key_range):
        raise dg.Failure(
            f"{sync.name} goes day by day, and the run names no day; choose partitions when you materialize it, or "
            "start a backfill",
            allow_retries=False,
        )
    return [Partition.of_day(column, date.fromisoformat(day)) for day in context.partition_keys]


def _data_frame(frame: object) -> Any:
    """What the upstream asset returned, if it is a data frame."""
    kind = f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}"
    if kind not in ("pandas.DataFrame", "pyarrow.Table"):
        raise dg.Failure(
            f"the upstream asset returned a {kind}, and a sync takes a pandas DataFrame; return one there",
            allow_retries=False,
        )
    return frame


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

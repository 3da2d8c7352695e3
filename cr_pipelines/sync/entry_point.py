"""The call that runs a sync.

Goes in: a sync, its warehouse and the room. Comes out: a report on every row.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from cr_pipelines.sync.event_loop import check_no_loop_runs
from cr_pipelines.sync.model import Destination, Options, Partition, Sync
from cr_pipelines.sync.plan.dataframe import FRAME, as_arrow
from cr_pipelines.sync.privacy.requests import RequestSource
from cr_pipelines.sync.report import Progress, Report
from cr_pipelines.sync.run import Run
from cr_pipelines.sync.state.processes import mark_running
from cr_pipelines.sync.timing import Timing
from cr_pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


def run_sync(
    sync: Sync,
    warehouse: Warehouse,
    destination: Destination,
    *,
    schema: str = "common_room",
    options: Options | None = None,
    partition: Partition | None = None,
    frame: "pd.DataFrame | pa.Table | None" = None,
    run_id: str | None = None,
    on_plan: Callable[[Report], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    timing: Timing | None = None,
    requests: RequestSource | Sequence[RequestSource] | None = None,
) -> Report:
    """Bring Common Room up to date with a source: plan in the warehouse, send what changed, record every outcome.

    Args:
        sync: what to sync.
        warehouse: where the source and the state tables are; `open_warehouse` takes a URL for each. No session is open
            while requests are sent, except to write outcomes.
        destination: the room. No client is opened when nothing has to be sent.
        schema: the warehouse schema for the state tables, created if it does not exist.
        options: what this run does differently.
        partition: the day of the source to sync; None for the whole source.
        frame: rows to read instead of the sync's source. The warehouse reads them for the plan and does not keep them.
            The columns are the contract, as with a table.
        run_id: names the run in the ledger; None for a random one.
        on_plan: called with what the plan found, before the first row is sent.
        on_progress: called every few seconds while rows are sent.
        timing: how often to write, look and report; for tests.
        requests: the sources of privacy requests, which suppress people before anything else; None for the table
            `common_room_pii_requests`. None of them need to exist.

    Returns:
        what became of every row.

    Raises:
        SourceMissing, SourceUnusable: the source cannot be read, or does not fit the contract.
        AlreadyRunning: another run of the same sync is alive.
        TakenOver: another run took over; this one stopped sending.
        OtherRoom: the state schema belongs to another room, or another destination source; nothing was sent.
        RoomNotConfirmed: the room of the token could not be read; nothing was sent.
        StateSchemaTooNew: a later version of cr-pipelines has migrated the state schema.
        SyncStopped: the circuit breaker ended the run; outcomes so far are recorded, and the rest waits for the next
            run.
        SyncError, CommonRoomError, WarehouseError: nothing could be sent or recorded.
    """
    check_no_loop_runs()
    run = Run(
        sync if frame is None else replace(sync, source=FRAME),
        warehouse,
        destination,
        schema,
        options or Options(),
        partition,
        run_id or uuid.uuid4().hex,
        None if frame is None else as_arrow(frame),
        timing or Timing(),
        _sources_of(requests),
    )
    with mark_running(run.key.run_id):
        return run.go(on_plan, on_progress)


def _sources_of(requests: RequestSource | Sequence[RequestSource] | None) -> Sequence[RequestSource]:
    if requests is None:
        return (RequestSource(),)
    return (requests,) if isinstance(requests, RequestSource) else requests

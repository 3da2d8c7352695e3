"""The recorder: what a run writes to the warehouse while it sends.

Goes in: the outbox, the sent addresses, the heartbeat and the suppression watch. Comes out: short sessions, each of
which writes outcomes and addresses, notes that the run is alive, and reads the suppression list. No session is open
between them. While the warehouse cannot be reached, outcomes wait in memory, and sending pauses once there are many.
"""

import asyncio
import time

from cr_pipelines.sync.deliver.outage import Outage
from cr_pipelines.sync.privacy.sent_addresses import SentAddresses
from cr_pipelines.sync.privacy.watch import SuppressionWatch
from cr_pipelines.sync.state.heartbeat import Heartbeat
from cr_pipelines.sync.state.outbox import Outbox
from cr_pipelines.sync.timing import Timing
from cr_pipelines.warehouse import Session, Warehouse, WarehouseError

_POLL_SECONDS = 0.02


class Recorder:
    """Writes to the warehouse while a run sends."""

    def __init__(
        self,
        warehouse: Warehouse,
        outbox: Outbox,
        addresses: SentAddresses,
        watch: SuppressionWatch,
        heartbeat: Heartbeat,
        timing: Timing,
    ):
        self._warehouse = warehouse
        self._outbox = outbox
        self._addresses = addresses
        self._watch = watch
        self._heartbeat = heartbeat
        self._timing = timing
        self._last = time.monotonic()
        self._writing = asyncio.Lock()
        self._written = asyncio.Event()

    async def keep_recording(self) -> None:
        """Write whenever a write is due, until cancelled. Raises WarehouseError."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            if self._due():
                async with self._writing:
                    # A write that ended in the meantime may have done what was due.
                    if self._due():
                        await self._write_now()

    async def flush(self) -> None:
        """Write now, and return once the warehouse has committed it.

        Raises:
            WarehouseError: the write failed, and either retrying would not help or the outage has lasted too long.
        """
        async with self._writing:
            await self._write_now()

    async def write_addresses(self) -> None:
        """Return once the warehouse has recorded the addresses and ids under which the noted rows are sent."""
        if not self._addresses.is_written:
            await self.flush()

    async def wait_for_outbox(self) -> None:
        """Wait while too many outcomes are unwritten."""
        while len(self._outbox) >= self._timing.max_unrecorded:
            await self._next_write()

    async def wait_for_look(self) -> None:
        """Wait until the suppression list was read recently enough to send."""
        while self._watch.expired:
            await self._next_write()

    def write(self, session: Session) -> None:
        """Write in the caller's session."""
        self._addresses.write(session)
        self._outbox.write(session)
        self._heartbeat.beat_if_due(session)
        self._watch.look(session)
        self._last = time.monotonic()

    async def _write_now(self) -> None:
        outage = Outage(self._timing.outage_seconds)
        while True:
            try:
                await asyncio.to_thread(self._flush, outage)
            except WarehouseError as error:
                pause = outage.pause_after(error)
            else:
                self._written.set()
                return
            await asyncio.sleep(pause)

    def _due(self) -> bool:
        is_full = len(self._outbox) >= self._timing.flush_rows
        pause = self._timing.full_flush_seconds if is_full else self._timing.flush_seconds
        return self._watch.can_confirm() or self._heartbeat.due or time.monotonic() - self._last >= pause

    def _flush(self, outage: Outage) -> None:
        outage.in_session = False
        with self._warehouse.session() as session:
            outage.in_session = True
            self.write(session)

    async def _next_write(self) -> None:
        self._written.clear()
        await self._written.wait()

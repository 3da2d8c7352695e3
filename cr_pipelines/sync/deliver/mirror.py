import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from cr_pipelines.api import CommonRoomError, NotFound
from cr_pipelines.sync.contract import Catalog, Mirror
from cr_pipelines.sync.model import Destination, Sync
from cr_pipelines.sync.plan.planner import Plan
from cr_pipelines.sync.report import MOST_KEYS, Report

_SHARE_REMOVED = 10
"""One in so many may go in one run, however few `max_deletions` allows."""


@dataclass
class RemoteState:
    """What the room has of the things that a sync keeps up, read before the plan is made.

    Attributes:
        catalog: what was read.
        ids: the id in the room of each thing, by its key as the ledger spells it.
        removed: keys of things that this run took out of the room, or found gone from it.
    """

    catalog: Catalog
    ids: Mapping[str, str]
    removed: list[str] = field(default_factory=list)

    @staticmethod
    async def read(mirror: Mirror, destination: Destination, report: Report) -> "RemoteState":
        """Ask the room."""
        async with destination.open_client() as client:
            try:
                catalog = await Catalog.read(client, {mirror.fact}, source_id=None)
            finally:
                report.add_traffic(client.stats)
        return RemoteState(catalog, {ledger_key(name): id_ for name, id_ in mirror.present(catalog).items()})

    def removable(self, plan: Plan) -> list[str]:
        """Keys that left the source and are still in the room."""
        return [key for key in plan.removable if key in self.ids]

    async def remove(self, mirror: Mirror, sync: Sync, plan: Plan, destination: Destination, report: Report) -> None:
        """Take out of the room what left the source. Refuses in the report, doing nothing, if it is too much."""
        self.removed += [key for key in plan.removable if key not in self.ids]
        doomed = self.removable(plan)
        most = max(sync.max_deletions, plan.standing // _SHARE_REMOVED)
        if len(doomed) > most:
            report.stopped_by = (
                f"{len(doomed):,} of {plan.standing:,} {sync.kind}s left the source and would be deleted in Common "
                f"Room, more than the {most:,} that one run may; nothing was deleted. If that is meant, raise "
                "max_deletions; if not, look for what broke the view"
            )
            return
        if not doomed:
            return
        async with destination.open_client() as client:
            try:
                for key in doomed:
                    try:
                        await mirror.remove(client, self.ids[key])
                        report.deletions += 1
                        if len(report.deletion_keys) < MOST_KEYS:
                            report.deletion_keys.append(key)
                    except NotFound:
                        pass
                    self.removed.append(key)
            except CommonRoomError as error:
                report.stopped_by = str(error)
            finally:
                report.add_traffic(client.stats)


def ledger_key(text: str) -> str:
    """A key of one column as the ledger spells it: `Dialect.key`, for a text that is not in the warehouse."""
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}" if "@" in text else text

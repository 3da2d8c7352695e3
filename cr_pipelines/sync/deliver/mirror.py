"""Mirror mode: the room has exactly the things that the source has, such as tags.

Goes in: what the room has, read before the plan is made, and the things that left the source, found by the plan. Comes
out: those things are deleted in the room, unless there are too many.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cr_pipelines.api import CommonRoomClient, CommonRoomError, NotFound
from cr_pipelines.sync.contract import Catalog, Mirror, hashed_key
from cr_pipelines.sync.model import Sync

_DELETED_SHARE = 10
"""One in this many may be deleted in a run, even if `max_deletions` is lower."""


@dataclass(frozen=True)
class RemoteState:
    """The things in the room that a sync mirrors.

    Attributes:
        catalog: the part of the catalog that lists them.
        ids: the id of each thing in the room, by its key as the ledger spells it.
    """

    catalog: Catalog
    ids: Mapping[str, str]

    @classmethod
    async def read(cls, client: CommonRoomClient, mirror: Mirror) -> "RemoteState":
        """Read it from the room."""
        catalog = await Catalog.read(client, {mirror.part}, source_id=None)
        return cls(catalog, {hashed_key(name): id_ for name, id_ in mirror.present(catalog).items()})


class Deletions:
    """The things that left the source.

    Attributes:
        keys: keys of the things that the room has.
        absent_keys: keys of the things that the room does not have, or no longer has.
        deleted: keys of the things that the run deleted.
    """

    def __init__(self, remote: RemoteState, left_source: Collection[str]):
        self._ids = remote.ids
        self.keys = [key for key in left_source if key in remote.ids]
        self.absent_keys = [key for key in left_source if key not in remote.ids]
        self.deleted: list[str] = []

    def refusal(self, sync: Sync, delivered: int) -> str | None:
        """Return why there are too many to delete, given how many were delivered in all; None if there are not."""
        limit = max(sync.max_deletions, delivered // _DELETED_SHARE)
        if len(self.keys) <= limit:
            return None
        return (
            f"{len(self.keys):,} of {delivered:,} {sync.kind}s left the source and would be deleted in Common Room, "
            f"more than the {limit:,} that one run may delete, so nothing was deleted. If this is intended, raise "
            "max_deletions; if not, find out what broke the view"
        )

    async def delete(self, client: CommonRoomClient, mirror: Mirror) -> str | None:
        """Delete them in the room. Return why deleting ended early, if it did."""
        for key in self.keys:
            try:
                await mirror.delete(client, self._ids[key])
                self.deleted.append(key)
            except NotFound:
                pass
            except CommonRoomError as error:
                return str(error)
            self.absent_keys.append(key)
        return None

"""Mirror mode: the room has exactly the things of the source, such as tags.

Goes in: what the room has, read before the plan is made, and what the plan finds to have left the source. Comes out:
the things that left the source are deleted in the room, unless they are too many.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cr_pipelines.api import CommonRoomClient, CommonRoomError, NotFound
from cr_pipelines.sync.contract import Catalog, Mirror, hashed_key
from cr_pipelines.sync.model import Sync

_DELETED_SHARE = 10
"""One in this many may be deleted in one run, even if `max_deletions` allows fewer."""


@dataclass(frozen=True)
class RemoteState:
    """What the room has of the things that a sync mirrors.

    Attributes:
        catalog: the part of the catalog that has them.
        ids: the id of each in the room, by its key as the ledger spells it.
    """

    catalog: Catalog
    ids: Mapping[str, str]

    @classmethod
    async def read(cls, client: CommonRoomClient, mirror: Mirror) -> "RemoteState":
        """Read it from the room."""
        catalog = await Catalog.read(client, {mirror.part}, source_id=None)
        return cls(catalog, {hashed_key(name): id_ for name, id_ in mirror.present(catalog).items()})


class Deletions:
    """The things of a run that left the source.

    Attributes:
        keys: those of them that the room has.
        absent_keys: those that the room does not have, or not any more.
        deleted: those of them that the run deleted.
    """

    def __init__(self, remote: RemoteState, left_source: Collection[str]):
        self._ids = remote.ids
        self.keys = [key for key in left_source if key in remote.ids]
        self.absent_keys = [key for key in left_source if key not in remote.ids]
        self.deleted: list[str] = []

    def refusal(self, sync: Sync, delivered: int) -> str | None:
        """Return why these are too many to delete, given how many were delivered in all; None if they are not."""
        limit = max(sync.max_deletions, delivered // _DELETED_SHARE)
        if len(self.keys) <= limit:
            return None
        return (
            f"{len(self.keys):,} of {delivered:,} {sync.kind}s left the source and would be deleted in Common Room, "
            f"more than the {limit:,} that one run may delete, so nothing was deleted. If this is intended, raise "
            "max_deletions; if not, find out what broke the view"
        )

    async def delete(self, client: CommonRoomClient, mirror: Mirror) -> str | None:
        """Delete them in the room, and return why that ended early, if it did."""
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

"""What the names in a source's key mean in the room, before the plan compares keys.

Goes in: a session, then a client if any name is new. Comes out: spellings for the planner. If a name means nothing, or
the room cannot be read, delivery reports it later.
"""

from collections.abc import Sequence

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sync.contract import Catalog
from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan.key_spellings import KeySpellings, Spelling
from cr_pipelines.sync.plan.source_key import named_parts
from cr_pipelines.warehouse import Session, SourceSession


class KeyNames:
    """The names of one run's source.

    Attributes:
        found: what new names mean.
    """

    def __init__(self, sync: Sync, schema: str, partition: Partition | None, source_id: int | None):
        self._sync = sync
        self._schema = schema
        self._partition = partition
        self._source_id = source_id
        self._spellings: KeySpellings | None = None
        self._new: dict[str, list[str]] = {}
        self.found: Sequence[Spelling] = ()

    @property
    def exist(self) -> bool:
        """Whether keys of this kind contain names of things in the room."""
        return bool(named_parts(self._sync.contract))

    @property
    def are_new(self) -> bool:
        """Whether the room has to be asked."""
        return bool(self._new)

    def look(self, session: Session, source: SourceSession) -> None:
        """Find the names whose meaning is not known."""
        self._spellings = KeySpellings(session, self._schema, self._sync)
        self._new = self._spellings.find_new(source, self._partition)

    async def read(self, client: CommonRoomClient) -> None:
        """Ask the room what the names mean."""
        if self._spellings is not None:
            catalog = await Catalog.read(client, named_parts(self._sync.contract), source_id=self._source_id)
            self.found = self._spellings.resolve(self._new, catalog)

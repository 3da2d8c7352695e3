"""How many people or things an address may be sent for and still belong to one person.

Goes in: the number that a source of requests names, if it names one. Comes out: the one number of the state schema,
which every sync, removal and report reads there, whatever process it runs in.
"""

from collections.abc import Iterable
from datetime import datetime

from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.privacy import statements
from cr_pipelines.sync.privacy.requests import RequestSource
from cr_pipelines.sync.state.people import ADDRESS_LIMITS
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Session

DEFAULT_ADDRESS_LIMIT = 5


class AddressLimit:
    """The number within one session. Its table has a row for each time that it was set."""

    def __init__(self, session: Session, schema: str):
        self._session = session
        self._state = StateSchema(session, schema)

    def read(self) -> int:
        """Return the number."""
        return self._last()[1]

    def _last(self) -> tuple[int, int]:
        found = self._session.fetch_all(statements.address_limit(self._state.names))
        return (int(found[0][0]), int(found[0][1])) if found else (0, DEFAULT_ADDRESS_LIMIT)

    def set(self, sources: Iterable[RequestSource], now: datetime) -> bool:
        """Set the number to what the sources name, and return whether this changed it.

        The caller has the register's lock. Sources that name no number leave it as it is. Raises SourceUnusable if two
        sources name different ones.
        """
        named = {source.max_people_per_address for source in sources if source.max_people_per_address is not None}
        if len(named) > 1:
            raise SourceUnusable(
                "the sources of privacy requests name different numbers of people per address "
                f"({', '.join(map(str, sorted(named)))}); set max_people_per_address to one number"
            )
        sequence, before = self._last()
        number = named.pop() if named else before
        if number == before:
            return False
        self._state.insert(ADDRESS_LIMITS, {"sequence": sequence + 1, "max_people_per_address": number, "set_at": now})
        return True

"""Locks on a source's tables, taken before the snapshot that reads them.

Goes in: a session, and a query that reads no row of the source. Comes out: a transaction whose snapshot is later than
its locks. PostgreSQL takes a snapshot before it looks up and locks the tables of a query. If a table is swapped by
renaming in between, the snapshot does not see its rows. LOCK TABLE takes no snapshot.
"""

from contextlib import suppress
from typing import Any, Protocol

from cr_pipelines.warehouse.errors import WarehouseBusy, WarehouseError
from cr_pipelines.warehouse.postgresql_errors import Failed

_ATTEMPTS = 20
_DEADLOCK_OR_SWAP = {"40P01", "42P01", "3F000", "XX000"}

_HELD = (
    "SELECT CAST(c.oid AS bigint), format('%I.%I', n.nspname, c.relname), "
    "c.relkind IN ('r', 'p', 'v') AND has_table_privilege(c.oid, 'SELECT') "
    "FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') "
    "AND n.nspname NOT LIKE 'pg\\_temp%'"
)
"""The tables and views that the transaction has locked so far, and whether LOCK TABLE can lock them."""

_NONE_OF = "SELECT CAST(NULL AS bigint), NULL, false FROM"

_SETTINGS = "(SELECT set_config('parallel_tuple_cost', '0.001', true) OFFSET 0) AS settings WHERE settings IS NULL"
"""For this transaction: hashing a row costs far more than handing its hash to another process, which the planner does
not know."""


class LockingSession(Protocol):
    """What is needed of a session."""

    def execute(self, statement: str) -> None:
        """Run a statement."""

    def fetch_all(self, query: str) -> list[tuple[Any, ...]]:
        """Return a query's rows."""


class LockedSource:
    """Begins a transaction that locks the tables of a source before it takes its snapshot."""

    def __init__(self, session: LockingSession, probe: str):
        self._session = session
        self._probed = f"({probe}) AS probed"

    def begin(self) -> None:
        """Begin the transaction. Raises WarehouseBusy if the tables are replaced faster than they can be locked."""
        for attempt in range(_ATTEMPTS):
            try:
                if self._begin():
                    return
            except Failed as error:
                if error.state not in _DEADLOCK_OR_SWAP or attempt == _ATTEMPTS - 1:
                    raise
        raise WarehouseBusy(
            "PostgreSQL: the source's tables were replaced again and again while they were being locked; run this later"
        )

    def _begin(self) -> bool:
        """Lock what the source currently reads. Return whether the snapshot then reads the same tables."""
        wanted = self._found()
        names = [name for _, name, lockable in wanted if lockable]
        self._session.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        try:
            if names:
                self._session.execute(f"LOCK TABLE {', '.join(names)} IN ACCESS SHARE MODE")
            # The first query takes the snapshot, which covers what is locked here.
            before = {oid for oid, _, _ in self._held(_SETTINGS)}
            unlockable = {oid for oid, _, lockable in wanted if not lockable}
            read = {oid for oid, _, _ in self._held(self._probed)}
        except BaseException:
            self._roll_back()
            raise
        if read <= before | unlockable:
            return True
        self._roll_back()
        return False

    def _found(self) -> list[tuple[int, str, bool]]:
        """Return every table and view that the source currently reads."""
        self._session.execute("BEGIN")
        try:
            return self._held(self._probed)
        finally:
            self._roll_back()

    def _held(self, also: str) -> list[tuple[int, str, bool]]:
        """Return what is locked after the planner has seen a statement that also reads `also`, which has no rows."""
        return self._session.fetch_all(f"SELECT * FROM ({_HELD} UNION ALL {_NONE_OF} {also}) AS held ORDER BY 1")

    def _roll_back(self) -> None:
        with suppress(WarehouseError):
            self._session.execute("ROLLBACK")

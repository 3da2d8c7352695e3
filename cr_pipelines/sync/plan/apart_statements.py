"""The SQL of a plan whose source is in a different engine from the state tables.

Goes in: the dialect of the engine that runs the statement, and the temporary tables of the plan. Comes out: one
statement for each function. Statements with a `source` run in the source's engine, and only read.
"""

from collections.abc import Collection, Mapping, Sequence

from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.plan.source_key import source_key
from cr_pipelines.sync.plan.source_statements import find_fingerprints, source_values
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS
from cr_pipelines.sync.plan.statements import part_of
from cr_pipelines.warehouse import Dialect, SourceDialect

_COMPUTED = ("fingerprint", "row_hash")

KNOWN = tuple(name for name in LEDGER_COLUMNS if name not in _COMPUTED)
"""The columns of a spooled row that come from the ledger."""

OFFERED = f"SELECT {', '.join(KNOWN)}, row_hash AS planned_hash, turn FROM cr_offered"
"""The offered keys, and the ledger's entry for each."""


def keys_elsewhere(
    dialect: SourceDialect, sync: Sync, source: str, types: Mapping[str, str], keys: Collection[str]
) -> str:
    """Return a query for the keys of the source's other partitions; `keys` narrows it to some keys."""
    only = f" WHERE key IN {dialect.listed(keys)}" if keys else ""
    return f"SELECT key FROM (SELECT {source_key(dialect, sync, types)} AS key FROM {source}) AS keyed{only}"


def count_elsewhere() -> str:
    """Return the query behind `cr_elsewhere`: how often other partitions have each key of `cr_moved`."""
    return """
        SELECT key, count(*) AS copies
        FROM cr_keys_elsewhere AS e
        WHERE EXISTS (SELECT 1 FROM cr_moved AS m WHERE m.key = e.key)
        GROUP BY key"""


def fingerprints(dialect: SourceDialect, sync: Sync, source: str, types: Mapping[str, str]) -> str:
    """Return a query for every row's key and fingerprint, and for its fingerprint as earlier versions computed it."""
    now, *former = find_fingerprints(dialect, types)
    before = former[0] if former else f"CAST(NULL AS {dialect.types['text']})"
    return f"SELECT {source_key(dialect, sync, types)} AS key, {now} AS fingerprint, {before} AS former FROM {source}"


def find_refreshed(part: str | None = None) -> str:
    """Return a statement that finds rows with unchanged content, from the source's fingerprints.

    `part` is a condition for the keys that are looked at, or None for all.
    """
    return f"""
        INSERT INTO cr_refreshed
        SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END
        FROM {part_of("cr_fingerprints", part)} AS f
        JOIN {part_of("cr_compared", part)} AS c ON f.key = c.key
        WHERE c.why = 'rehashed' AND (c.was_fingerprint = f.fingerprint OR c.was_fingerprint = f.former)"""


def read_source(
    dialect: SourceDialect, sync: Sync, source: str, types: Mapping[str, str], keys: Collection[str], *, bare: bool
) -> str:
    """Return a query for rows in the form in which they are sent, with their key, fingerprint and hash.

    Args:
        dialect: the source's dialect.
        sync: what is synced.
        source: the source's rows, as a FROM clause takes them.
        types: the source columns with their types, in the order of the values.
        keys: limits the query to these keys; empty for all rows.
        bare: whether none of these keys is hashed, which allows comparing them with the column itself.
    """
    key = source_key(dialect, sync, types)
    only = ""
    if keys:
        if bare and len(sync.contract.key) == 1:
            [column] = sync.contract.key
            key = dialect.spelled(column, types[column])
        only = f"WHERE s.cr_key IN {dialect.listed(keys)}"
    values = ",\n".join(source_values(dialect, sync, types))
    columns = ", ".join(map(dialect.identifier, types))
    return f"""
        SELECT s.cr_key, {dialect.fingerprint(types)} AS fingerprint, {dialect.row_hash(types)} AS row_hash,
        {values}
        FROM (SELECT {key} AS cr_key, {columns} FROM {source}) AS s
        {only}"""


def join_offered(reads: Sequence[str], turn: int, *, repeatable: bool, part: str | None = None) -> str:
    """Return a query for the ledger entries of the rows of one turn, with the position at which each row was read.

    Args:
        reads: tables with the positions and the keys of the rows that were read.
        turn: which rows.
        repeatable: False for an append, which must not be sent twice even if its source returns it twice.
        part: a condition for the keys that are joined, or None for all.
    """
    known = ", ".join(f"o.{name}" for name in (*KNOWN, "planned_hash"))
    copy = "1" if repeatable else "row_number() OVER (PARTITION BY o.key ORDER BY r.position)"
    here = f" WHERE {part}" if part else ""
    # DuckDB holds the second table of a join in memory, and positions are small.
    return f"""
        SELECT r.position, {known}, {copy} AS copy_number
        FROM {part_of("cr_offered", part)} AS o
        JOIN ({" UNION ALL ".join(f"SELECT position, key FROM {table}{here}" for table in reads)}) AS r ON r.key = o.key
        WHERE o.turn = {turn}"""


def ordered(dialect: Dialect, table: str, order: Sequence[str]) -> str:
    """Return a query for the rows of a table, ordered so that rows with equal source columns follow each other."""
    return f"SELECT * FROM {table} ORDER BY {', '.join(dialect.identifier(f'value_{name}') for name in order)}"

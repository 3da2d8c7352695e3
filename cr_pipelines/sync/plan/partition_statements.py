"""The SQL that reads one partition of a source for a plan, and finds its keys in other partitions.

Goes in: the sync, its partition, and the names of the state tables. Comes out: one statement, or part of one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.warehouse import SourceDialect, SourceSession

FIRST_MOMENT, LAST_MOMENT = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""No row is from before or after; a day is left for time zones."""


def source_rows(
    dialect: SourceDialect,
    sync: Sync,
    partition: Partition | None,
    types: Mapping[str, str],
    spelled: Mapping[str, str] | None = None,
) -> str:
    """Return the source's rows for a FROM clause, limited to the partition if there is one.

    A column that the source spells in another case (`spelled`, by the contract's name) gets the contract's name. Rows
    without a usable timestamp belong to every partition, which shows them as invalid.
    """
    relation = _named_relation(dialect, sync, types, spelled)
    if partition is None:
        return f"(SELECT * FROM {relation} AS source) AS source_rows"
    kind = types.get(partition.column, "")
    column = dialect.column_moment(partition.column, kind)
    start, end = (dialect.moment(moment, kind) for moment in (partition.start, partition.end))
    return f"""(
        SELECT * FROM {relation} AS source
        WHERE {column} >= {start} AND {column} < {end} OR {in_no_year(dialect, partition.column, kind)}
    ) AS source_rows"""


def in_no_year(dialect: SourceDialect, column: str, kind: str) -> str:
    """Return the condition for rows whose timestamp is null, no timestamp, infinite, or outside the years 1 to 9999."""
    moment = dialect.column_moment(column, kind)
    first, last = (dialect.moment(moment, kind) for moment in (FIRST_MOMENT, LAST_MOMENT))
    return f"({moment} IS NULL OR {moment} < {first} OR {moment} > {last})"


def check_moment(session: SourceSession, sync: Sync, column: str, kind: str) -> None:
    """Raise SourceUnusable unless a column's days can be partitions: if it is text, some of it must be a timestamp."""
    dialect = session.dialect
    is_moment, moment, quoted = dialect.is_moment(kind), dialect.column_moment(column, kind), dialect.identifier(column)
    if is_moment and moment != quoted:
        [(values, moments)] = session.fetch_all(
            f"SELECT count({quoted}), count({moment}) FROM {dialect.relation(sync.relation)} AS source"
        )
        is_moment = values == 0 or moments > 0
    if not is_moment:
        raise SourceUnusable(
            f"{sync.name}: column {column} of {sync.relation} has the type {kind}, and a partition is a day of a "
            f"timestamp; cast it in the view, as with {dialect.cast_to_moment(column)}"
        )


def rows_elsewhere(
    dialect: SourceDialect,
    sync: Sync,
    partition: Partition,
    types: Mapping[str, str],
    spelled: Mapping[str, str] | None = None,
) -> str:
    """Return the rows of the source's other partitions for a FROM clause."""
    relation = _named_relation(dialect, sync, types, spelled)
    kind = types.get(partition.column, "")
    column = dialect.column_moment(partition.column, kind)
    start, end = (dialect.moment(moment, kind) for moment in (partition.start, partition.end))
    return f"""(
        SELECT * FROM {relation} AS source
        WHERE ({column} < {start} OR {column} >= {end}) AND NOT {in_no_year(dialect, partition.column, kind)}
    ) AS source_rows"""


def find_moved(names: PlanNames) -> str:
    """Return the query behind `cr_moved`: keys of the partition that are in the ledger under another one.

    This includes keys that several rows shared, because those rows may be in several partitions.
    """
    return f"""
        SELECT l.key
        FROM {names.table("sync_ledger")} AS l
        WHERE l.{names.of_sync}
        AND (l.{names.partition} <> {names.dialect.literal(names.partition_name)} OR l.reason_code = 'duplicate_key')
        AND EXISTS (SELECT 1 FROM cr_source_keys AS s WHERE s.key = l.key)"""


def any_in_partitions(names: PlanNames) -> str:
    """Return a query with a row if the ledger has a row of the sync that is in a partition and in the source."""
    return f"""
        SELECT 1 FROM {names.table("sync_ledger")}
        WHERE {names.of_sync} AND {names.partition} > '' AND absent_since IS NULL LIMIT 1"""


def find_elsewhere(names: PlanNames, source: str, types: Mapping[str, str]) -> str:
    """Return the query behind `cr_elsewhere`: the keys of `cr_moved` that are in other partitions of the source."""
    return f"""
        SELECT key, count(*) AS copies
        FROM (SELECT {names.source_key(types)} AS key FROM {source}) AS keyed
        WHERE EXISTS (SELECT 1 FROM cr_moved AS m WHERE m.key = keyed.key)
        GROUP BY key"""


def record_moved(names: PlanNames) -> str:
    """Return a statement that records in which partition the keys of the source are now.

    A key that is in other partitions too stays where it was.
    """
    ledger = names.dialect.identifier("sync_ledger")
    return f"""
        UPDATE {names.table("sync_ledger")} SET {names.partition} = {names.dialect.literal(names.partition_name)}
        WHERE {names.of_sync} AND {names.partition} <> {names.dialect.literal(names.partition_name)}
        AND EXISTS (SELECT 1 FROM cr_source_keys AS s WHERE s.key = {ledger}.key)
        AND NOT EXISTS (SELECT 1 FROM cr_duplicates AS d WHERE d.key = {ledger}.key)"""


def _named_relation(
    dialect: SourceDialect, sync: Sync, types: Mapping[str, str], spelled: Mapping[str, str] | None
) -> str:
    relation = dialect.relation(sync.relation)
    if not spelled or all(spelled[name] == name for name in types):
        return relation
    renamed = ", ".join(f"{dialect.identifier(spelled[name])} AS {dialect.identifier(name)}" for name in types)
    return f"(SELECT {renamed} FROM {relation} AS source)"

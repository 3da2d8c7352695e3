"""The SQL of a plan: one pure function for each statement.

Goes in: `PlanNames` (the dialect, the state tables, the sync and its partition) and whatever else the statement depends
on. Comes out: one statement. The planner runs them in this order; each temporary table is the next statement's input:

    cr_respelled     keys that the ledger has in a former spelling, as a rule none
    cr_source_keys   every source row's key and hash
    cr_moved         of a partition: its keys that the ledger has in another one
    cr_elsewhere     those of them that other partitions of the source have too
    cr_candidates    keys whose source row and ledger row do not settle that nothing is to be done: few, as a rule
    cr_duplicates    keys that several source rows have
    cr_compared      the candidates, with how each compares with the ledger (`why`) and what the ledger has of it
    cr_refreshed     if any hash is of another version: the rows among them whose content is the same
    cr_offered       the rows that the run offers, each with its turn (see `offer_statements`)
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.plan.source_key import source_key
from cr_pipelines.sync.plan.source_statements import find_fingerprints
from cr_pipelines.sync.state.ledger import no_key
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.statements import delivered_fingerprint
from cr_pipelines.warehouse import Dialect

NO_HASH = -1
"""A hash that no source row has, except with a probability of one in 2^63."""

DUPLICATE = " rows have this key, and none of them is sent; keep one in the view"

WITHOUT_VALUES = "status = 'delivered' AND field IS NOT NULL"
"""The condition for rows of the ledger that were delivered without a bad value."""

_LOOK_AGAIN = "'failed', 'invalid', 'suppressed', 'rejected', 'unknown'"
"""Statuses for which no hash comparison is enough."""


@dataclass(frozen=True)
class PlanNames(StateNames):
    """The state tables, and the names that every statement of one plan needs."""

    sync: Sync
    partition_name: str

    @property
    def sync_name(self) -> str:
        """The sync's name as a literal."""
        return self.dialect.literal(self.sync.name)

    @property
    def key_columns(self) -> str:
        """The key's columns, in readable form."""
        return self.sync.contract.key_columns

    def source_key(self, types: Mapping[str, str]) -> str:
        """Return the expression for a source row's key, given the types of its columns."""
        return source_key(self.dialect, self.sync, types)

    @property
    def rechecks_dropped(self) -> bool:
        """Whether rows that were delivered without a bad value are checked again; the value may be valid by now."""
        return self.sync.on_invalid_value == "drop_value" and self.sync.contract.repeatable

    @property
    def of_sync(self) -> str:
        """The condition for the rows of this sync, in any of the state tables."""
        return f"sync = {self.sync_name}"

    @property
    def here(self) -> str:
        """The condition for the rows that are compared with the whole source, or with its partition."""
        return self.where(self.sync.name, self.partition_name) if self.partition_name else self.of_sync

    @property
    def now(self) -> str:
        """The present, by the engine's clock."""
        return f"CAST(CURRENT_TIMESTAMP AS {self.dialect.types['timestamp']})"

    def rows(self, table: str, columns: str) -> str:
        """A query for the rows of this sync and partition in one state table."""
        return f"SELECT {columns} FROM {self.table(table)} WHERE {self.here}"

    @property
    def interrupted(self) -> str:
        """A query for the keys that a run may have been sending when it died, in any partition."""
        return f"SELECT DISTINCT key FROM {self.table('sync_intents')} WHERE {self.of_sync}"


def respelled_keys(names: PlanNames, spelled: str) -> str:
    """Return the query behind `cr_respelled`: ledger keys in a former spelling, each with its present spelling.

    `spelled` is a query from `spellings`, with both spellings, or a table named `spelled`.
    """
    ledger = names.table("sync_ledger")
    return f"""
        SELECT min(was) AS was, key
        FROM {spelled}
        WHERE was <> key
        AND EXISTS (SELECT 1 FROM {ledger} AS l WHERE l.sync = {names.sync_name} AND l.key = spelled.was)
        AND NOT EXISTS (SELECT 1 FROM {ledger} AS l WHERE l.sync = {names.sync_name} AND l.key = spelled.key)
        GROUP BY key"""


def may_be_respelled(names: PlanNames) -> str:
    """Return a query with a row if the ledger may have keys in a former spelling of a number or JSON."""
    return (
        f"SELECT 1 FROM {names.table('sync_ledger')} WHERE sync = {names.sync_name} "
        "AND (key LIKE '%.%' OR key LIKE '%e+%' OR key LIKE '\"%' OR key LIKE '%-0%') LIMIT 1"
    )


def any_key(names: PlanNames) -> str:
    """Return a query with a row if the ledger has any key of the sync."""
    return f"SELECT 1 FROM {names.table('sync_ledger')} WHERE {names.of_sync} LIMIT 1"


def respell(names: PlanNames, table: str, respelled: str = "cr_respelled") -> str:
    """Return a statement that renames the keys of `cr_respelled` in a state table to their new spelling."""
    own = names.dialect.identifier(table)
    return f"""
        UPDATE {names.table(table)} SET key = r.key
        FROM {respelled} AS r
        WHERE {own}.sync = {names.sync_name} AND {own}.key = r.was"""


def duplicate_keys(*, elsewhere: bool) -> str:
    """Return the query behind `cr_duplicates`: how many rows share a key, and how many of them are in the partition.

    `elsewhere` says whether any of them are in other partitions.
    """
    counted = """
        SELECT key, count(*) AS copies, count(*) AS here
        FROM cr_source_keys
        WHERE key IS NOT NULL
        GROUP BY key"""
    if not elsewhere:
        return f"{counted}\n        HAVING count(*) > 1"
    return f"""
        SELECT h.key, h.copies + coalesce(e.copies, 0) AS copies, h.here
        FROM ({counted}) AS h
        LEFT JOIN cr_elsewhere AS e ON e.key = h.key
        WHERE h.copies + coalesce(e.copies, 0) > 1"""


def no_duplicates(dialect: Dialect) -> str:
    """Return the query behind `cr_duplicates` if no key is shared."""
    text, bigint = dialect.types["text"], dialect.types["bigint"]
    columns = f"CAST(NULL AS {text}) AS key, CAST(0 AS {bigint}) AS copies, CAST(0 AS {bigint}) AS here"
    return f"SELECT {columns} LIMIT 0"


def any_new_duplicate() -> str:
    """Return a query with a row if candidates that were not in the source before share a key."""
    return "SELECT 1 FROM cr_candidates WHERE NOT live GROUP BY key HAVING count(*) > 1 LIMIT 1"


def count_source_rows(dialect: Dialect) -> str:
    """Return a query for the number of source rows, and of those without a key."""
    return f"SELECT count(*), {dialect.count_if('key IS NULL')} FROM cr_source_keys"


def count_duplicates(dialect: Dialect) -> str:
    """Return a query for the number of keys that several rows share, and the number of those rows."""
    return f"SELECT count(*), CAST(coalesce(sum(here), 0) AS {dialect.types['bigint']}) FROM cr_duplicates"


def had_rows_before(names: PlanNames) -> str:
    """Return a query with a row if the ledger has any row that was in the source when it was last read."""
    return f"SELECT 1 FROM {names.table('sync_ledger')} WHERE {names.here} AND absent_since IS NULL LIMIT 1"


def find_candidates(
    names: PlanNames,
    row_hash_version: str,
    *,
    null_keys: bool,
    interrupted: bool,
    every_row: bool,
    absent: bool,
) -> str:
    """Return the query behind `cr_candidates`, in which `live` says whether the ledger has the key as not absent.

    Every row goes through the join, so it is narrow. It takes only a hash from the ledger, which is null for an absent
    row, or a hash that matches no row where the ledger's status or version requires a closer look.

    Args:
        names: the plan's.
        row_hash_version: the version of the source rows' hashes.
        null_keys: whether the source has rows without a key.
        interrupted: whether a run that died may have been sending some keys.
        every_row: whether every source row is a candidate.
        absent: whether keys that the source does not have are candidates.
    """
    text = names.dialect.literal
    looked_for = ["s.row_hash IS DISTINCT FROM l.settled_hash"]
    left_out = f"\nAND coalesce(s.key, l.key) <> {text(no_key(names.partition_name))}" if null_keys else ""
    interrupted_join = ""
    if interrupted:
        interrupted_join = f"LEFT JOIN ({names.interrupted}) AS i ON i.key = s.key"
        looked_for.append("i.key IS NOT NULL")
    if every_row:
        looked_for.append("s.key IS NOT NULL")
    settled = names.rows(
        "sync_ledger",
        f"""key,
            CASE
                WHEN absent_since IS NOT NULL THEN NULL
                WHEN status IN ({_LOOK_AGAIN}) THEN {NO_HASH}
                {f"WHEN {WITHOUT_VALUES} THEN {NO_HASH}" if names.rechecks_dropped else ""}
                WHEN row_hash_version IS DISTINCT FROM {text(row_hash_version)} THEN {NO_HASH}
                ELSE coalesce(row_hash, {NO_HASH})
            END AS settled_hash""",
    )
    return f"""
        SELECT coalesce(s.key, l.key) AS key, s.row_hash, l.settled_hash IS NOT NULL AS live
        FROM (SELECT key, row_hash FROM cr_source_keys WHERE key IS NOT NULL) AS s
        {"FULL" if absent else "LEFT"} JOIN ({settled}) AS l ON s.key = l.key
        {interrupted_join}
        WHERE ({" OR ".join(looked_for)}){left_out}"""


def count_candidates(dialect: Dialect) -> str:
    """Return a query for the number of candidates that are not live, and of those that are absent."""
    return f"SELECT {dialect.count_if('NOT live')}, {dialect.count_if('row_hash IS NULL')} FROM cr_candidates"


def count_live(names: PlanNames, *, null_keys: bool) -> str:
    """Return a query for the number of keys that the ledger has as not absent."""
    left_out = f" AND key <> {names.dialect.literal(no_key(names.partition_name))}" if null_keys else ""
    return f"SELECT count(*) FROM {names.table('sync_ledger')} WHERE {names.here} AND absent_since IS NULL{left_out}"


def hashes_of_keys(table: str, hashed: str, limit: int) -> str:
    """Return a query for the hashes of a table's keys, given the expression for one."""
    return f"SELECT {hashed} FROM {table} LIMIT {int(limit)}"


def compare(
    names: PlanNames,
    row_hash_version: str,
    *,
    interrupted: bool,
    moved: bool,
    duplicates: bool,
    only: str | None = None,
    part: str | None = None,
) -> str:
    """Return the query behind `cr_compared`: how each candidate compares with the ledger.

    Args:
        names: the plan's.
        row_hash_version: the version of the source rows' hashes.
        interrupted: whether a run that died may have been sending some keys.
        moved: whether the ledger has any of them in another partition.
        duplicates: whether several source rows share a key; such keys are left out.
        only: a condition that holds for the candidates among the ledger's keys, and for few others.
        part: a condition for the keys that are compared, or None for all.
    """
    ledger = f"""
        SELECT key, status, field, fingerprint, {delivered_fingerprint()} AS delivered_fingerprint,
            row_hash, row_hash_version, message, not_found_runs, absent_since
        FROM {names.table("sync_ledger")} WHERE {names.of_sync if moved else names.here}{_and(only)}{_and(part)}"""
    left_out = "WHERE NOT EXISTS (SELECT 1 FROM cr_duplicates AS d WHERE d.key = s.key)" if duplicates else ""
    interrupted_join = f"LEFT JOIN ({names.interrupted}{_and(part)}) AS i ON i.key = s.key" if interrupted else ""
    why_interrupted = "WHEN i.key IS NOT NULL THEN 'interrupted'" if interrupted else ""
    version = names.dialect.literal(row_hash_version)
    why_dropped = ""
    if names.rechecks_dropped:
        why_dropped = (
            f"WHEN l.status = 'delivered' AND l.field IS NOT NULL AND l.row_hash_version = {version} "
            "AND l.row_hash = s.row_hash THEN 'recheck'"
        )
    return f"""
        SELECT
            s.key,
            s.row_hash,
            CASE
                WHEN s.row_hash IS NULL THEN 'absent'
                WHEN l.status = 'unknown' THEN 'unknown'
                {why_interrupted}
                WHEN l.key IS NULL THEN 'new'
                WHEN l.status = 'failed' THEN 'retry'
                WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck'
                {why_dropped}
                WHEN l.row_hash_version IS DISTINCT FROM {version} THEN 'rehashed'
                WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed'
                WHEN l.status = 'rejected' THEN 'rejected'
                ELSE 'unchanged'
            END AS why,
            l.absent_since,
            l.status AS was_status,
            l.fingerprint AS was_fingerprint,
            l.delivered_fingerprint AS was_delivered,
            l.message AS was_message,
            l.not_found_runs AS was_not_found_runs
        FROM {part_of("cr_candidates", part)} AS s
        LEFT JOIN ({ledger}) AS l ON l.key = s.key
        {interrupted_join}
        {left_out}"""


def part_of(table: str, part: str | None) -> str:
    """Return the rows of a table that meet a condition, or all of them for None, as a FROM clause takes them."""
    return f"(SELECT * FROM {table} WHERE {part})" if part else table


def create_refreshed(dialect: Dialect) -> str:
    """Return the statement that makes `cr_refreshed`."""
    text, bigint = dialect.types["text"], dialect.types["bigint"]
    return f"CREATE TEMPORARY TABLE cr_refreshed (key {text}, row_hash {bigint}, why {text})"


def find_refreshed(dialect: Dialect, types: Mapping[str, str], source: str) -> str:
    """Return a statement that finds rows with unchanged content, as after an engine upgrade or a change of type."""
    return f"""
        INSERT INTO cr_refreshed
        SELECT c.key, c.row_hash, CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END
        FROM {source} AS s
        JOIN cr_compared AS c ON s.cr_key = c.key
        WHERE c.why = 'rehashed' AND c.was_fingerprint IN ({", ".join(find_fingerprints(dialect, types))})"""


def settle_refreshed() -> tuple[str, str]:
    """Return the statements that set the final comparison of every `rehashed` row."""
    return (
        "UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key",
        "UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed'",
    )


def set_changed_after_delivery() -> str:
    """Return a statement for appends: what was delivered once is not offered again."""
    return """
        UPDATE cr_compared SET why = 'changed_after_delivery'
        WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL AND was_status <> 'suppressed'"""


def unchanged_keys() -> str:
    """Return a query for the keys that were delivered in their present form."""
    return "SELECT key FROM cr_compared WHERE why = 'unchanged' ORDER BY key"


def set_deleted_remotely(dialect: Dialect, keys: Collection[str]) -> str:
    """Return a statement that marks keys whose things somebody deleted in the room."""
    return f"UPDATE cr_compared SET why = 'deleted_remotely' WHERE key IN {dialect.listed(keys)}"


def count_delivered(names: PlanNames) -> str:
    """Return a query for the number of keys that are in the room, according to the ledger."""
    return f"SELECT count(*) FROM ({_delivered(names)}) AS l WHERE in_room IS NOT NULL"


def delivered_and_absent(names: PlanNames) -> str:
    """Return a query for the keys that are in the room, according to the ledger, and no longer in the source."""
    return f"""
        SELECT l.key FROM ({_delivered(names)}) AS l
        WHERE in_room IS NOT NULL AND NOT EXISTS (SELECT 1 FROM cr_source_keys AS s WHERE s.key = l.key)
        ORDER BY l.key"""


def count_compared() -> str:
    """Return a query for the number of candidates by comparison, and of those that were absent before."""
    return "SELECT why, count(*), count(absent_since) FROM cr_compared GROUP BY why"


def example_duplicates(limit: int) -> str:
    """Return a query for some keys that several rows share, each with the number of rows."""
    return f"SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT {int(limit)}"


def _and(condition: str | None) -> str:
    return f" AND {condition}" if condition else ""


def _delivered(names: PlanNames) -> str:
    return names.rows("sync_ledger", f"key, {delivered_fingerprint()} AS in_room")

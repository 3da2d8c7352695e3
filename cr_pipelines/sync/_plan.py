from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from cr_pipelines.sync._ledger import NO_KEY, Ledger
from cr_pipelines.sync._report import Report
from cr_pipelines.sync._spool import LEDGER_COLUMNS, Spool
from cr_pipelines.sync._sync import Options, SourceUnusable, Sync
from cr_pipelines.sync.contract import Match
from cr_pipelines.warehouse import Session

_ROWS_PER_BATCH = 2_000

_DUPLICATE = " rows have this key, and none of them is sent; keep one in the view"

_OFFERED = {
    "changed": ("new", "changed", "retry", "recheck", "interrupted"),
    "failed": ("retry", "rejected"),
    "all": ("new", "changed", "retry", "recheck", "interrupted", "rejected", "unchanged", "missing"),
}
"""Which rows each way to resync offers, by how they compare with the ledger."""


def _offers(sync: Sync, options: Options) -> frozenset[str]:
    offered = set(_OFFERED[options.resync])
    if sync.restore and options.resync == "changed":
        offered.add("missing")
    if not sync.contract.repeatable:
        # Once is once: only a person who names the key can want it twice.
        offered.discard("unchanged")
        if options.keys:
            offered |= {"unknown"} if options.resync == "failed" else {"unknown", "outdated"}
            offered |= {"unchanged"} if options.resync == "all" else set()
    return frozenset(offered)


@dataclass(frozen=True)
class Slice:
    """The part of a source that one partition covers: `column` from `start` to before `end`, both UTC.

    A row without that moment is in no partition, and so it is looked at, and shown as invalid, with each of them.
    """

    partition: str
    column: str
    start: datetime
    end: datetime

    @classmethod
    def of_day(cls, column: str, day: date) -> "Slice":
        """The slice of one day in UTC; its partition is the day as YYYY-MM-DD."""
        start = datetime.combine(day, time.min, UTC)
        return cls(day.isoformat(), column, start, start + timedelta(days=1))


@dataclass
class Plan:
    """What a run will do, and why the other rows need nothing.

    Attributes:
        match: the source's columns against the contract.
        columns: the source columns in the order of the spooled values.
        source_rows: rows in the source, or in its slice.
        null_keys: rows without a key; they are `invalid`.
        duplicate_rows: rows that share a key with another; they are `invalid`, all of them.
        duplicate_keys: how many keys they share.
        compared: source rows with a sound key, by how they compare with the ledger: `new`, `changed`, `retry`
            (failed before), `recheck` (invalid or suppressed before), `interrupted` (a run died while it may
            have been sending them), `rejected` (refused before, and not changed since), `unchanged`, `missing`
            (unchanged, and somebody deleted it in the room); and of operations that append, `unknown` (it may
            have arrived) and `outdated` (changed after it was delivered).
        offers: which of these the run offers for sending.
        missing: the missing keys.
        removable: keys that were delivered and have left the source, of things that can be taken out of the room.
        standing: how many such things the ledger has in all.
        gone: keys that the ledger has and the source no longer.
        emptied: whether the source is empty and was not before. Then nothing is changed.
        offered: rows that are offered for sending, which `spool` holds.
    """

    match: Match
    columns: tuple[str, ...]
    spool: Spool = field(default_factory=Spool)
    source_rows: int = 0
    null_keys: int = 0
    duplicate_rows: int = 0
    duplicate_keys: int = 0
    compared: dict[str, int] = field(default_factory=dict)
    offers: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    removable: tuple[str, ...] = ()
    standing: int = 0
    gone: int = 0
    emptied: bool = False

    @property
    def offered(self) -> int:
        """How many rows are offered for sending."""
        return self.spool.rows


class Planner:
    """Makes the plan of one run, inside the warehouse and within one session.

    Only rows that must be sent leave the warehouse. Each is compared by its fast row hash first; the
    fingerprint, which no engine upgrade changes, decides where the hashes differ.
    """

    def __init__(self, session: Session, ledger: Ledger, sync: Sync, options: Options, part: Slice | None):
        self._session = session
        self._dialect = session.dialect
        self._ledger = ledger
        self._sync = sync
        self._options = options
        self._part = part
        self._partition = part.partition if part else ""

    def plan(self, present: Collection[str] | None = None) -> Plan:
        """Compare the source with the ledger and spool what is offered.

        `present` has the keys of the things that are in the room, of a contract with upkeep.

        Raises SourceMissing when the source cannot be read, and SourceUnusable when it lacks a required
        column or has none of the contract's.
        """
        contract = self._sync.contract
        match = contract.match(list(self._session.columns(self._sync.relation)))
        if match.missing:
            raise SourceUnusable(
                f"{self._sync.name}: {self._sync.relation} has no column {', '.join(match.missing)}, which "
                f"the contract of a {contract.kind} requires; name it so in the view"
            )
        plan = Plan(match, tuple(column.name for column in match.columns), offers=_offers(self._sync, self._options))
        try:
            self._fill(plan, present)
        except BaseException:
            plan.spool.close()
            raise
        return plan

    def _fill(self, plan: Plan, present: Collection[str] | None) -> None:
        self._read_keys(plan)
        if plan.source_rows == 0 and not self._options.keys and self._stood_before():
            plan.emptied = True
            return
        self._compare()
        self._settle_equal_fingerprints(plan)
        if not self._sync.contract.repeatable:
            self._session.execute(
                "UPDATE compared SET why = 'outdated' WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL"
            )
        if present is not None:
            self._compare_with_room(plan, present)
        self._count(plan)
        self._spool(plan)

    def begin(self, plan: Plan, run_id: str) -> None:
        """Record what the plan found, and which keys the run may be sending from now on."""
        if plan.emptied:
            return
        name, partition, run = map(self._dialect.literal, (self._sync.name, self._partition, run_id))
        ledger = self._ledger.table("sync_ledger")
        here = f"sync = {name} AND partition = {partition}"
        now = f"CAST(now() AS {self._dialect.types['timestamp']})"
        self._session.execute(
            f"UPDATE {ledger} SET row_hash = r.row_hash, row_hash_version = {self._hash_version} "
            f"FROM refreshed AS r WHERE {here} AND {ledger}.key = r.key"
        )
        self._session.execute(
            f"UPDATE {ledger} SET gone_since = {now} "
            f"WHERE {here} AND key IN (SELECT key FROM compared WHERE why = 'gone')"
        )
        self._session.execute(
            f"UPDATE {ledger} SET gone_since = NULL WHERE {here} AND gone_since IS NOT NULL "
            "AND key IN (SELECT key FROM compared WHERE why <> 'gone')"
        )
        intents = self._ledger.table("sync_intents")
        self._session.execute(f"DELETE FROM {intents} WHERE {here}")
        if self._sync.contract.repeatable:
            self._session.execute(
                f"INSERT INTO {intents} (sync, partition, key, run_id) "
                f"SELECT {name}, {partition}, key, {run} FROM offered"
            )
        columns = "sync, key, partition, status, attempts, reason_code, field, message, recorded_at, run_id"
        fields = self._dialect.literal(self._key_columns)
        if plan.null_keys:
            message = self._null_key_message(plan)
            self._session.execute(
                f"INSERT INTO {self._ledger.table('sync_outcomes')} ({columns}) VALUES ({name}, "
                f"{self._dialect.literal(NO_KEY)}, {partition}, 'invalid', 0, 'null_key', {fields}, "
                f"{self._dialect.literal(message)}, {now}, {run})"
            )
        # That something was appended, or may have been, must not be forgotten over a second row of its key.
        kept = "" if self._sync.contract.repeatable else " AND coalesce(l.status, '') NOT IN ('delivered', 'unknown')"
        self._session.execute(
            f"INSERT INTO {self._ledger.table('sync_outcomes')} ({columns}) SELECT {name}, d.key, {partition}, "
            f"'invalid', 0, 'duplicate_key', {fields}, {self._dialect.text('d.copies')} || "
            f"{self._dialect.literal(_DUPLICATE)}, {now}, {run} FROM duplicates AS d "
            f"LEFT JOIN {ledger} AS l ON l.sync = {name} AND l.key = d.key "
            f"WHERE l.reason_code IS DISTINCT FROM 'duplicate_key'{kept}"
        )

    def count_problems(self, plan: Plan, report: Report) -> None:
        """Put rows without a key, and rows that share one, among the report's problems."""
        if plan.null_keys:
            message = self._null_key_message(plan)
            report.add_problem(NO_KEY, self._key_columns, "null_key", message, plan.null_keys)
        for key, copies in self._session.rows("SELECT key, copies FROM duplicates ORDER BY key LIMIT 3"):
            message = f"{copies}{_DUPLICATE}"
            report.add_problem(key, self._key_columns, "duplicate_key", message, 0)
        if plan.duplicate_rows:
            report.problems[-1].rows = plan.duplicate_rows

    @property
    def _key_columns(self) -> str:
        return ", ".join(self._sync.contract.key)

    def _null_key_message(self, plan: Plan) -> str:
        return (
            f"{plan.null_keys:,} rows have no {self._key_columns}; "
            "give every row a key, or leave such rows out of the view"
        )

    @property
    def _hash_version(self) -> str:
        return self._dialect.literal(self._dialect.row_hash_version)

    @property
    def _source(self) -> str:
        relation = self._dialect.relation(self._sync.relation)
        if self._part is None:
            return f"(SELECT * FROM {relation} AS source) AS source_rows"
        column, stamp = self._dialect.identifier(self._part.column), self._dialect.types["timestamp"]
        start, end = (
            f"CAST({self._dialect.literal(moment.isoformat())} AS {stamp})"
            for moment in (self._part.start, self._part.end)
        )
        return (
            f"(SELECT * FROM {relation} AS source "
            f"WHERE {column} >= {start} AND {column} < {end} OR {column} IS NULL) AS source_rows"
        )

    def _read_keys(self, plan: Plan) -> None:
        key = self._dialect.key(self._sync.contract.key)
        only = ""
        if self._options.keys:
            only = f" WHERE key IN ({', '.join(map(self._dialect.literal, self._options.keys))})"
        self._session.execute(
            "CREATE TEMPORARY TABLE source_keys AS SELECT key, row_hash FROM "
            f"(SELECT {key} AS key, {self._dialect.row_hash(plan.columns)} AS row_hash FROM {self._source}) "
            f"AS hashed{only}"
        )
        self._session.execute(
            "CREATE TEMPORARY TABLE duplicates AS SELECT key, count(*) AS copies FROM source_keys "
            "WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1"
        )
        [(plan.source_rows, plan.null_keys)] = self._session.rows(
            f"SELECT count(*), {self._dialect.count_if('key IS NULL')} FROM source_keys"
        )
        [(plan.duplicate_keys, plan.duplicate_rows)] = self._session.rows(
            "SELECT count(*), CAST(coalesce(sum(copies), 0) AS BIGINT) FROM duplicates"
        )

    def _here(self, table: str, columns: str) -> str:
        name, partition = map(self._dialect.literal, (self._sync.name, self._partition))
        return f"(SELECT {columns} FROM {self._ledger.table(table)} WHERE sync = {name} AND partition = {partition})"

    def _stood_before(self) -> bool:
        stood = self._here("sync_ledger", "gone_since")
        return bool(self._session.rows(f"SELECT 1 FROM {stood} AS l WHERE gone_since IS NULL LIMIT 1"))

    def _compare(self) -> None:
        ledger = self._here(
            "sync_ledger",
            "key, status, fingerprint, delivered_fingerprint, row_hash, row_hash_version, message, not_found_runs, "
            "gone_since",
        )
        # A key that is named on its own says nothing about those that are not.
        join = "LEFT" if self._options.keys else "FULL"
        interrupted = self._here("sync_intents", "DISTINCT key")
        why = (
            "CASE WHEN s.key IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' "
            "WHEN i.key IS NOT NULL THEN 'interrupted' "
            "WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' "
            "WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' "
            f"WHEN l.row_hash IS DISTINCT FROM s.row_hash OR l.row_hash_version <> {self._hash_version} "
            "THEN 'changed' WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END"
        )
        every = self._options.resync == "all" or self._sync.contract.upkeep is not None
        settled = "" if every else "WHERE why <> 'unchanged' OR gone_since IS NOT NULL"
        self._session.execute(
            "CREATE TEMPORARY TABLE compared AS SELECT * FROM (SELECT coalesce(s.key, l.key) AS key, s.row_hash, "
            f"{why} AS why, l.status AS was_status, l.fingerprint AS was_fingerprint, "
            "l.delivered_fingerprint AS was_delivered, l.message AS was_message, "
            "l.not_found_runs AS was_not_found_runs, l.gone_since "
            "FROM (SELECT key, row_hash FROM source_keys WHERE key IS NOT NULL "
            "AND key NOT IN (SELECT key FROM duplicates)) AS s "
            f"{join} JOIN {ledger} AS l ON s.key = l.key LEFT JOIN {interrupted} AS i ON i.key = s.key) AS joined "
            f"{settled}"
        )
        self._session.execute(
            "DELETE FROM compared WHERE why = 'gone' AND (gone_since IS NOT NULL "
            "OR key IN (SELECT key FROM duplicates) "
            f"OR (key = {self._dialect.literal(NO_KEY)} "
            "AND EXISTS (SELECT 1 FROM source_keys WHERE key IS NULL)))"
        )

    def _settle_equal_fingerprints(self, plan: Plan) -> None:
        """Find rows whose hash changed and whose content did not, as after an engine upgrade."""
        self._session.execute(
            "CREATE TEMPORARY TABLE refreshed (key " + self._dialect.types["text"] + ", row_hash BIGINT)"
        )
        if not self._session.rows("SELECT 1 FROM compared WHERE why = 'changed' LIMIT 1"):
            return
        self._session.execute(
            "INSERT INTO refreshed SELECT c.key, c.row_hash FROM "
            f"(SELECT {self._dialect.key(self._sync.contract.key)} AS source_key, * FROM {self._source}) AS s "
            "JOIN compared AS c ON s.source_key = c.key WHERE c.why = 'changed' "
            f"AND {self._dialect.fingerprint(plan.columns)} = c.was_fingerprint"
        )
        self._session.execute(
            "UPDATE compared SET why = CASE WHEN was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END "
            "WHERE why = 'changed' AND key IN (SELECT key FROM refreshed)"
        )

    def _compare_with_room(self, plan: Plan, present: Collection[str]) -> None:
        """Find what somebody deleted in the room, and what left the source and may be deleted there."""
        there = set(present)
        standing = self._session.rows("SELECT key FROM compared WHERE why = 'unchanged' ORDER BY key")
        plan.missing = tuple(key for (key,) in standing if key not in there)
        if plan.missing:
            listed = ", ".join(map(self._dialect.literal, plan.missing))
            self._session.execute(f"UPDATE compared SET why = 'missing' WHERE key IN ({listed})")
        if self._options.keys or self._options.limit is not None or self._options.resync == "failed":
            return
        delivered = self._here("sync_ledger", "key, delivered_fingerprint")
        [(plan.standing,)] = self._session.rows(
            f"SELECT count(*) FROM {delivered} AS l WHERE delivered_fingerprint IS NOT NULL"
        )
        left = self._session.rows(
            f"SELECT key FROM {delivered} AS l WHERE delivered_fingerprint IS NOT NULL "
            "AND key NOT IN (SELECT key FROM source_keys WHERE key IS NOT NULL) ORDER BY key"
        )
        plan.removable = tuple(key for (key,) in left)

    def _count(self, plan: Plan) -> None:
        counted = dict(self._session.rows("SELECT why, count(*) FROM compared GROUP BY why"))
        plan.gone = counted.pop("gone", 0)
        counted.pop("unchanged", None)
        sound = plan.source_rows - plan.null_keys - plan.duplicate_rows
        plan.compared = {**counted, "unchanged": sound - sum(counted.values())}

    def _spool(self, plan: Plan) -> None:
        whys = ", ".join(map(self._dialect.literal, sorted(plan.offers)))
        limit = "" if self._options.limit is None else f" LIMIT {int(self._options.limit)}"
        self._session.execute(f"CREATE TEMPORARY TABLE offered AS SELECT * FROM compared WHERE why IN ({whys}){limit}")
        if not self._session.rows("SELECT 1 FROM offered LIMIT 1"):
            return
        values = ", ".join(f"s.{self._dialect.identifier(column)}" for column in plan.columns)
        meta: Sequence[str] = (
            "o.key",
            "o.why",
            f"{self._dialect.fingerprint(plan.columns)} AS fingerprint",
            f"{self._dialect.row_hash(plan.columns)} AS row_hash",
            "o.was_status",
            "o.was_fingerprint",
            "o.was_delivered",
            "o.was_message",
            "o.was_not_found_runs",
        )
        assert len(meta) == len(LEDGER_COLUMNS)  # noqa: S101
        self._session.stream(
            f"SELECT {', '.join(meta)}, {values} FROM "
            f"(SELECT {self._dialect.key(self._sync.contract.key)} AS source_key, * FROM {self._source}) AS s "
            f"JOIN offered AS o ON s.source_key = o.key{self._order(plan)}",
            _ROWS_PER_BATCH,
            plan.spool,
        )

    def _order(self, plan: Plan) -> str:
        """Rows that can share a request must come one after the other."""
        batching = self._sync.contract.batching
        shared = (
            [f"s.{self._dialect.identifier(name)}" for name in batching.by if name in plan.columns] if batching else []
        )
        return f" ORDER BY {', '.join(shared)}" if shared else ""

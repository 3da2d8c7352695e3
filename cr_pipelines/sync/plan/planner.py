import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from cr_pipelines.sync.contract import Match
from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.model import Options, Partition, Sync
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS, Spool
from cr_pipelines.sync.privacy.addresses import note_addresses, offered_addresses
from cr_pipelines.sync.report import Report, rows
from cr_pipelines.sync.state.ledger import Ledger, no_key
from cr_pipelines.sync.state.statements import delivered_fingerprint
from cr_pipelines.warehouse import Dialect, Session

_ROWS_PER_BATCH = 2_000

_DUPLICATE = " rows have this key, and none of them is sent; keep one in the view"

_NO_HASH = -1
"""Stands for a hash that no source row has; that one has it all the same is a chance of one in 2^63."""

_FOUND = (
    "sync", "key", "partition", "status", "attempts", "reason_code", "field", "message", "recorded_at", "run_id",
)  # fmt: skip
"""The columns of an outcome that the plan itself finds."""

_NEW = "why = 'new'"
_FRESH = {"new", "changed", "interrupted"}
_AGAIN = {"retry", "recheck"}
_FAILED = "why <> 'gone' AND was_status IN ('failed', 'rejected')"


def _settled_offered(sync: Sync, options: Options) -> frozenset[str]:
    """Which rows that need nothing more are offered all the same."""
    offered = {*{"changed": (), "failed": ("rejected",), "all": ("rejected", "unchanged", "missing")}[options.resync]}
    if sync.recreate_deleted and options.resync == "changed":
        offered.add("missing")
    if not sync.contract.repeatable:
        # Once is once: only a person who names the key can want it twice.
        if not options.keys:
            offered.discard("unchanged")
        else:
            offered |= {"unknown"} if options.resync == "failed" else {"unknown", "outdated"}
    return frozenset(offered)


def _turns(options: Options, settled: frozenset[str]) -> list[str]:
    """Which rows are offered, in this order: rows that failed before must not hold up the others."""

    def any_of(whys: Collection[str]) -> str:
        listed = ", ".join(f"'{why}'" for why in sorted(whys))
        return f"why IN ({listed})"

    if options.resync == "failed":
        others = settled - {"rejected"}
        return [_FAILED, *([any_of(others)] if others else [])]
    return [any_of(_FRESH | settled - {"rejected"}), any_of(_AGAIN | settled & {"rejected"})]


@dataclass
class Plan:
    """What a run will do, and why the other rows need nothing.

    Attributes:
        match: the source's columns against the contract.
        columns: the source columns in the order of the spooled values.
        row_hash_version: names what the row hashes depend on; hashes of two versions are never compared.
        source_rows: rows in the source, or in its slice.
        null_keys: rows without a key; they are `invalid`.
        duplicate_rows: rows that share a key with another; they are `invalid`, all of them.
        duplicate_keys: how many keys they share.
        compared: source rows with a sound key, by how they compare with the ledger: `new`, `changed`, `retry`
            (failed before), `recheck` (invalid or suppressed before), `interrupted` (a run died while it may
            have been sending them), `rejected` (refused before, and not changed since), `unchanged`, `missing`
            (unchanged, and somebody deleted it in the room); and of operations that append, `unknown` (it may
            have arrived) and `outdated` (changed after it was delivered).
        settled_offered: which of those that need nothing more are offered all the same.
        missing: the missing keys.
        removable: keys that were delivered and have left the source, of things that can be taken out of the room.
        standing: how many such things the ledger has in all.
        gone: keys that the ledger has and the source no longer.
        emptied: whether the source is empty and was not before. Then nothing is changed.
        offered: rows that are offered for sending, which `spool` holds.
        offered_new: those of them whose key the ledger has not seen.
        unknown_keys: of the keys that the run is to look at, those that the source does not have.
    """

    match: Match
    columns: tuple[str, ...]
    row_hash_version: str
    spool: Spool = field(default_factory=Spool)
    source_rows: int = 0
    null_keys: int = 0
    duplicate_rows: int = 0
    duplicate_keys: int = 0
    compared: dict[str, int] = field(default_factory=dict)
    settled_offered: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()
    removable: tuple[str, ...] = ()
    standing: int = 0
    gone: int = 0
    emptied: bool = False
    offered_new: int = 0
    unknown_keys: tuple[str, ...] = ()

    @property
    def offered(self) -> int:
        """How many rows are offered for sending."""
        return self.spool.rows


def row_hash_version(dialect: Dialect, types: Mapping[str, str]) -> str:
    """What a row's hash depends on beside its values: the engine's function, and the columns with their types."""
    shape = ",".join(f"{name} {types[name]}" for name in sorted(types))
    return f"{dialect.row_hash_version}, columns {hashlib.sha256(shape.encode()).hexdigest()[:8]}"


class Planner:
    """Makes the plan of one run, inside the warehouse and within one session.

    Only rows that must be sent leave the warehouse. Each is compared by its fast row hash; the fingerprint,
    which neither an engine upgrade nor a changed column type changes, decides where the hashes are of two
    versions.
    """

    def __init__(self, session: Session, ledger: Ledger, sync: Sync, options: Options, partition: Partition | None):
        self._session = session
        self._dialect = session.dialect
        self._ledger = ledger
        self._sync = sync
        self._options = options
        self._partition = partition
        self._partition_name = partition.name if partition else ""
        self._types: dict[str, str] = {}

    def plan(self, present: Collection[str] | None = None) -> Plan:
        """Compare the source with the ledger and spool what is offered.

        `present` has the keys of the things that are in the room, of a contract with mirror.

        Raises SourceMissing when the source cannot be read, and SourceUnusable when it lacks a required
        column or has none of the contract's.
        """
        contract = self._sync.contract
        types = self._session.columns(self._sync.relation)
        match = contract.match(list(types))
        if match.missing:
            nearly = [f"{theirs} (for {ours})" for theirs, ours in match.ignored.items() if ours in match.missing]
            raise SourceUnusable(
                f"{self._sync.name}: {self._sync.relation} has no column {', '.join(match.missing)}, which "
                f"the contract of a {contract.kind} requires; name it so in the view"
                + (f". It has {', '.join(nearly)}" if nearly else "")
            )
        self._types = {column.name: types[column.name] for column in match.columns}
        settled = _settled_offered(self._sync, self._options)
        version = row_hash_version(self._dialect, self._types)
        plan = Plan(match, tuple(self._types), version, settled_offered=settled)
        try:
            with self._session.snapshot():
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
        self._compare(plan)
        self._settle_equal_fingerprints(plan)
        if not self._sync.contract.repeatable:
            self._set_aside_what_was_appended()
        if present is not None:
            self._compare_with_room(plan, present)
        self._count(plan)
        self._spool(plan)
        addresses = offered_addresses(self._dialect, self._sync, plan.match.columns, self._source)
        if addresses and plan.offered and not self._options.dry_run:
            self._make_table("cr_addresses", addresses)

    def begin(self, plan: Plan, run_id: str, source_id: int | None = None) -> None:
        """Record what the plan found, and which keys the run may be sending from now on, under which addresses."""
        if not plan.emptied:
            self._session.transaction(lambda: self._begin(plan, run_id, source_id))

    def _begin(self, plan: Plan, run_id: str, source_id: int | None) -> None:
        if plan.offered:
            note_addresses(self._session, self._ledger, self._sync, plan.match.columns, source_id)
        name, partition, run = map(self._dialect.literal, (self._sync.name, self._partition_name, run_id))
        ledger = self._ledger.table("sync_ledger")
        here = self._ledger.where(self._sync.name, self._partition_name)
        now = f"CAST(CURRENT_TIMESTAMP AS {self._dialect.types['timestamp']})"
        if self._any("cr_refreshed"):
            version = self._dialect.literal(plan.row_hash_version)
            self._session.execute(
                f"UPDATE {ledger} SET row_hash = r.row_hash, row_hash_version = {version} "
                f"FROM cr_refreshed AS r WHERE {here} AND {self._dialect.identifier('sync_ledger')}.key = r.key"
            )
        if plan.gone:
            self._session.execute(
                f"UPDATE {ledger} SET absent_since = {now} "
                f"WHERE {here} AND key IN (SELECT key FROM cr_compared WHERE why = 'gone')"
            )
        if self._any("cr_compared WHERE why <> 'gone' AND absent_since IS NOT NULL"):
            self._session.execute(
                f"UPDATE {ledger} SET absent_since = NULL WHERE {here} AND absent_since IS NOT NULL "
                "AND key IN (SELECT key FROM cr_compared WHERE why <> 'gone')"
            )
        if self._sync.contract.repeatable:
            # Intents of a run that was killed stay: only an outcome ends the doubt.
            intents = self._ledger.table("sync_intents")
            self._session.execute(
                f"INSERT INTO {intents} (sync, {self._dialect.identifier('partition')}, key, run_id) "
                f"SELECT {name}, {partition}, key, {run} FROM cr_offered "
                f"WHERE key NOT IN (SELECT key FROM {intents} WHERE {here})"
            )
        columns = ", ".join(map(self._dialect.identifier, _FOUND))
        fields = self._dialect.literal(self._key_columns)
        if plan.null_keys:
            message = self._null_key_message(plan)
            self._session.execute(
                f"INSERT INTO {self._ledger.table('sync_outcomes')} ({columns}) VALUES ({name}, "
                f"{self._dialect.literal(no_key(self._partition_name))}, {partition}, 'invalid', 0, 'null_key', {fields}, "
                f"{self._dialect.literal(message)}, {now}, {run})"
            )
        if plan.duplicate_keys:
            message = f"{self._dialect.text('d.copies')} || {self._dialect.literal(_DUPLICATE)}"
            anew = f"(l.message IS DISTINCT FROM {message} OR l.absent_since IS NOT NULL)"
            if not self._sync.contract.repeatable:
                # That a row was appended, or may have been, must not be forgotten over a second one of its key.
                anew += " AND coalesce(l.status, '') NOT IN ('delivered', 'unknown')"
            self._session.execute(
                f"INSERT INTO {self._ledger.table('sync_outcomes')} ({columns}) SELECT {name}, d.key, {partition}, "
                f"'invalid', 0, 'duplicate_key', {fields}, {message}, {now}, {run} FROM cr_duplicates AS d "
                f"LEFT JOIN {ledger} AS l ON l.sync = {name} AND l.key = d.key WHERE {anew}"
            )

    def count_problems(self, plan: Plan, report: Report) -> None:
        """Put rows without a key, and rows that share one, among the report's problems."""
        if plan.null_keys:
            message = self._null_key_message(plan)
            report.add_problem(no_key(self._partition_name), self._key_columns, "null_key", message, plan.null_keys)
        if not plan.duplicate_keys:
            return
        for key, copies in self._session.fetch_all("SELECT key, copies FROM cr_duplicates ORDER BY key LIMIT 3"):
            message = f"{copies}{_DUPLICATE}"
            report.add_problem(key, self._key_columns, "duplicate_key", message, 0)
        report.problems[-1].rows = plan.duplicate_rows

    @property
    def _key_columns(self) -> str:
        return ", ".join(self._sync.contract.key)

    def _null_key_message(self, plan: Plan) -> str:
        return (
            f"{rows(plan.null_keys)} without {self._key_columns}; "
            "give every row a key, or leave such rows out of the view"
        )

    def _make_table(self, name: str, query: str) -> None:
        """Keep a query's answer for this session."""
        self._session.execute(f"CREATE TEMPORARY TABLE {name} AS {query}")
        if analyze := self._dialect.analyze(name):
            self._session.execute(analyze)

    def _any(self, rows: str) -> bool:
        return bool(self._session.fetch_all(f"SELECT 1 FROM {rows} LIMIT 1"))

    @property
    def _source(self) -> str:
        relation = self._dialect.relation(self._sync.relation)
        if self._partition is None:
            return f"(SELECT * FROM {relation} AS source) AS source_rows"
        column, kind = self._dialect.identifier(self._partition.column), self._types.get(self._partition.column, "")
        start, end = (self._dialect.moment(moment, kind) for moment in (self._partition.start, self._partition.end))
        return (
            f"(SELECT * FROM {relation} AS source "
            f"WHERE {column} >= {start} AND {column} < {end} OR {column} IS NULL) AS source_rows"
        )

    def _read_keys(self, plan: Plan) -> None:
        only = ""
        if self._options.keys:
            only = f" WHERE key IN ({', '.join(map(self._dialect.literal, self._options.keys))})"
        self._make_table(
            "cr_source_keys",
            f"SELECT key, row_hash FROM (SELECT {self._key} AS key, {self._dialect.row_hash(self._types)} AS row_hash "
            f"FROM {self._source}) AS hashed{only}",
        )
        if self._options.keys:
            found = {found for (found,) in self._session.fetch_all("SELECT key FROM cr_source_keys")}
            plan.unknown_keys = tuple(key for key in self._options.keys if key not in found)
        self._make_table(
            "cr_duplicates",
            "SELECT key, count(*) AS copies FROM cr_source_keys WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1",
        )
        [(plan.source_rows, plan.null_keys)] = self._session.fetch_all(
            f"SELECT count(*), {self._dialect.count_if('key IS NULL')} FROM cr_source_keys"
        )
        [(plan.duplicate_keys, plan.duplicate_rows)] = self._session.fetch_all(
            f"SELECT count(*), CAST(coalesce(sum(copies), 0) AS {self._dialect.types['bigint']}) FROM cr_duplicates"
        )

    def _here(self, table: str, columns: str) -> str:
        where = self._ledger.where(self._sync.name, self._partition_name)
        return f"(SELECT {columns} FROM {self._ledger.table(table)} WHERE {where})"

    def _stood_before(self) -> bool:
        return self._any(f"{self._here('sync_ledger', 'absent_since')} AS l WHERE absent_since IS NULL")

    def _compare(self, plan: Plan) -> None:
        """Find the keys that need a closer look, which are few as a rule, and then say why each does."""
        interrupted = self._here("sync_intents", "DISTINCT key")
        some_interrupted = self._any(f"{interrupted} AS i")
        self._find_unsettled(plan, interrupted if some_interrupted else None)
        ledger = self._here(
            "sync_ledger",
            f"key, status, fingerprint, {delivered_fingerprint()} AS delivered_fingerprint, row_hash, "
            "row_hash_version, message, not_found_runs, absent_since",
        )
        joined = f"cr_unsettled AS s LEFT JOIN {ledger} AS l ON l.key = s.key"
        why_interrupted = ""
        if some_interrupted:
            joined += f" LEFT JOIN {interrupted} AS i ON i.key = s.key"
            why_interrupted = "WHEN i.key IS NOT NULL THEN 'interrupted' "
        why = (
            "CASE WHEN s.row_hash IS NULL THEN 'gone' WHEN l.status = 'unknown' THEN 'unknown' "
            f"{why_interrupted}"
            "WHEN l.key IS NULL THEN 'new' WHEN l.status = 'failed' THEN 'retry' "
            "WHEN l.status IN ('invalid', 'suppressed') THEN 'recheck' "
            f"WHEN l.row_hash_version IS DISTINCT FROM {self._dialect.literal(plan.row_hash_version)} THEN 'rehashed' "
            "WHEN l.row_hash IS DISTINCT FROM s.row_hash THEN 'changed' "
            "WHEN l.status = 'rejected' THEN 'rejected' ELSE 'unchanged' END"
        )
        self._make_table(
            "cr_compared",
            f"SELECT s.key, s.row_hash, {why} AS why, l.absent_since, l.status AS was_status, "
            "l.fingerprint AS was_fingerprint, l.delivered_fingerprint AS was_delivered, l.message AS was_message, "
            f"l.not_found_runs AS was_not_found_runs FROM {joined}",
        )

    def _find_unsettled(self, plan: Plan, interrupted: str | None) -> None:
        """Keep the keys whose source row and ledger row do not say that nothing is to be done.

        The join is narrow, since every row goes through it: of the ledger a hash alone, which is null for a row
        that is gone, and no row's hash where the ledger's status or version asks for a look.
        """
        sound = "WHERE key IS NOT NULL"
        absent = ""
        if plan.duplicate_keys:
            sound += " AND key NOT IN (SELECT key FROM cr_duplicates)"
            absent += " AND coalesce(s.key, l.key) NOT IN (SELECT key FROM cr_duplicates)"
        if plan.null_keys:
            absent += f" AND coalesce(s.key, l.key) <> {self._dialect.literal(no_key(self._partition_name))}"
        settled_hash = (
            "CASE WHEN absent_since IS NOT NULL THEN NULL "
            "WHEN status IN ('failed', 'invalid', 'suppressed', 'rejected', 'unknown') "
            f"OR row_hash_version IS DISTINCT FROM {self._dialect.literal(plan.row_hash_version)} THEN {_NO_HASH} "
            f"ELSE coalesce(row_hash, {_NO_HASH}) END AS settled_hash"
        )
        # A key that is named on its own says nothing about those that are not.
        join = "LEFT" if self._options.keys else "FULL"
        joined = (
            f"(SELECT key, row_hash FROM cr_source_keys {sound}) AS s {join} JOIN "
            f"{self._here('sync_ledger', f'key, {settled_hash}')} AS l ON s.key = l.key"
        )
        asked = "s.row_hash IS DISTINCT FROM l.settled_hash"
        if interrupted is not None:
            joined += f" LEFT JOIN {interrupted} AS i ON i.key = s.key"
            asked += " OR i.key IS NOT NULL"
        if self._options.resync == "all" or self._sync.contract.mirror is not None:
            asked += " OR s.key IS NOT NULL"
        self._make_table(
            "cr_unsettled",
            f"SELECT coalesce(s.key, l.key) AS key, s.row_hash FROM {joined} WHERE ({asked}){absent}",
        )

    def _settle_equal_fingerprints(self, plan: Plan) -> None:
        """Find rows whose hash is of another version and whose content is the same, as after an engine upgrade."""
        text, bigint = self._dialect.types["text"], self._dialect.types["bigint"]
        self._session.execute(f"CREATE TEMPORARY TABLE cr_refreshed (key {text}, row_hash {bigint}, why {text})")
        if not self._any("cr_compared WHERE why = 'rehashed'"):
            return
        self._session.execute(
            "INSERT INTO cr_refreshed SELECT c.key, c.row_hash, "
            "CASE WHEN c.was_status = 'rejected' THEN 'rejected' ELSE 'unchanged' END "
            f"FROM {self._source_by(self._key)} AS s JOIN cr_compared AS c ON s.cr_key = c.key "
            f"WHERE c.why = 'rehashed' AND {self._dialect.fingerprint(plan.columns)} = c.was_fingerprint"
        )
        self._session.execute("UPDATE cr_compared SET why = r.why FROM cr_refreshed AS r WHERE cr_compared.key = r.key")
        self._session.execute("UPDATE cr_compared SET why = 'changed' WHERE why = 'rehashed'")

    def _set_aside_what_was_appended(self) -> None:
        self._session.execute(
            "UPDATE cr_compared SET why = 'outdated' WHERE why IN ('changed', 'recheck') AND was_delivered IS NOT NULL"
        )

    def _compare_with_room(self, plan: Plan, present: Collection[str]) -> None:
        """Find what somebody deleted in the room, and what left the source and may be deleted there."""
        there = set(present)
        standing = self._session.fetch_all("SELECT key FROM cr_compared WHERE why = 'unchanged' ORDER BY key")
        plan.missing = tuple(key for (key,) in standing if key not in there)
        if plan.missing:
            listed = ", ".join(map(self._dialect.literal, plan.missing))
            self._session.execute(f"UPDATE cr_compared SET why = 'missing' WHERE key IN ({listed})")
        if self._options.keys or self._options.limit is not None or self._options.resync == "failed":
            return
        delivered = f"{self._here('sync_ledger', f'key, {delivered_fingerprint()} AS there')} AS l"
        [(plan.standing,)] = self._session.fetch_all(f"SELECT count(*) FROM {delivered} WHERE there IS NOT NULL")
        left = self._session.fetch_all(
            f"SELECT key FROM {delivered} WHERE there IS NOT NULL "
            "AND key NOT IN (SELECT key FROM cr_source_keys WHERE key IS NOT NULL) ORDER BY key"
        )
        plan.removable = tuple(key for (key,) in left)

    def _count(self, plan: Plan) -> None:
        counted = dict(self._session.fetch_all("SELECT why, count(*) FROM cr_compared GROUP BY why"))
        plan.gone = counted.pop("gone", 0)
        counted.pop("unchanged", None)
        sound = plan.source_rows - plan.null_keys - plan.duplicate_rows
        plan.compared = {**counted, "unchanged": sound - sum(counted.values())}

    def _spool(self, plan: Plan) -> None:
        limit = "" if self._options.limit is None else f" LIMIT {int(self._options.limit)}"
        turns = _turns(self._options, plan.settled_offered)
        offered = " UNION ALL ".join(
            f"SELECT *, {turn} AS turn FROM cr_compared WHERE {condition}" for turn, condition in enumerate(turns)
        )
        self._make_table("cr_offered", f"SELECT * FROM ({offered}) AS turned{' ORDER BY turn' if limit else ''}{limit}")
        [(plan.offered_new,)] = self._session.fetch_all(f"SELECT {self._dialect.count_if(_NEW)} FROM cr_offered")
        key = self._key
        if len(self._sync.contract.key) == 1 and not self._any("cr_offered WHERE key LIKE 'sha256:%'"):
            # No offered key stands hashed: a join on the bare column lets the engine skip what it need not read.
            key = self._dialect.text(self._dialect.identifier(self._sync.contract.key[0]))
        for turn in range(len(turns)):
            if self._any(f"cr_offered WHERE turn = {turn}"):
                self._spool_turn(plan, turn, self._source_by(key))

    def _spool_turn(self, plan: Plan, turn: int, source: str) -> None:
        meta: Sequence[str] = (
            "o.key",
            "o.why",
            f"{self._dialect.fingerprint(plan.columns)} AS fingerprint",
            f"{self._dialect.row_hash(self._types)} AS row_hash",
            "o.was_status",
            "o.was_fingerprint",
            "o.was_delivered",
            "o.was_message",
            "o.was_not_found_runs",
        )
        assert len(meta) == len(LEDGER_COLUMNS)  # noqa: S101
        values = (
            f"{self._dialect.readable(name, kind)} AS {self._dialect.identifier(f'value_{name}')}"
            for name, kind in self._types.items()
        )
        self._session.fetch_batches(
            f"SELECT {', '.join((*meta, *values))} FROM {source} AS s "
            f"JOIN cr_offered AS o ON s.cr_key = o.key WHERE o.turn = {turn}{self._order}",
            _ROWS_PER_BATCH,
            plan.spool.section(),
        )

    @property
    def _order(self) -> str:
        """Rows that can share a request must come one after the other."""
        batching = self._sync.contract.batching
        by = batching.by if batching else ()
        shared = [f"s.{self._dialect.identifier(name)}" for name in by if name in self._types]
        return f" ORDER BY {', '.join(shared)}" if shared else ""

    @property
    def _key(self) -> str:
        return self._dialect.key(self._sync.contract.key)

    def _source_by(self, key: str) -> str:
        """The source's rows with an expression for their key as `cr_key`."""
        columns = ", ".join(map(self._dialect.identifier, self._types))
        return f"(SELECT {key} AS cr_key, {columns} FROM {self._source})"

import os
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from cr_pipelines.sync.errors import AlreadyRunning
from cr_pipelines.sync.model import REMOVALS
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.warehouse import Session

_HEARTBEAT_EXPIRES = timedelta(seconds=120)
_HEARTBEAT_EXPIRES_HERE = timedelta(hours=2)
"""For a process that lives on this host: it may be waiting for a rate limit, or for the warehouse."""

_FOLDED_AT_ONCE = 100_000


def no_key(partition: str) -> str:
    """Stands in the ledger for all rows without a key. A real key never holds an @: it stands hashed."""
    return f"@null {partition}".rstrip()


def delivered_fingerprint(row: str = "") -> str:
    """The fingerprint of what Common Room has of a ledger row; `row` stands before its columns.

    A compacted row has it no more beside its own, which is the same for a delivered one.
    """
    return f"CASE WHEN {row}status = 'delivered' THEN {row}fingerprint ELSE {row}delivered_fingerprint END"


_TABLES = {
    "sync_ledger": {
        "sync": "text",
        "key": "text",
        "partition": "text",
        "fingerprint": "text",
        "delivered_fingerprint": "text",
        "row_hash": "bigint",
        "row_hash_version": "text",
        "status": "text",
        "attempts": "integer",
        "not_found_runs": "integer",
        "http_status": "integer",
        "reason_code": "text",
        "field": "text",
        "message": "text",
        "email_hash": "text",
        "withheld_for": "text",
        "first_sent_at": "timestamp",
        "last_sent_at": "timestamp",
        "run_id": "text",
        "gone_since": "timestamp",
    },
    "sync_outcomes": {
        "sync": "text",
        "key": "text",
        "partition": "text",
        "fingerprint": "text",
        "row_hash": "bigint",
        "row_hash_version": "text",
        "status": "text",
        "attempts": "integer",
        "http_status": "integer",
        "reason_code": "text",
        "field": "text",
        "message": "text",
        "email_hash": "text",
        "withheld_for": "text",
        "sent_at": "timestamp",
        "recorded_at": "timestamp",
        "run_id": "text",
    },
    "sync_intents": {"sync": "text", "partition": "text", "key": "text", "run_id": "text"},
    "sync_runs": {
        "run_id": "text",
        "sync": "text",
        "partition": "text",
        "state": "text",
        "stopped_by": "text",
        "host": "text",
        "process": "integer",
        "started_at": "timestamp",
        "heartbeat_at": "timestamp",
        "finished_at": "timestamp",
        "suppression_version": "bigint",
        "resync": "text",
        "source_rows": "bigint",
        "unchanged": "bigint",
        "offered": "bigint",
        "gone": "bigint",
        "delivered": "bigint",
        "invalid": "bigint",
        "rejected": "bigint",
        "failed": "bigint",
        "suppressed": "bigint",
        "unknown": "bigint",
        "not_sent": "bigint",
        "outdated": "bigint",
        "missing": "bigint",
        "removed": "bigint",
        "requests": "bigint",
        "rate_limited": "bigint",
        "retries": "bigint",
        "rate_limit": "bigint",
        "interval_seconds": "double",
        "rate_used": "double",
        "seconds": "double",
    },
    "former_addresses": {"sync": "text", "key": "text", "email_hash": "text", "replaced_at": "timestamp"},
    "known_addresses": {
        "sync": "text",
        "key": "text",
        "source_id": "bigint",
        "person": "text",
        "email_hash": "text",
        "noted_at": "timestamp",
    },
    "room_activity_types": {"id": "text", "name": "text", "display_name": "text", "read_at": "timestamp"},
    "room_custom_fields": {
        "id": "bigint",
        "name": "text",
        "type": "text",
        "multivalue": "boolean",
        "accepted_values": "text",
        "writable": "boolean",
        "read_at": "timestamp",
    },
    "room_segments": {"id": "bigint", "name": "text", "read_at": "timestamp"},
    "room_segment_statuses": {"segment_id": "bigint", "id": "bigint", "name": "text", "read_at": "timestamp"},
    "room_tags": {
        "id": "text",
        "name": "text",
        "description": "text",
        "entity_types": "text",
        "created_at": "timestamp",
        "read_at": "timestamp",
    },
    "pii_removals": {
        "request_id": "text",
        "source_hash": "text",
        "email_hash": "text",
        "email": "text",
        "status": "text",
        "requested_at": "timestamp",
        "seen_at": "timestamp",
        "submitted_at": "timestamp",
        "due_at": "timestamp",
        "check_at": "timestamp",
        "checked_at": "timestamp",
        "verified_at": "timestamp",
        "offers": "integer",
        "attempts": "integer",
        "retry_at": "timestamp",
        "http_status": "integer",
        "reason_code": "text",
        "message": "text",
        "lifted_at": "timestamp",
        "lifted_reason": "text",
        "run_id": "text",
    },
}

_INDEXES = {
    "sync_ledger": (("sync", "key"), ("sync", "partition", "key")),
    "sync_outcomes": (("sync",),),
    "sync_intents": (("sync", "partition"),),
    "sync_runs": (("sync",),),
    "former_addresses": (("email_hash",),),
    "known_addresses": (("email_hash",), ("sync", "key")),
}
"""What queries look for, by table; only some engines make use of it."""

_REJECTED_ROWS = """
SELECT sync, key, {partition}, status, field, reason_code, message, http_status, attempts, last_sent_at, run_id
FROM {ledger} WHERE status IN ('invalid', 'rejected') AND gone_since IS NULL
"""

_ARROW: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "timestamp": pa.timestamp("us", tz="UTC"),
    "boolean": pa.bool_(),
}

OUTCOME_SCHEMA = pa.schema([(name, _ARROW[kind]) for name, kind in _TABLES["sync_outcomes"].items()])
"""The rows of `sync_outcomes`, as Arrow."""


class UnconfirmedRun(NamedTuple):
    """A run that has not ended, as far as the ledger knows, nor confirmed a version of the list of people."""

    run_id: str
    sync: str
    partition: str
    host: str
    process: int


class Ledger:
    """Our tables in the warehouse, within one session.

    Outcomes are appended to `sync_outcomes` while a run sends, and folded into `sync_ledger` once, at its
    end or at the start of the next run: a merge into a large ledger is dear, however few the rows.
    """

    def __init__(self, session: Session, schema: str):
        self._session = session
        self._dialect = session.dialect
        self._schema = schema

    @property
    def session(self) -> Session:
        """The session that all statements run in."""
        return self._session

    @property
    def names(self) -> StateNames:
        """How our tables are written in the SQL of this session."""
        return StateNames(self._dialect, self._schema)

    def table(self, name: str) -> str:
        """One of our tables, as it stands after FROM."""
        return f"{self._dialect.identifier(self._schema)}.{self._dialect.identifier(name)}"

    def prepare(self) -> None:
        """Make the schema, tables and view that are not there yet.

        Where all are there it takes no lock and no right to make any.
        """
        if not self._lacking():
            return
        with self._session.lock(self._schema):
            lacking = self._lacking()
            if lacking >= {*_TABLES, "rejected_rows"}:
                self._session.execute(self._dialect.create_schema(self._schema))
            for name in _TABLES:
                if name in lacking:
                    self._create(name)
            if "rejected_rows" in lacking:
                self._session.execute(
                    f"CREATE VIEW {self.table('rejected_rows')} AS "
                    + _REJECTED_ROWS.format(
                        ledger=self.table("sync_ledger"), partition=self._dialect.identifier("partition")
                    )
                )

    def exists(self) -> bool:
        """Whether `prepare` ever ran here."""
        return "sync_ledger" not in self._lacking()

    def _lacking(self) -> set[str]:
        return {*_TABLES, "rejected_rows"} - self._session.tables(self._schema)

    def _create(self, name: str) -> None:
        described = ", ".join(
            f"{self._dialect.identifier(column)} {self._dialect.types[kind]}" for column, kind in _TABLES[name].items()
        )
        self._session.execute(f"CREATE TABLE IF NOT EXISTS {self.table(name)} ({described})")
        for columns in _INDEXES.get(name, ()):
            if index := self._dialect.create_index(self.table(name), columns):
                self._session.execute(index)

    def where(self, sync: str, partition: str) -> str:
        """The condition for the rows of one sync and partition, in any of our tables."""
        text = self._dialect.literal
        return f"sync = {text(sync)} AND {self._dialect.identifier('partition')} = {text(partition)}"

    def claim(self, run_id: str, sync: str, partition: str, resync: str) -> None:
        """Note that a run begins. Raises AlreadyRunning while another run of the same sync goes on.

        A run counts as ended when its process on this host is gone, or when it runs elsewhere and its heartbeat is
        two minutes old. A run of the same id is the same run, tried again.
        """
        with self._session.lock(f"{self._schema}.{sync}"):
            now = datetime.now(UTC)
            # Noted before looking: where nothing keeps others out, two that begin at once see each other.
            self._insert(
                "sync_runs",
                {
                    "run_id": run_id,
                    "sync": sync,
                    "partition": partition,
                    "state": "running",
                    "host": this_host(),
                    "process": os.getpid(),
                    "started_at": now,
                    "heartbeat_at": now,
                    "resync": resync,
                },
            )
            self._end_others(run_id, sync, partition, now)

    def _end_others(self, run_id: str, sync: str, partition: str, now: datetime) -> None:
        runs, here = self.table("sync_runs"), f"{self.where(sync, partition)} AND state = 'running'"

        def of(run: str, started_at: datetime) -> str:
            return f"{here} AND run_id = {self._value(run)} AND started_at = {self._value(started_at)}"

        for other, host, process, started_at, heartbeat in self._session.fetch_all(
            f"SELECT run_id, host, process, started_at, heartbeat_at FROM {runs} "
            f"WHERE {here} AND NOT ({of(run_id, now)})"
        ):
            here_too = host == this_host()
            alive = now - heartbeat < (_HEARTBEAT_EXPIRES_HERE if here_too else _HEARTBEAT_EXPIRES)
            if here_too:
                alive = alive and lives_here(process, other)
            if alive and other != run_id:
                self._session.execute(f"DELETE FROM {runs} WHERE {of(run_id, now)}")
                raise AlreadyRunning(
                    f"{sync}: run {other} of the same sync has not ended (process {process} on {host}); "
                    "this run sent nothing and changes nothing. Wait for the other, or end it."
                )
            self._session.execute(f"UPDATE {runs} SET state = 'interrupted' WHERE {of(other, started_at)}")

    def run_lives(self, run_id: str, sync: str) -> bool | None:
        """Whether a run goes on: its process is there, or its heartbeat is young. None for a run never noted."""
        text, lives = self._dialect.literal, None
        for state, host, process, heartbeat in self._session.fetch_all(
            f"SELECT state, host, process, heartbeat_at FROM {self.table('sync_runs')} "
            f"WHERE run_id = {text(run_id)} AND sync = {text(sync)}"
        ):
            alive = state == "running" and datetime.now(UTC) - heartbeat < _HEARTBEAT_EXPIRES
            lives = bool(lives) or (alive and (host != this_host() or lives_here(process, run_id)))
        return lives

    def heartbeat(self, run_id: str, sync: str, partition: str) -> None:
        """Say that the run still goes on."""
        self._update_run(run_id, sync, partition, {"heartbeat_at": datetime.now(UTC)})

    def finish(
        self,
        run_id: str,
        sync: str,
        partition: str,
        state: str,
        values: Mapping[str, Any],
        in_doubt: Collection[str] = (),
    ) -> None:
        """Note how a run ended, with its counts by column of `sync_runs`.

        Its intents go, but for those of the keys `in_doubt`, whose requests may have arrived without an answer.
        """

        def end() -> None:
            self._update_run(run_id, sync, partition, {"state": state, "finished_at": datetime.now(UTC), **values})
            kept = f" AND key NOT IN ({', '.join(map(self._dialect.literal, in_doubt))})" if in_doubt else ""
            self._session.execute(
                f"DELETE FROM {self.table('sync_intents')} WHERE {self.where(sync, partition)} "
                f"AND run_id = {self._value(run_id)}{kept}"
            )

        self._session.transaction(end)

    def fold(self, sync: str) -> None:
        """Bring the ledger up to the outcomes of a sync that were appended since its last fold.

        Goes by portions, so that a first run of any size folds in little memory. A key's intent goes with its
        outcome, and no earlier: what a killed run may have sent stays in doubt until it has one.
        """
        outcomes, own = self.table("sync_outcomes"), f"sync = {self._dialect.literal(sync)}"
        with self._session.lock(f"{self._schema}.{sync}"):
            while True:
                [(until,)] = self._session.fetch_all(
                    f"SELECT max(recorded_at) FROM (SELECT recorded_at FROM {outcomes} WHERE {own} "
                    f"ORDER BY recorded_at LIMIT {_FOLDED_AT_ONCE}) AS portion"
                )
                if until is None:
                    return
                self._session.transaction(partial(self._fold_until, sync, until))

    def _fold_until(self, sync: str, until: datetime) -> None:
        outcomes, ledger, intents = map(self.table, ("sync_outcomes", "sync_ledger", "sync_intents"))
        own, until_then = f"sync = {self._dialect.literal(sync)}", f"recorded_at <= {self._value(until)}"
        partition = self._dialect.identifier("partition")
        latest = (
            f"(SELECT * FROM (SELECT *, row_number() OVER (PARTITION BY key ORDER BY recorded_at DESC) "
            f"AS newness FROM {outcomes} WHERE {own} AND {until_then}) AS numbered WHERE newness = 1)"
        )
        doubts = f"(SELECT DISTINCT key, run_id FROM {intents} WHERE {own})"
        columns = {
            "sync": "o.sync",
            "key": "o.key",
            "partition": f"o.{partition}",
            "fingerprint": "o.fingerprint",
            # After a doubtful request, of this run or of one that was killed, the room may hold either version:
            # neither counts as delivered.
            "delivered_fingerprint": "CASE WHEN o.status = 'delivered' THEN o.fingerprint "
            "WHEN o.status IN ('failed', 'unknown') OR d.run_id <> o.run_id THEN NULL "
            f"ELSE {delivered_fingerprint('l.')} END",
            "row_hash": "o.row_hash",
            "row_hash_version": "o.row_hash_version",
            "status": "o.status",
            "attempts": "o.attempts + CASE WHEN l.status = 'failed' THEN l.attempts ELSE 0 END",
            # Runs in a row whose answer was 404; a run that got no answer neither counts nor ends the row.
            "not_found_runs": "CASE WHEN o.status = 'failed' AND o.reason_code = 'not_found' "
            "THEN coalesce(l.not_found_runs, 0) + 1 "
            "WHEN o.status IN ('failed', 'unknown') THEN coalesce(l.not_found_runs, 0) ELSE 0 END",
            "http_status": "o.http_status",
            "reason_code": "o.reason_code",
            "field": "o.field",
            "message": "o.message",
            "email_hash": "coalesce(o.email_hash, l.email_hash)",
            "withheld_for": "o.withheld_for",
            "first_sent_at": "coalesce(l.first_sent_at, o.sent_at)",
            "last_sent_at": "coalesce(o.sent_at, l.last_sent_at)",
            "run_id": "o.run_id",
            "gone_since": f"CAST(NULL AS {self._dialect.types['timestamp']})",
        }
        selected = ", ".join(f"{value} AS {self._dialect.identifier(name)}" for name, value in columns.items())
        joined = f"{latest} AS o LEFT JOIN {ledger} AS l ON l.{own} AND o.key = l.key"
        self._session.execute(
            f"INSERT INTO {self.table('former_addresses')} (sync, key, email_hash, replaced_at) "
            f"SELECT o.sync, o.key, l.email_hash, o.recorded_at FROM {joined} "
            "WHERE l.email_hash <> o.email_hash"
        )
        self._session.execute(
            self._dialect.merge(
                ledger,
                f"(SELECT {selected} FROM {joined} LEFT JOIN {doubts} AS d ON d.key = o.key)",
                ("sync", "key"),
                tuple(columns),
            )
        )
        self._session.execute(
            f"DELETE FROM {intents} WHERE {own} AND key IN (SELECT key FROM {outcomes} WHERE {own} AND {until_then})"
        )
        self._session.execute(f"DELETE FROM {outcomes} WHERE {own} AND {until_then}")

    def record(self, outcomes: pa.Table) -> None:
        """Append outcomes, with the columns of `OUTCOME_SCHEMA`."""
        self._session.append(self._schema, "sync_outcomes", outcomes)

    def confirm(self, run_id: str, sync: str, partition: str, version: int) -> None:
        """Say that a run neither sends, nor has on the wire, anything about the people of a list's version.

        It says so even when another run has taken it for dead.
        """
        self._session.execute(
            f"UPDATE {self.table('sync_runs')} SET suppression_version = {version} WHERE "
            + self._going_on(UnconfirmedRun(run_id, sync, partition, this_host(), os.getpid()))
        )

    def unconfirmed(self, version: int) -> list[tuple[UnconfirmedRun, tuple[datetime, int | None]]]:
        """The runs of syncs that may still send people of a list's version, each with its signs of life.

        A run that another one took for dead is among them until it is buried.
        """
        found = self._session.fetch_all(
            f"SELECT run_id, sync, {self._dialect.identifier('partition')}, host, process, heartbeat_at, "
            f"suppression_version FROM {self.table('sync_runs')} WHERE finished_at IS NULL "
            f"AND sync <> {self._dialect.literal(REMOVALS)} AND coalesce(suppression_version, -1) < {version}"
        )
        return [(UnconfirmedRun(*row[:5]), (row[5], row[6])) for row in found]

    def bury(self, run: UnconfirmedRun) -> None:
        """Note that a run that never said so has ended."""
        values = {"state": "interrupted", "finished_at": datetime.now(UTC)}
        self.update("sync_runs", values, self._going_on(run))

    def _going_on(self, run: UnconfirmedRun) -> str:
        # By process too: a run of the same id may be its next try, elsewhere, after this one was taken for dead.
        return (
            f"{self.where(run.sync, run.partition)} AND run_id = {self._value(run.run_id)} "
            f"AND host = {self._value(run.host)} AND process = {self._value(run.process)} AND finished_at IS NULL"
        )

    def broke_off_since(self, moment: datetime) -> bool:
        """Whether any run ended since then with requests that may have been under way."""
        return bool(
            self._session.fetch_all(
                f"SELECT 1 FROM {self.table('sync_runs')} WHERE state IN ('interrupted', 'failed') "
                f"AND finished_at > {self._value(moment)} LIMIT 1"
            )
        )

    def forget(self, sync: str, keys: Iterable[str]) -> None:
        """Drop keys whose things are out of the room: should they come back to the source, they are new."""
        listed = ", ".join(map(self._dialect.literal, keys))
        if listed:
            name = self._dialect.literal(sync)
            self._session.execute(f"DELETE FROM {self.table('sync_ledger')} WHERE sync = {name} AND key IN ({listed})")

    def replace(self, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Let one of our tables have these rows, each with all its columns, and no others."""

        def exchange() -> None:
            self._session.execute(f"DELETE FROM {self.table(table)} WHERE 1 = 1")
            if rows:
                self.append(table, *rows)

        self._session.transaction(exchange)

    def standing(self, sync: str, partition: str) -> dict[str, int]:
        """How many of the sync's source rows stand at each status, by key."""
        return dict(
            self._session.fetch_all(
                f"SELECT status, count(*) FROM {self.table('sync_ledger')} "
                f"WHERE {self.where(sync, partition)} AND gone_since IS NULL GROUP BY status"
            )
        )

    def rejected_rows(self, sync: str, partition: str, limit: int) -> list[tuple[str, str, str, str, str]]:
        """Up to `limit` rows of the view: key, status, field, reason code, message."""
        return self._session.fetch_all(
            f"SELECT key, status, field, reason_code, message FROM {self.table('rejected_rows')} "
            f"WHERE {self.where(sync, partition)} ORDER BY key LIMIT {limit}"
        )

    def append(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Append rows, all with the same columns, to one of our tables."""
        schema = pa.schema([(name, _ARROW[kind]) for name, kind in _TABLES[table].items() if name in rows[0]])
        self._session.append(self._schema, table, pa.Table.from_pylist([dict(row) for row in rows], schema=schema))

    def _insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Append one row. Making Arrow of Python's values would import pandas, for half a second of every run."""
        names = ", ".join(map(self._dialect.identifier, row))
        values = ", ".join(map(self._value, row.values()))
        self._session.execute(f"INSERT INTO {self.table(table)} ({names}) VALUES ({values})")

    def update(self, table: str, values: Mapping[str, Any], where: str) -> None:
        """Set columns of one of our tables, by name, in the rows for which the condition holds."""
        changes = ", ".join(f"{name} = {self._value(value)}" for name, value in values.items())
        self._session.execute(f"UPDATE {self.table(table)} SET {changes} WHERE {where}")

    def moment(self, moment: datetime) -> str:
        """A moment as it stands in SQL."""
        return self._value(moment)

    def _update_run(self, run_id: str, sync: str, partition: str, values: Mapping[str, Any]) -> None:
        own = f"{self.where(sync, partition)} AND run_id = {self._dialect.literal(run_id)} AND state = 'running'"
        self.update("sync_runs", values, own)

    def _value(self, value: object) -> str:
        match value:
            case None:
                return "NULL"
            case int() | float():
                return repr(value)
            case datetime():
                stamp = self._dialect.literal(value.isoformat())
                return f"CAST({stamp} AS {self._dialect.types['timestamp']})"
            case _:
                return self._dialect.literal(str(value))


def this_host() -> str:
    """The host's name, with the space that its process numbers count in: containers may share the name."""
    name = socket.gethostname()
    try:
        return f"{name} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return name


_runs_here: set[str] = set()


@contextmanager
def going_on(run_id: str) -> Iterator[None]:
    """Let other runs in this process know that the run goes on."""
    _runs_here.add(run_id)
    try:
        yield
    finally:
        _runs_here.discard(run_id)


def lives_here(process: int, run_id: str) -> bool:
    """Whether this host has a process of this number, and, if it is this one, whether the run goes on in it."""
    if process == os.getpid():
        return run_id in _runs_here
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

"""The SQL about what is known of people, one function for each statement.

Goes in: the names of the state tables in one engine, and hashes. Comes out: the statement's text. Nothing runs here.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.statements import delivered_fingerprint

_COLUMNS = ("sync", "kind", "key", "source_id", "person", "holder", "email_hash", "handle_hash")
_SAME = (
    "k.key = s.key AND coalesce(k.kind, '') = coalesce(s.kind, '') AND coalesce(k.person, '') = coalesce(s.person, '') "
    "AND coalesce(k.email_hash, '') = coalesce(s.email_hash, '') "
    "AND coalesce(k.handle_hash, '') = coalesce(s.handle_hash, '') AND coalesce(k.own, TRUE) = s.own "
    "AND coalesce(k.suppressed, FALSE) = coalesce(s.suppressed, FALSE)"
)


_WAS_SENT = "NOT coalesce(suppressed, FALSE)"


def known(names: StateNames, where: str = _WAS_SENT) -> str:
    """Read what is known about every row that was sent, including those of unfinished runs."""
    columns = ", ".join(_COLUMNS)
    return (
        f"SELECT {columns}, coalesce(own, TRUE) AS own FROM {names.table('known_addresses')} WHERE {where} "
        f"UNION ALL SELECT {columns}, own FROM {names.table('sent_addresses')} WHERE {where}"
    )


def any_suppressed_unfinished(names: StateNames) -> str:
    """Find out whether unfinished runs have noted suppressed rows."""
    return f"SELECT 1 FROM {names.table('sent_addresses')} WHERE suppressed LIMIT 1"


def tying(names: StateNames, *, unfinished: bool) -> str:
    """Read what ties rows to a person: everything that was sent, and, for suppressed rows, what belongs to nobody else.

    Of an unfinished run, a suppressed row's address counts only if nobody else was sent under it. `unfinished` says
    whether there are such rows: without them, an engine needs a third of the time to plan a statement.
    """
    columns = ", ".join(_COLUMNS)
    finished = (
        f"SELECT {columns}, coalesce(own, TRUE) AS own FROM {names.table('known_addresses')} "
        f"WHERE {_WAS_SENT} OR coalesce(own, TRUE) "
        f"UNION ALL SELECT {columns}, own FROM {names.table('sent_addresses')} WHERE {_WAS_SENT}"
    )
    if not unfinished:
        return finished
    return (
        f"{finished} UNION ALL SELECT {columns}, own FROM {names.table('sent_addresses')} AS s "
        f"WHERE suppressed AND own AND NOT {_sent_for_somebody_else(names)}"
    )


def _sent_for_somebody_else(names: StateNames) -> str:
    """Return the condition that a row's address was sent as another person's, or under another key of its kind.

    People are compared by their ids in one destination source; rows without any, by their keys.
    """
    return f"""EXISTS (
        SELECT 1 FROM ({known(names)}) AS k WHERE k.email_hash = s.email_hash AND k.own AND (
            (k.source_id = s.source_id AND k.person <> s.person)
            OR (k.person IS NULL AND s.person IS NULL AND k.kind = s.kind AND k.key <> s.key)))"""


def version(names: StateNames) -> str:
    """Read a number that increases with every change of the suppression list."""
    recorded = names.dialect.count_if("status IS NULL OR status <> 'invalid'")
    return (
        f"SELECT {recorded} + count(lifted_at) + count(confirmed_at) "
        f"+ (SELECT count(*) FROM {names.table('address_limits')}) FROM {names.table('pii_removals')}"
    )


def suppressed_addresses(names: StateNames) -> str:
    """Read the hash of every address that a request suppresses, and whether it is settled or was confirmed."""
    return f"""
        SELECT email_hash, max(CASE WHEN confirmed_at IS NOT NULL OR status NOT IN ('pending', 'failed', 'shared')
            THEN 1 ELSE 0 END) AS confirmed
        FROM {names.table("pii_removals")}
        WHERE lifted_at IS NULL AND email_hash IS NOT NULL
        GROUP BY email_hash"""


def shared(names: StateNames, column: str, hashes: Collection[str], most: int) -> str:
    """Find out which of these hashes of a column are in rows for more than this many people or things, sent or not."""
    return f"""
        SELECT {column} FROM ({known(names, "TRUE")}) AS k
        WHERE {column} IN ({names.values(hashes)}) AND holder IS NOT NULL
        GROUP BY {column} HAVING count(DISTINCT holder) > {most}"""


def address_limit(names: StateNames) -> str:
    """Read for how many people or things an address may be sent, as it was set last."""
    table = names.table("address_limits")
    return f"SELECT sequence, max_people_per_address FROM {table} ORDER BY sequence DESC LIMIT 1"


def links(names: StateNames, tied: str, column: str, hashes: Collection[str]) -> str:
    """Find the addresses and accounts of the people who have these hashes of a column. `tied` is from `tying`."""
    found = "SELECT a.origin, b.email_hash, b.handle_hash FROM mine AS a JOIN"
    known = "b.own AND (b.email_hash IS NOT NULL OR b.handle_hash IS NOT NULL)"
    return f"""
        WITH mine AS (
            SELECT DISTINCT {column} AS origin, sync, kind, key, source_id, person FROM ({tied}) AS k
            WHERE {column} IN ({names.values(hashes)}) AND own)
        SELECT DISTINCT origin, email_hash, handle_hash FROM (
            {found} ({tied}) AS b ON b.key = a.key WHERE {known} AND (b.sync = a.sync
                OR (b.kind = a.kind AND coalesce(b.source_id, -1) = coalesce(a.source_id, -1)))
            UNION ALL
            {found} ({tied}) AS b ON b.person = a.person AND b.source_id = a.source_id WHERE {known}
        ) AS linked"""


def rows_under(names: StateNames, tied: str, column: str, hashes: Collection[str]) -> str:
    """Read the rows that these hashes of a column tie to a person. `tied` is from `tying`."""
    return f"""
        SELECT DISTINCT sync, kind, key, source_id, person, {column}, own FROM ({tied}) AS k
        WHERE {column} IN ({names.values(hashes)})"""


def ledger_keys_under(names: StateNames, sync: str, hashes: Collection[str]) -> str:
    """Read the keys of a sync that the ledger has with these addresses."""
    return " UNION ALL ".join(
        f"SELECT key, email_hash FROM {names.table(table)} "
        f"WHERE sync = {names.value(sync)} AND email_hash IN ({names.values(hashes)})"
        for table in ("sync_ledger", "sync_outcomes", "former_addresses")
    )


def keys_of_people(names: StateNames, tied: str, sync: str, kind: str, people: Collection[str]) -> str:
    """Read the keys of a sync, and of others of its kind, that are about these people. `tied` is from `tying`."""
    return f"""
        SELECT DISTINCT sync, key, person FROM ({tied}) AS k
        WHERE person IN ({names.values(people)}) AND (sync = {names.value(sync)} OR kind = {names.value(kind)})"""


def keys_sent_by(names: StateNames, sync: str, keys: Collection[str]) -> str:
    """Find out under which of these keys a sync itself has sent anything."""
    return f"""
        SELECT DISTINCT key FROM ({known(names)}) AS k
        WHERE sync = {names.value(sync)} AND key IN ({names.values(keys)})"""


def people_sent_to(names: StateNames, source_id: int, people: Collection[str]) -> str:
    """Find out which of these ids people have in a destination source."""
    return f"""
        SELECT DISTINCT person FROM ({known(names)}) AS k
        WHERE source_id = {int(source_id)} AND person IN ({names.values(people)}) AND own AND email_hash IS NOT NULL"""


def kinds(names: StateNames) -> str:
    """Read the kind and the destination source of every sync that has sent or suppressed anything."""
    return f"SELECT DISTINCT sync, kind, source_id FROM ({known(names, 'TRUE')}) AS k"


def ledger_syncs(names: StateNames) -> str:
    """Read the names of the syncs in the ledger."""
    return f"SELECT DISTINCT sync FROM {names.table('sync_ledger')}"


def suppress_rows(names: StateNames, sync: str, keys: Iterable[str], values: Mapping[str, object]) -> str:
    """Note in the ledger that rows are suppressed, and keep the record of what Common Room has of each."""
    changes = ", ".join(f"{name} = {names.value(value)}" for name, value in values.items())
    return f"""
        UPDATE {names.table("sync_ledger")}
        SET delivered_fingerprint = {delivered_fingerprint()}, status = 'suppressed', {changes}
        WHERE sync = {names.value(sync)} AND key IN ({names.values(keys)}) AND status <> 'suppressed'"""


def resend_rows(names: StateNames, sync: str, keys: Iterable[str]) -> str:
    """Make the next run send rows again. Delivered rows stay delivered, with a fingerprint that no row has."""
    delivered = f"({delivered_fingerprint()}) IS NOT NULL"
    was_delivered = "delivered_fingerprint IS NOT NULL"
    stale = f"CASE WHEN {delivered} THEN '' ELSE NULL END"
    return f"""
        UPDATE {names.table("sync_ledger")}
        SET row_hash = NULL, fingerprint = {stale}, delivered_fingerprint = {stale},
            status = CASE WHEN status = 'suppressed' AND {was_delivered} THEN 'delivered' ELSE status END,
            suppressed_for = NULL
        WHERE sync = {names.value(sync)} AND key IN ({names.values(keys)})"""


def suppressed_rows(names: StateNames) -> str:
    """Count the rows that are now suppressed for each address, except those that are absent from their source."""
    return f"""
        SELECT suppressed_for, count(*) FROM (SELECT DISTINCT sync, key, suppressed_for FROM (
            SELECT sync, key, suppressed_for FROM {names.table("sync_ledger")}
            WHERE status = 'suppressed' AND absent_since IS NULL
            UNION ALL
            SELECT sync, key, suppressed_for FROM {names.table("sync_outcomes")} WHERE status = 'suppressed'
        ) AS noted) AS suppressed_rows
        WHERE suppressed_for IS NOT NULL
        GROUP BY suppressed_for"""


def forget_unsent(names: StateNames, run_id: str, sync: str, partition_keys: Iterable[str]) -> str:
    """Delete what a run noted for rows that never left."""
    return f"""
        DELETE FROM {names.table("sent_addresses")}
        WHERE sync = {names.value(sync)} AND run_id = {names.value(run_id)}
        AND {_WAS_SENT} AND key IN ({names.values(partition_keys)})"""


def forget_suppressed(names: StateNames, hashes: Collection[str]) -> str:
    """Delete these addresses from rows that were only ever suppressed."""
    return f"""
        DELETE FROM {names.table("known_addresses")}
        WHERE suppressed AND email_hash IN ({names.values(hashes)})"""


def ended_runs(names: StateNames, sync: str) -> str:
    """Read the runs that noted something and have ended."""
    return f"""
        SELECT DISTINCT run_id FROM {names.table("sent_addresses")}
        WHERE sync = {names.value(sync)} AND run_id NOT IN (
            SELECT run_id FROM {names.table("sync_runs")} WHERE sync = {names.value(sync)} AND finished_at IS NULL
        )"""


def fold(names: StateNames, sync: str, run_ids: Collection[str], now: datetime) -> list[str]:
    """Move what runs noted into `known_addresses`, without duplicates.

    The address of a suppressed row that somebody else was sent under says nothing about who the row is.
    """
    columns = ", ".join(_COLUMNS)
    mine = f"sync = {names.value(sync)} AND run_id IN ({names.values(run_ids)})"
    return [
        f"""
        DELETE FROM {names.table("sent_addresses")} AS s
        WHERE {mine} AND suppressed AND own AND {_sent_for_somebody_else(names)}""",
        f"""
        INSERT INTO {names.table("known_addresses")} ({columns}, own, suppressed, noted_at)
        SELECT {", ".join(f"s.{column}" for column in _COLUMNS)}, s.own, s.suppressed, {names.value(now)}
        FROM (SELECT DISTINCT {columns}, own, suppressed FROM {names.table("sent_addresses")} WHERE {mine}) AS s
        LEFT JOIN (SELECT * FROM {names.table("known_addresses")} WHERE sync = {names.value(sync)}) AS k ON {_SAME}
        WHERE k.key IS NULL""",
        f"DELETE FROM {names.table('sent_addresses')} WHERE {mine}",
    ]


def sent_since(names: StateNames, email_hash: str, moment: datetime) -> list[str]:
    """Find out whether anything was sent, or may have been, under an address since a moment."""
    since, own = names.value(moment), f"email_hash = {names.value(email_hash)}"
    ledger, outcomes, intents, runs = map(names.table, ("sync_ledger", "sync_outcomes", "sync_intents", "sync_runs"))
    mine = f"(SELECT DISTINCT sync, key FROM ({known(names)}) AS k WHERE {own}) AS k"
    return [
        f"SELECT 1 FROM {ledger} WHERE {own} AND last_sent_at > {since} LIMIT 1",
        f"SELECT 1 FROM {outcomes} WHERE {own} AND sent_at > {since} LIMIT 1",
        f"""
        SELECT 1 FROM {mine} JOIN {ledger} AS l ON l.sync = k.sync AND l.key = k.key
        WHERE l.email_hash IS NULL AND l.last_sent_at > {since} LIMIT 1""",
        f"""
        SELECT 1 FROM {mine} JOIN {outcomes} AS o ON o.sync = k.sync AND o.key = k.key
        WHERE o.email_hash IS NULL AND o.sent_at > {since} LIMIT 1""",
        f"""
        SELECT 1 FROM {mine} JOIN {intents} AS i ON i.sync = k.sync AND i.key = k.key
        JOIN (SELECT run_id, sync, finished_at FROM {runs} WHERE state IN ('interrupted', 'failed')) AS r
        ON r.run_id = i.run_id AND r.sync = i.sync WHERE finished_at > {since} LIMIT 1""",
    ]


def replaced(names: StateNames, email_hash: str) -> str:
    """Find out whether a row that was sent under an address has been sent under another one since."""
    return (
        f"SELECT 1 FROM ({known(names)}) AS k JOIN {names.table('sync_ledger')} AS l "
        "ON l.sync = k.sync AND l.key = k.key "
        f"WHERE k.own AND k.email_hash = {names.value(email_hash)} AND l.email_hash <> k.email_hash LIMIT 1"
    )


def keys_under_each(names: StateNames) -> str:
    """Count the keys that each address with a request was sent under."""
    return f"""
        SELECT email_hash, count(*) FROM (
            SELECT DISTINCT coalesce(kind, sync) AS kind, key, email_hash FROM ({known(names)}) AS k
            WHERE email_hash IN (SELECT email_hash FROM {names.table("pii_removals")} WHERE lifted_at IS NULL)
        ) AS sent
        GROUP BY email_hash"""

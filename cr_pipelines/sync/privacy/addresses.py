"""The addresses that rows were sent under, so that a person is known by every key that an address ever had.

Goes in: the rows that a run offers, noted before any of them is sent, so that a killed run leaves no address unnoted.
Comes out: rows of `known_addresses`, and what they say about one address. Suppressed addresses are not noted, as their
rows are not sent.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from cr_pipelines.sync.contract import Column
from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.privacy.suppression import SuppressionList
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.statements import row_key
from cr_pipelines.warehouse import Dialect, Session


def offered_addresses(
    dialect: Dialect,
    sync: Sync,
    columns: Sequence[Column],
    source: str,
    types: Mapping[str, str],
    key: str | None = None,
) -> str | None:
    """Return a query for the text of the offered rows in which an address may be; None if there is none.

    Args:
        dialect: the session's.
        sync: what is synced.
        columns: the contract's columns that the source has.
        source: the source's rows, as written after FROM; the offered keys are in `cr_offered`.
        types: the types of its columns.
        key: the expression for a row's key; None for what the dialect makes of the key's columns.

    Returns:
        a query with the columns `key`, `person` (the person's id in the destination source) and `address_0` onwards.
    """
    names = [column.name for column in columns if column.identifies]
    if not names:
        return None
    person = next((dialect.key((column.name,), types) for column in columns if column.person_id), "NULL")
    places = [f"address_{position}" for position in range(len(names))]
    texts = [f"{dialect.text(dialect.identifier(name))} AS {place}" for name, place in zip(names, places, strict=True)]
    return (
        f"SELECT o.key, s.person, {', '.join(places)} "
        f"FROM (SELECT {key or row_key(dialect, sync.contract, types)} AS source_key, "
        f"CAST({person} AS {dialect.types['text']}) AS person, {', '.join(texts)} FROM {source}) AS s "
        "JOIN cr_offered AS o ON s.source_key = o.key"
    )


class SentAddresses:
    """Under which addresses, as hashes, rows were or may have been sent, within one session."""

    def __init__(self, session: Session, names: StateNames):
        self._session = session
        self._names = names

    def note(self, sync: Sync, columns: Sequence[Column], source_id: int | None) -> None:
        """Note the hashes of the addresses in `cr_addresses`, the result of `offered_addresses`.

        Args:
            sync: what is synced.
            columns: the contract's columns that the source has.
            source_id: the destination source that ids of people belong to; None for a contract without one.
        """
        dialect = self._session.dialect
        name, noted_in = dialect.literal(sync.name), "NULL" if source_id is None else str(int(source_id))
        known = self._names.table("known_addresses")
        suppressed = SuppressionList(self._session, self._names).addresses
        for position in range(sum(column.identifies for column in columns)):
            place = f"address_{position}"
            hashed = dialect.sha256(f"lower({dialect.trimmed(place)})")
            self._session.execute(
                f"INSERT INTO {known} (sync, key, source_id, person, email_hash, noted_at) "
                f"SELECT {name}, n.key, {noted_in}, n.person, n.email_hash, "
                f"CAST(CURRENT_TIMESTAMP AS {dialect.types['timestamp']}) "
                f"FROM (SELECT DISTINCT key, person, {hashed} AS email_hash FROM cr_addresses "
                f"WHERE {place} LIKE '%@%') AS n "
                f"LEFT JOIN (SELECT key, email_hash, person FROM {known} WHERE sync = {name}) AS k "
                "ON k.key = n.key AND k.email_hash = n.email_hash AND coalesce(k.person, '') = coalesce(n.person, '') "
                f"LEFT JOIN (SELECT DISTINCT email_hash FROM ({suppressed}) AS entries) AS e "
                "ON e.email_hash = n.email_hash WHERE k.key IS NULL AND e.email_hash IS NULL"
            )

    def sent_since(self, email_hash: str, moment: datetime) -> bool:
        """Return whether a sync sent anything under an address since this moment, or may have.

        A run that was interrupted may have sent what it did not record.
        """
        since, own = self._names.value(moment), f"email_hash = {self._session.dialect.literal(email_hash)}"
        ledger, outcomes, known, intents, runs = map(
            self._names.table, ("sync_ledger", "sync_outcomes", "known_addresses", "sync_intents", "sync_runs")
        )
        in_doubt = (
            f"{known} AS k JOIN {intents} AS i ON i.sync = k.sync AND i.key = k.key "
            "JOIN (SELECT run_id, sync, finished_at FROM "
            f"{runs} WHERE state IN ('interrupted', 'failed')) AS r ON r.run_id = i.run_id AND r.sync = i.sync"
        )
        return any(
            self._session.fetch_all(f"SELECT 1 FROM {sent} WHERE {own} AND {at} > {since} LIMIT 1")
            for sent, at in ((ledger, "last_sent_at"), (outcomes, "sent_at"), (in_doubt, "finished_at"))
        )

    def replaced(self, email_hash: str) -> bool:
        """Return whether a row that was sent under an address has been sent under another one since."""
        known, ledger = self._names.table("known_addresses"), self._names.table("sync_ledger")
        return bool(
            self._session.fetch_all(
                f"SELECT 1 FROM {known} AS k JOIN {ledger} AS l ON l.sync = k.sync AND l.key = k.key "
                f"WHERE k.email_hash = {self._session.dialect.literal(email_hash)} AND l.email_hash <> k.email_hash "
                "LIMIT 1"
            )
        )

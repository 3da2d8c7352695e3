from collections.abc import Sequence

from cr_pipelines.sync._ledger import Ledger
from cr_pipelines.sync._sync import Sync
from cr_pipelines.sync.contract import Column
from cr_pipelines.warehouse import Session


def note_addresses(
    session: Session, ledger: Ledger, sync: Sync, columns: Sequence[Column], source: str, source_id: int | None
) -> None:
    """Note under which addresses the plan's rows are about to be sent, before any of them is.

    So a person is known by every key that an address was ever sent under, whatever the row holds later, and whatever
    was not recorded when a run was killed. Rows of people who asked to be forgotten are not sent, and not noted.

    Args:
        session: the plan's, with its temporary table `offered`.
        ledger: ours.
        sync: what is synced.
        columns: of the contract, those that the source has.
        source: the source's rows, as they stand after FROM.
        source_id: the destination source in which the contract's ids of people count; None for a contract without.
    """
    dialect = session.dialect
    addresses = [column.name for column in columns if column.identifies]
    if not addresses:
        return
    person = next((dialect.key((column.name,)) for column in columns if column.person_id), "NULL")
    places = [f"address_{position}" for position in range(len(addresses))]
    texts = [
        f"{dialect.text(dialect.identifier(name))} AS {place}" for name, place in zip(addresses, places, strict=True)
    ]
    key = dialect.key(sync.contract.key)
    session.execute(
        f"CREATE TEMPORARY TABLE offered_addresses AS SELECT o.key, s.person, {', '.join(places)} FROM "
        f"(SELECT {key} AS source_key, CAST({person} AS {dialect.types['text']}) AS person, {', '.join(texts)} "
        f"FROM {source}) AS s JOIN offered AS o ON s.source_key = o.key"
    )
    name, noted_in = dialect.literal(sync.name), "NULL" if source_id is None else str(int(source_id))
    known, removals = ledger.table("known_addresses"), ledger.table("pii_removals")
    for place in places:
        hashed = dialect.sha256(f"lower({dialect.trimmed(place)})")
        session.execute(
            f"INSERT INTO {known} (sync, key, source_id, person, email_hash, noted_at) "
            f"SELECT {name}, n.key, {noted_in}, n.person, n.email_hash, CAST(now() AS {dialect.types['timestamp']}) "
            f"FROM (SELECT key, person, {hashed} AS email_hash FROM offered_addresses WHERE {place} LIKE '%@%') AS n "
            f"LEFT JOIN (SELECT key, email_hash, person FROM {known} WHERE sync = {name}) AS k "
            "ON k.key = n.key AND k.email_hash = n.email_hash AND k.person IS NOT DISTINCT FROM n.person "
            f"LEFT JOIN (SELECT DISTINCT email_hash FROM {removals} WHERE lifted_at IS NULL) AS e "
            "ON e.email_hash = n.email_hash WHERE k.key IS NULL AND e.email_hash IS NULL"
        )

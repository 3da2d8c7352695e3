"""Under which addresses rows are sent: noted before any of them is.

So a person is known by every key that an address was ever sent under, whatever the row holds later, and whatever was
left unrecorded when a run was killed. Rows of people who asked to be forgotten are not sent, and not noted.
"""

from collections.abc import Sequence

from cr_pipelines.sync.contract import Column
from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.warehouse import Dialect, Session


def offered_addresses(dialect: Dialect, sync: Sync, columns: Sequence[Column], source: str) -> str | None:
    """A query for the texts of the offered rows in which an address may stand; None where there are none.

    Args:
        dialect: the session's.
        sync: what is synced.
        columns: those of the contract that the source has.
        source: the source's rows, as they stand after FROM; the offered keys are in `cr_offered`.

    Returns:
        a query with the columns `key`, `person` (the person's id in the destination source) and `address_0` onwards.
    """
    names = [column.name for column in columns if column.identifies]
    if not names:
        return None
    person = next((dialect.key((column.name,)) for column in columns if column.person_id), "NULL")
    places = [f"address_{position}" for position in range(len(names))]
    texts = [f"{dialect.text(dialect.identifier(name))} AS {place}" for name, place in zip(names, places, strict=True)]
    return (
        f"SELECT o.key, s.person, {', '.join(places)} FROM (SELECT {dialect.key(sync.contract.key)} AS source_key, "
        f"CAST({person} AS {dialect.types['text']}) AS person, {', '.join(texts)} FROM {source}) AS s "
        "JOIN cr_offered AS o ON s.source_key = o.key"
    )


def note_addresses(
    session: Session, names: StateNames, sync: Sync, columns: Sequence[Column], source_id: int | None
) -> None:
    """Note the hashes of the addresses in `cr_addresses`, which holds the answer of `offered_addresses`.

    `source_id` names the destination source in which the ids of people count; None for a contract without one.
    """
    dialect = session.dialect
    name, noted_in = dialect.literal(sync.name), "NULL" if source_id is None else str(int(source_id))
    known, removals = names.table("known_addresses"), names.table("pii_removals")
    for position in range(sum(column.identifies for column in columns)):
        place = f"address_{position}"
        hashed = dialect.sha256(f"lower({dialect.trimmed(place)})")
        session.execute(
            f"INSERT INTO {known} (sync, key, source_id, person, email_hash, noted_at) "
            f"SELECT {name}, n.key, {noted_in}, n.person, n.email_hash, "
            f"CAST(CURRENT_TIMESTAMP AS {dialect.types['timestamp']}) "
            f"FROM (SELECT DISTINCT key, person, {hashed} AS email_hash FROM cr_addresses "
            f"WHERE {place} LIKE '%@%') AS n "
            f"LEFT JOIN (SELECT key, email_hash, person FROM {known} WHERE sync = {name}) AS k "
            "ON k.key = n.key AND k.email_hash = n.email_hash AND coalesce(k.person, '') = coalesce(n.person, '') "
            f"LEFT JOIN (SELECT DISTINCT email_hash FROM {removals} WHERE lifted_at IS NULL) AS e "
            "ON e.email_hash = n.email_hash WHERE k.key IS NULL AND e.email_hash IS NULL"
        )

"""The source of privacy requests: a table, view or SELECT in the warehouse.

Goes in: the source, and the register's table. Comes out: the requests that the register does not have yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.warehouse import Relation, Session, SourceSession, TemporaryTable, find_column

_ROWS_PER_BATCH = 20_000


@dataclass(frozen=True)
class RequestSource:
    """The place where privacy requests arrive.

    Attributes:
        source: a table, a view, or a SELECT statement.
        request_id: its column with the request's id.
        email: its column with the person's e-mail address.
        requested_at: its column with the time of the request; a source may lack it.
        max_people_per_address: for how many people or things an address or account may be sent and still belong to one
            person. It is stored in the state schema, for every sync and removal; None leaves the number there, which
            is 5 at first.
    """

    source: str = "common_room_pii_requests"
    request_id: str = "request_id"
    email: str = "email"
    requested_at: str = "requested_at"
    max_people_per_address: int | None = None

    def __post_init__(self) -> None:
        if self.max_people_per_address is not None and self.max_people_per_address < 1:
            raise ValueError("max_people_per_address must be at least 1")

    @property
    def relation(self) -> Relation:
        """The source as the warehouse reads it. Raises ValueError for text that is not a source."""
        return Relation(self.source)


class NewRequest(NamedTuple):
    """A row of the source that is not in the register.

    `request_id` is spelled as the state tables spell keys: hashed if it may be an address. Without an id, it is a hash
    of the address. `source_hash` is a hash of the unchanged e-mail column, so a corrected address makes a new request
    with the same id.
    """

    request_id: str
    email: str | None
    requested_at: datetime | None
    source_hash: str
    has_id: bool


def new_requests(
    session: Session, source: RequestSource, register: str, reading: SourceSession | None = None
) -> Iterator[NewRequest]:
    """Yield the rows that are not in the register (a table for a FROM clause), each once, regardless of their date.

    `reading` is the source's session, if it differs from the register's.

    Raises SourceMissing if the source cannot be read, and SourceUnusable if it lacks a column.
    """
    reading = reading or session
    requests = _requests(reading, source)
    if reading is session:
        found = _not_in(session, register, requests)
    else:
        found = _new_apart(session, register, reading, requests)
    seen: set[tuple[str, str]] = set()
    for request_id, address, moment, source_hash, has_id in found:
        if (request_id, source_hash) not in seen:
            seen.add((request_id, source_hash))
            yield NewRequest(request_id, address, _moment(moment), source_hash, has_id)


def _requests(session: SourceSession, source: RequestSource) -> str:
    """Return the source's rows in the state tables' spelling, for a FROM clause."""
    dialect = session.dialect
    columns = session.columns(source.relation)
    spelled = {name: find_column(columns, name) for name in (source.request_id, source.email, source.requested_at)}
    request_id, address_column = spelled[source.request_id], spelled[source.email]
    missing = [name for name in (source.request_id, source.email) if spelled[name] is None]
    if missing or request_id is None or address_column is None:
        raise SourceUnusable(
            f"{source.relation} has no column {', '.join(missing)}, which privacy requests need; rename it in a view, "
            "or name the columns to read in the definition"
        )
    identifier, email = dialect.key((request_id,), columns), dialect.text(dialect.identifier(address_column))
    asked_at = spelled[source.requested_at]
    asked = "NULL" if asked_at is None else dialect.text(dialect.identifier(asked_at))
    hashed = dialect.sha256(f"coalesce({email}, '')")
    return (
        f"(SELECT coalesce({identifier}, 'sha256:' || {hashed}) AS request_id, {email} AS email, "
        f"CAST({asked} AS {dialect.types['text']}) AS requested_at, {hashed} AS source_hash, "
        f"{identifier} IS NOT NULL AS has_id FROM {dialect.relation(source.relation)} AS s) AS r"
    )


_COLUMNS = "r.request_id, r.email, r.requested_at, r.source_hash, r.has_id"


def _not_in(session: Session, register: str, requests: str, columns: str = _COLUMNS) -> list[tuple[Any, ...]]:
    return session.fetch_all(
        f"SELECT DISTINCT {columns} FROM {requests} "
        f"LEFT JOIN {register} AS p ON p.request_id = r.request_id AND p.source_hash = r.source_hash "
        "WHERE p.request_id IS NULL ORDER BY r.request_id"
    )


def _new_apart(session: Session, register: str, reading: SourceSession, requests: str) -> list[tuple[Any, ...]]:
    """Compare ids and hashes where the register is; only then do the addresses of new requests leave the source."""
    staged = TemporaryTable(session, "cr_requests", {"request_id": "text", "source_hash": "text"})
    reading.fetch_batches(f"SELECT DISTINCT r.request_id, r.source_hash FROM {requests}", _ROWS_PER_BATCH, staged)
    new = set(_not_in(session, register, "cr_requests AS r", "r.request_id, r.source_hash"))
    session.execute("DROP TABLE cr_requests")
    ids = sorted({request_id for request_id, _ in new})
    found: list[tuple[Any, ...]] = []
    most = reading.dialect.most_listed
    for start in range(0, len(ids), most):
        listed = reading.dialect.listed(ids[start : start + most])
        found += reading.fetch_all(f"SELECT DISTINCT {_COLUMNS} FROM {requests} WHERE r.request_id IN {listed}")
    return [request for request in found if (request[0], request[3]) in new]


def _moment(text: str | None) -> datetime | None:
    """Return when a request was made. Only the report uses it: an unreadable date must not stop the request."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

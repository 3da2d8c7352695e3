from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import Relation, Session


@dataclass(frozen=True)
class RequestSource:
    """Where privacy requests arrive.

    Attributes:
        source: a table, a view, or a SELECT statement.
        request_id: its column with the request's id.
        email: its column with the person's e-mail address.
        requested_at: its column with the time of the request; a source may do without.
    """

    source: str = "common_room_pii_requests"
    request_id: str = "request_id"
    email: str = "email"
    requested_at: str = "requested_at"

    @property
    def relation(self) -> Relation:
        """The source as the warehouse reads it. Raises ValueError for a text that is no source."""
        return Relation(self.source)


class NewRequest(NamedTuple):
    """A row of the source that the register does not have.

    `request_id` is as our tables hold keys: one that may be an address stands hashed, and so does a missing one.
    `source_hash` is of the e-mail column as it stands: a corrected address makes a new request of the same id.
    """

    request_id: str
    email: str | None
    requested_at: datetime | None
    source_hash: str
    has_id: bool


def new_requests(session: Session, source: RequestSource, register: str) -> Iterator[NewRequest]:
    """The rows that are not in the register (a table, as it stands after FROM), each once, whenever they were dated.

    Raises SourceMissing when the source cannot be read, and SourceUnusable when it lacks a column.
    """
    dialect = session.dialect
    columns = session.columns(source.relation)
    missing = [name for name in (source.request_id, source.email) if name not in columns]
    if missing:
        raise SourceUnusable(
            f"{source.relation} has no column {', '.join(missing)}, which privacy requests need; name it so in a view, "
            "or say in the definition which columns to read"
        )
    identifier, email = dialect.key((source.request_id,)), dialect.text(dialect.identifier(source.email))
    asked = dialect.text(dialect.identifier(source.requested_at)) if source.requested_at in columns else "NULL"
    hashed = dialect.sha256(f"coalesce({email}, '')")
    found = session.fetch_all(
        "SELECT DISTINCT r.request_id, r.email, r.requested_at, r.source_hash, r.has_id FROM ("
        f"SELECT coalesce({identifier}, 'sha256:' || {hashed}) AS request_id, {email} AS email, "
        f"CAST({asked} AS {dialect.types['text']}) AS requested_at, {hashed} AS source_hash, "
        f"{identifier} IS NOT NULL AS has_id FROM {dialect.relation(source.relation)} AS s) AS r "
        f"LEFT JOIN {register} AS p ON p.request_id = r.request_id AND p.source_hash = r.source_hash "
        "WHERE p.request_id IS NULL ORDER BY r.request_id"
    )
    seen: set[tuple[str, str]] = set()
    for request_id, address, moment, source_hash, has_id in found:
        if (request_id, source_hash) not in seen:
            seen.add((request_id, source_hash))
            yield NewRequest(request_id, address, _moment(moment), source_hash, has_id)


def _moment(text: str | None) -> datetime | None:
    """When a request was made, for the report only: what cannot be read must not hold the request back."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

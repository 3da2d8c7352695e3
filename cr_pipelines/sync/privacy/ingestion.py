"""The ingestion of privacy requests: from a row of their source to an entry of the suppression list.

Goes in: the source of requests. Comes out: an entry of `pii_removals` for each new one, which suppresses its person,
and ledger rows that count as suppressed. Every run of a sync does this first, so people are suppressed whether or not
anything else reads the requests.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cr_pipelines.sync.contract import InvalidValue, address_hash
from cr_pipelines.sync.contract.identity import visible
from cr_pipelines.sync.contract.values import email
from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.privacy.address_limit import AddressLimit
from cr_pipelines.sync.privacy.requests import NewRequest, RequestSource, new_requests
from cr_pipelines.sync.privacy.suppression import SuppressionList
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.people import PII_REMOVALS
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Session, SourceMissing, SourceSession, WarehouseError

PROMISED = timedelta(days=15)
"""Common Room anonymizes a person within this time after DELETE /user/{email}."""

SHARED_FOR = timedelta(days=1)
"""How long a removal, once seen to be done, also settles another request about the same person."""


class Ingested(NamedTuple):
    """How many requests were new, and how many of these are invalid."""

    requests: int
    invalid: int


def ingest(
    session: Session,
    schema: str,
    source: RequestSource,
    now: datetime,
    shared_for: timedelta = SHARED_FOR,
    reading: SourceSession | None = None,
) -> Ingested:
    """Record every new request, which suppresses its person at once.

    A person whose removal is in progress, or was settled recently, shares its outcome. `reading` is the source's
    session, if it has its own. Raises SourceMissing and SourceUnusable.
    """
    suppression_list = SuppressionList(session, StateNames(session.dialect, schema))
    with _register_lock(session, schema):
        if AddressLimit(session, schema).set([source], now):
            suppression_list.suppress_rows()
        rows = _record(session, schema, _new_requests(session, schema, source, reading), now, shared_for)
    if rows:
        suppression_list.suppress_rows()
    return Ingested(len(rows), sum(row["status"] == "invalid" for row in rows))


def _register_lock(session: Session, schema: str) -> AbstractContextManager[None]:
    return session.lock(f"{schema}.pii_removals")


def _new_requests(
    session: Session, schema: str, source: RequestSource, reading: SourceSession | None
) -> list[NewRequest]:
    return list(new_requests(session, source, StateNames(session.dialect, schema).table(PII_REMOVALS.name), reading))


def _record(
    session: Session, schema: str, requests: Sequence[NewRequest], now: datetime, shared_for: timedelta
) -> list[dict[str, Any]]:
    """Record requests, and return their entries."""
    rows = [_entry(request, now) for request in requests]
    if not rows:
        return []
    state = StateSchema(session, schema)
    earlier = _outcomes_to_share(session, state.names, now, shared_for)
    for row in rows:
        row.update(earlier.get(row["email_hash"], {}))
    listed = state.names.values(row["request_id"] for row in rows)
    # These are invalid entries of requests whose address was corrected.
    session.execute(
        f"DELETE FROM {state.names.table(PII_REMOVALS.name)} WHERE status = 'invalid' AND request_id IN ({listed})"
    )
    state.append(PII_REMOVALS, rows)
    return rows


class PrivacyState(NamedTuple):
    """Which requests are waiting, and for what.

    Attributes:
        unsubmitted: how many requests wait to be submitted to Common Room.
        undecided: ids of requests that wait until somebody decides whether their address belongs to one person.
        problem: why a source of requests cannot be read; None if all can be read.
    """

    unsubmitted: int
    undecided: tuple[str, ...]
    problem: str | None


def privacy_state(
    session: Session,
    schema: str,
    sources: Sequence[RequestSource],
    now: datetime,
    *,
    record: bool,
    reading: SourceSession | None = None,
) -> PrivacyState:
    """Return which requests are waiting, including new ones, and why a source cannot be read, if one cannot.

    Args:
        session: to read in.
        schema: of the state tables.
        sources: the sources of requests; none of them need to exist.
        now: the time at which new requests are seen.
        record: whether to record new requests; otherwise they are only counted.
        reading: the sources' session, if they have their own.
    """
    problems, unrecorded = list[str](), set[tuple[str, str]]()
    with _register_lock(session, schema) if record else nullcontext():
        if record:
            try:
                AddressLimit(session, schema).set(sources, now)
            except SourceUnusable as error:
                problems.append(str(error))
        for source in sources:
            try:
                new = _new_requests(session, schema, source, reading)
            except SourceMissing:
                continue
            except (SourceUnusable, WarehouseError) as error:
                problems.append(str(error))
                continue
            if record:
                _record(session, schema, new, now, SHARED_FOR)
            else:
                unrecorded |= {(request.request_id, request.source_hash) for request in new}
    register = StateNames(session.dialect, schema).table(PII_REMOVALS.name)
    waiting = session.fetch_all(
        f"SELECT DISTINCT request_id, status = 'shared' FROM {register} "
        "WHERE status IN ('pending', 'failed', 'shared') AND lifted_at IS NULL ORDER BY request_id"
    )
    undecided = tuple(request_id for request_id, is_shared in waiting if is_shared)
    return PrivacyState(len(waiting) - len(undecided) + len(unrecorded), undecided, "; ".join(problems) or None)


def _entry(request: NewRequest, now: datetime) -> dict[str, Any]:
    row: dict[str, Any] = {
        "request_id": request.request_id,
        "source_hash": request.source_hash,
        "email_hash": None,
        "email": None,
        "status": "invalid",
        "requested_at": request.requested_at,
        "seen_at": now,
        "submitted_at": None,
        "due_at": None,
        "check_at": None,
        "offers": 0,
        "attempts": 0,
        "reason_code": None,
        "message": None if request.has_id else "the request has no id; a hash of its address is used instead",
    }
    try:
        address = None if request.email is None else email(visible(request.email))
    except InvalidValue as fault:
        return row | {"reason_code": fault.reason_code, "message": f"email {fault.message}"}
    if address is None:
        return row | {"reason_code": "missing", "message": "email is empty; a removal needs an address"}
    return row | {"email_hash": address_hash(address), "email": str(address), "status": "pending"}


def _outcomes_to_share(
    session: Session, names: StateNames, now: datetime, shared_for: timedelta
) -> dict[str, dict[str, Any]]:
    columns = ("email_hash", "status", "submitted_at", "due_at", "check_at", "verified_at", "email")
    promised, just_now = map(names.value, (now - PROMISED, now - shared_for))
    # A removed person may have come back without our doing, so asking again must remove them again.
    found = session.fetch_all(
        f"SELECT {', '.join(columns)} FROM {names.table(PII_REMOVALS.name)} WHERE lifted_at IS NULL "
        f"AND (status = 'submitted' AND submitted_at > {promised} "
        f"OR status IN ('not_found', 'verified') AND coalesce(verified_at, submitted_at) > {just_now}) "
        "ORDER BY submitted_at"
    )
    outcomes = [dict(zip(columns, row, strict=True)) for row in found]
    return {
        outcome["email_hash"]: outcome | {"message": "settled by an earlier request about the same person"}
        for outcome in outcomes
    }

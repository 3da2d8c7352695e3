"""The register of privacy requests: our table `pii_removals`.

Goes in: requests from the source, and what became of each. Comes out: what is due, and what is reported. An entry
suppresses its person for every sync from the moment when it is recorded.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cr_pipelines.removal.report import RemovalRecord, Standing
from cr_pipelines.removal.requests import NewRequest, RequestSource, new_requests
from cr_pipelines.removal.timing import PROMISED, Timing
from cr_pipelines.sync import PII_REMOVALS, StateSchema, SuppressionList
from cr_pipelines.sync.contract import InvalidValue, address_hash
from cr_pipelines.sync.contract.values import email
from cr_pipelines.warehouse import Session, SourceSession

_SHOWN = 20
_WAITING = "('pending', 'failed')"
_FORGET = {"email": None, "check_at": None}
_LOOKED_UP = "('submitted', 'overdue', 'not_found')"
_FOUND_LATER = "Common Room did not know the person at first, and has them now; the removal is sent again"


class Ingested(NamedTuple):
    """How many requests were new, and how many of them are invalid."""

    requests: int
    invalid: int


class DueRequest(NamedTuple):
    """A request to settle now. `attempts` counts the calls for it; `offers`, how often it was offered to a run."""

    request_id: str
    email_hash: str
    email: str
    attempts: int
    offers: int


class DueLook(NamedTuple):
    """A person to look up now. `status` is `submitted` for an overdue removal too, or `not_found`."""

    email_hash: str
    email: str
    submitted_at: datetime
    status: str


class Register:
    """The register within one session: an entry for each request and each address that it ever named.

    An entry has the address until the removal is verified, or until Common Room has not known the person for 15 days;
    then only its hash.
    """

    def __init__(self, session: Session, schema: str, timing: Timing):
        self._session = session
        self._schema = schema
        self._state = StateSchema(session, schema)
        self._names = self._state.names
        self._timing = timing
        self._table = self._names.table(PII_REMOVALS.name)
        self._suppression_list = SuppressionList(session, self._names)
        self._text = session.dialect.literal

    def ingest(self, source: RequestSource, now: datetime, reading: SourceSession | None = None) -> Ingested:
        """Record every new request, which suppresses its person. `reading` is the source's session, if it has its own.

        A person whose removal is under way, or was settled a short while ago, shares its outcome. Raises SourceMissing
        and SourceUnusable.
        """
        with self._session.lock(f"{self._schema}.pii_removals"):
            rows = [self._row(request, now) for request in new_requests(self._session, source, self._table, reading)]
            if not rows:
                return Ingested(0, 0)
            earlier = self._outcomes_to_share(now)
            for row in rows:
                row.update(earlier.get(row["email_hash"], {}))
            self._drop_invalid({row["request_id"] for row in rows})
            self._state.append(PII_REMOVALS, rows)
        return Ingested(len(rows), sum(row["status"] == "invalid" for row in rows))

    def _row(self, request: NewRequest, now: datetime) -> dict[str, Any]:
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
            address = None if request.email is None else email(request.email)
        except InvalidValue as fault:
            return row | {"reason_code": fault.reason_code, "message": f"email {fault.message}"}
        if address is None:
            message = "email is empty; a removal needs an address"
            return row | {"reason_code": "missing", "message": message}
        return row | {"email_hash": address_hash(address), "email": str(address), "status": "pending"}

    def _outcomes_to_share(self, now: datetime) -> dict[str, dict[str, Any]]:
        columns = ("email_hash", "status", "submitted_at", "due_at", "check_at", "verified_at", "email")
        promised, just_now = map(self._names.value, (now - PROMISED, now - self._timing.shared))
        # A removed person may have come back by another way than ours: then asking again must remove them again.
        found = self._session.fetch_all(
            f"SELECT {', '.join(columns)} FROM {self._table} WHERE lifted_at IS NULL "
            f"AND (status = 'submitted' AND submitted_at > {promised} "
            f"OR status IN ('not_found', 'verified') AND coalesce(verified_at, submitted_at) > {just_now}) "
            "ORDER BY submitted_at"
        )
        outcomes = [dict(zip(columns, row, strict=True)) for row in found]
        return {
            outcome["email_hash"]: outcome | {"message": "settled by an earlier request about the same person"}
            for outcome in outcomes
        }

    def _drop_invalid(self, request_ids: Iterable[str]) -> None:
        """Delete invalid entries of requests whose address was corrected."""
        self._session.execute(
            f"DELETE FROM {self._table} WHERE status = 'invalid' AND request_id IN ({self._listed(request_ids)})"
        )

    def due(
        self, now: datetime, request_ids: Iterable[str] | None = None, limit: int | None = None
    ) -> list[DueRequest]:
        """Return the requests to settle now, or the named ones among them, the longest-known first."""
        # A pause that ends later than any pause can was noted before the clock was put back.
        beyond = self._names.value(now + self._timing.longest_pause)
        named = "" if request_ids is None else f" AND request_id IN ({self._listed(request_ids) or 'NULL'})"
        return [
            DueRequest(*row)
            for row in self._session.fetch_all(
                "SELECT request_id, email_hash, email, coalesce(attempts, 0), coalesce(offers, 0) "
                f"FROM {self._table} WHERE status IN {_WAITING} AND lifted_at IS NULL AND email IS NOT NULL AND "
                f"(retry_at IS NULL OR retry_at <= {self._names.value(now)} OR retry_at > {beyond}){named} "
                f"ORDER BY seen_at, request_id{'' if limit is None else f' LIMIT {int(limit)}'}"
            )
        ]

    def offer(self, requests: Sequence[DueRequest]) -> int:
        """Count an offer of these requests to a run, and return its number, which no other offer of them has."""
        number = 1 + max(request.offers for request in requests)
        listed = self._listed(request.request_id for request in requests)
        self._state.update(PII_REMOVALS, {"offers": number}, f"request_id IN ({listed})")
        return number

    def settle(self, email_hash: str, status: str, now: datetime, **details: Any) -> None:
        """Record what became of a person's removal, in every request that waits for it."""
        own = self._waiting(email_hash)
        [(attempts,)] = self._session.fetch_all(f"SELECT coalesce(max(attempts), 0) + 1 FROM {self._table} WHERE {own}")
        values: dict[str, Any] = {
            "status": status,
            "attempts": int(attempts),
            "retry_at": None,
            "http_status": None,
            "reason_code": None,
            "message": None,
            **details,
        }
        if status == "failed":
            values["retry_at"] = now + self._timing.pause_after(int(attempts))
        else:
            values["submitted_at"] = now
        if status == "submitted":
            values |= {"due_at": now + PROMISED, "check_at": self._timing.next_look(now, now)}
        if status == "not_found":
            # A write of a moment ago may not be visible yet, so the address is kept until later looks agree.
            values |= {"due_at": None, "check_at": self._timing.next_look(now, now)}
        self._state.update(PII_REMOVALS, values, own)

    def _waiting(self, email_hash: str) -> str:
        return f"email_hash = {self._text(email_hash)} AND status IN {_WAITING} AND lifted_at IS NULL"

    def count_waiting(self, email_hash: str) -> int:
        """Return how many requests about a person wait to be settled."""
        [(count,)] = self._session.fetch_all(f"SELECT count(*) FROM {self._table} WHERE {self._waiting(email_hash)}")
        return int(count)

    def due_looks(self, now: datetime) -> list[DueLook]:
        """Return the people to look up now."""
        moment, beyond = self._names.value(now), self._names.value(now + PROMISED)
        kind = "CASE WHEN status = 'not_found' THEN 'not_found' ELSE 'submitted' END"
        return [
            DueLook(*row)
            for row in self._session.fetch_all(
                f"SELECT email_hash, max(email), min(submitted_at), {kind} FROM {self._table} "
                f"WHERE status IN {_LOOKED_UP} AND lifted_at IS NULL AND email IS NOT NULL "
                f"AND (check_at IS NULL OR check_at <= {moment} OR check_at > {beyond}) GROUP BY email_hash, {kind}"
            )
        ]

    def looked_up(self, look: DueLook, now: datetime, *, removed: bool, reason_code: str | None, message: str) -> str:
        """Record what a look-up showed, and return the status that follows.

        A person whom Common Room did not know stays `not_found`, and the address is deleted at the first look after 15
        days that agrees. If it has the person after all, the removal is due again.
        """
        ends = look.submitted_at + PROMISED
        values: dict[str, Any] = {"checked_at": now, "check_at": self._timing.next_look(look.submitted_at, now)}
        values |= {"reason_code": reason_code, "message": message}
        statuses = "('submitted', 'overdue')"
        if look.status == "not_found":
            status, statuses = "not_found", "('not_found')"
            if removed:
                # What the settlement noted stays, such as that a sync has sent the person under another address.
                values = {"checked_at": now, **(_FORGET if now >= ends else {"check_at": values["check_at"]})}
            elif reason_code == "still_there":
                status = "failed"
                values |= {"check_at": None, "retry_at": now, "reason_code": "found_later", "message": _FOUND_LATER}
        elif removed:
            status = "verified"
            values |= {"verified_at": now, "reason_code": None, "message": None, **_FORGET}
        else:
            status = "overdue" if now >= ends else "submitted"
        own = (
            f"email_hash = {self._text(look.email_hash)} AND status IN {statuses} AND lifted_at IS NULL "
            "AND email IS NOT NULL"
        )
        self._state.update(PII_REMOVALS, {"status": status, **values}, own)
        return status

    def standing(self) -> Standing:
        """Return how many requests have each status, and which need attention."""
        rows = self._session.fetch_all(
            "SELECT status, count(*), count(lifted_at), count(email), "
            "min(CASE WHEN status = 'submitted' AND lifted_at IS NULL THEN due_at END) "
            f"FROM {self._table} GROUP BY status ORDER BY status"
        )
        return Standing(
            by_status={status: count for status, count, *_ in rows},
            lifted=sum(row[2] for row in rows),
            addresses_kept=sum(row[3] for row in rows),
            rows_suppressed=sum(self._suppression_list.suppressed_rows().values()),
            overdue=self._ids("overdue"),
            invalid=self._ids("invalid"),
            next_due_at=min((row[4] for row in rows if row[4]), default=None),
        )

    def _ids(self, status: str) -> list[str]:
        found = self._session.fetch_all(
            f"SELECT request_id FROM {self._table} WHERE status = {self._text(status)} AND lifted_at IS NULL "
            f"ORDER BY seen_at, request_id LIMIT {_SHOWN}"
        )
        return [request_id for (request_id,) in found]

    def records(self, request_ids: Sequence[str] = ()) -> list[RemovalRecord]:
        """Return what became of every request, or of the named ones, in the order in which they were recorded."""
        named = f"WHERE request_id IN ({self._listed(request_ids)}) " if request_ids else ""
        found = self._session.fetch_all(
            "SELECT request_id, status, email_hash, requested_at, seen_at, submitted_at, due_at, checked_at, "
            "verified_at, coalesce(attempts, 0), message, email IS NOT NULL, lifted_at, lifted_reason "
            f"FROM {self._table} {named}ORDER BY seen_at, request_id"
        )
        suppressed = self._suppression_list.suppressed_rows()
        rows = [(*row[:11], suppressed.get(row[2], 0), *row[11:]) for row in found]
        return [RemovalRecord(*row) for row in rows]

    def effective(self, request_id: str) -> list[str]:
        """Return the address hashes that a request suppresses."""
        found = self._session.fetch_all(
            f"SELECT DISTINCT email_hash FROM {self._table} "
            f"WHERE request_id = {self._text(request_id)} AND lifted_at IS NULL AND email_hash IS NOT NULL"
        )
        return [email_hash for (email_hash,) in found]

    def unfinished(self, hashes: Sequence[str]) -> list[tuple[str, str]]:
        """Return the id and status of each request about these addresses whose removal is not finished."""
        return self._session.fetch_all(
            f"SELECT DISTINCT request_id, status FROM {self._table} WHERE {self._suppressing(hashes)} "
            "AND status IN ('pending', 'failed', 'submitted', 'overdue') ORDER BY request_id, status"
        )

    def lift(self, hashes: Sequence[str], reason: str, now: datetime) -> int:
        """Lift every request about these addresses, and return how many that were."""
        own = self._suppressing(hashes)
        [(lifted,)] = self._session.fetch_all(f"SELECT count(*) FROM {self._table} WHERE {own}")
        self._state.update(PII_REMOVALS, {"lifted_at": now, "lifted_reason": reason, "email": None}, own)
        return int(lifted)

    def _suppressing(self, hashes: Sequence[str]) -> str:
        return f"email_hash IN ({self._listed(hashes)}) AND lifted_at IS NULL"

    def _listed(self, texts: Iterable[str]) -> str:
        return ", ".join(map(self._text, texts))

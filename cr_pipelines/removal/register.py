"""The register of privacy requests, which is the table `pii_removals`.

Goes in: requests from the source, and what became of each. Comes out: what is due, and what is reported. An entry
suppresses its person for every sync from the moment when it is recorded.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cr_pipelines.removal.report import RemovalRecord, Standing
from cr_pipelines.removal.timing import Timing
from cr_pipelines.sync import (
    PII_REMOVALS,
    PROMISED,
    AddressLimit,
    Ingested,
    KnownAddresses,
    RequestSource,
    StateSchema,
    SuppressionList,
    ingest,
    shared_addresses,
)
from cr_pipelines.warehouse import Session, SourceSession

_SHOWN = 20
_WAITING = "('pending', 'failed')"
_UNDECIDED = "('pending', 'failed', 'shared')"
_FORGET = {"email": None, "check_at": None}
_LOOKED_UP = "('submitted', 'overdue', 'not_found')"
_FOUND_LATER = "Common Room did not know the person at first, but does now; the removal is sent again"
_SHARED = (
    "the address was sent for many people or things, like that of a footer or a mailing list; a row is suppressed "
    "only while it contains the address. If it is one person's, run `cr-pipelines pii confirm`; if not, `cr-pipelines "
    "pii unsuppress`"
)


class DueRequest(NamedTuple):
    """A request to settle now. `attempts` counts the calls for it, and `offers` how often it was offered to a run."""

    request_id: str
    email_hash: str
    email: str
    attempts: int
    offers: int


class DueLook(NamedTuple):
    """A person to look up now. `status` is `submitted`, even for an overdue removal, or `not_found`."""

    email_hash: str
    email: str
    submitted_at: datetime
    status: str


class Register:
    """The register within one session, with an entry for each request and each address that it ever named.

    An entry keeps the address until the removal is verified, or until Common Room has not known the person for 15 days.
    After that, it keeps only the hash.
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

        Raises SourceMissing and SourceUnusable.
        """
        return ingest(self._session, self._schema, source, now, self._timing.shared, reading)

    def due(
        self, now: datetime, request_ids: Iterable[str] | None = None, limit: int | None = None
    ) -> list[DueRequest]:
        """Return the requests to settle now, or only the named ones of these, oldest first."""
        self._set_shared_apart()
        # A pause that ends later than any pause can was noted before the clock was set back.
        beyond = self._names.value(now + self._timing.longest_pause)
        named = "" if request_ids is None else f" AND request_id IN {self._listed(request_ids)}"
        return [
            DueRequest(*row)
            for row in self._session.fetch_all(
                "SELECT request_id, email_hash, email, coalesce(attempts, 0), coalesce(offers, 0) "
                f"FROM {self._table} WHERE status IN {_WAITING} AND lifted_at IS NULL AND email IS NOT NULL AND "
                f"(retry_at IS NULL OR retry_at <= {self._names.value(now)} OR retry_at > {beyond}){named} "
                f"ORDER BY seen_at, request_id{'' if limit is None else f' LIMIT {int(limit)}'}"
            )
        ]

    def _set_shared_apart(self) -> None:
        """Make requests wait for a decision if their address was sent for many people or things, and no others."""
        doubtful = "lifted_at IS NULL AND confirmed_at IS NULL AND email_hash IS NOT NULL"
        found = self._session.fetch_all(
            f"SELECT DISTINCT email_hash FROM {self._table} WHERE {doubtful} AND status IN {_UNDECIDED}"
        )
        addresses = {email_hash for (email_hash,) in found}
        shared = shared_addresses(self._session, self._names, addresses)
        for hashes, before, values in (
            (shared, _WAITING, {"status": "shared", "reason_code": "shared_address", "message": _SHARED}),
            # The number of people per address was raised.
            (addresses - shared, "('shared')", {"status": "pending", "reason_code": None, "message": None}),
        ):
            if hashes:
                own = f"{doubtful} AND status IN {before} AND email_hash IN {self._listed(sorted(hashes))}"
                self._state.update(PII_REMOVALS, values, own)

    def confirm(self, request_id: str, now: datetime) -> int:
        """Confirm every request about the address of a waiting request, and return their number."""
        hashes = self.effective(request_id)
        own = f"{self._suppressing(hashes)} AND status = 'shared'" if hashes else "1 = 0"
        [(confirmed,)] = self._session.fetch_all(f"SELECT count(*) FROM {self._table} WHERE {own}")
        values = {"status": "pending", "reason_code": None, "message": None, "confirmed_at": now}
        self._state.update(PII_REMOVALS, values, own)
        if confirmed:
            self._suppression_list.suppress_rows()
        return int(confirmed)

    def offer(self, requests: Sequence[DueRequest]) -> int:
        """Count an offer of these requests to a run, and return its number, which is unique among their offers."""
        number = 1 + max(request.offers for request in requests)
        listed = self._listed(request.request_id for request in requests)
        self._state.update(PII_REMOVALS, {"offers": number}, f"request_id IN {listed}")
        return number

    def settle(self, email_hash: str, status: str, now: datetime, **details: Any) -> None:
        """Record the outcome of a person's removal in every request that waits for it."""
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
            # A recent write may not be visible yet, so the address is kept until later look-ups agree.
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

        A person unknown to Common Room stays `not_found`. The address is deleted by the first look-up after 15 days
        that confirms this. If Common Room has the person after all, the removal is due again.
        """
        ends = look.submitted_at + PROMISED
        values: dict[str, Any] = {"checked_at": now, "check_at": self._timing.next_look(look.submitted_at, now)}
        values |= {"reason_code": reason_code, "message": message}
        statuses = "('submitted', 'overdue')"
        if look.status == "not_found":
            status, statuses = "not_found", "('not_found')"
            if removed:
                # Keep what the settlement noted, such as that a sync has sent the person under another address.
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
            shared=self._ids("shared"),
            max_people_per_address=AddressLimit(self._session, self._schema).read(),
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
        named = f"WHERE request_id IN {self._listed(request_ids)} " if request_ids else ""
        found = self._session.fetch_all(
            "SELECT request_id, status, email_hash, requested_at, seen_at, submitted_at, due_at, checked_at, "
            "verified_at, coalesce(attempts, 0), message, email IS NOT NULL, lifted_at, lifted_reason "
            f"FROM {self._table} {named}ORDER BY seen_at, request_id"
        )
        suppressed = self._suppression_list.suppressed_rows()
        keys = KnownAddresses(self._session, self._names).keys_under()
        linked = Counter(self._suppression_list.ties().linked.values())
        return [
            RemovalRecord(
                row[0],
                "lifted" if row[12] is not None else row[1],
                *(*row[2:11], suppressed.get(row[2], 0), keys.get(row[2], 0), linked[row[2]], *row[11:]),
            )
            for row in found
        ]

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
        """Lift every request about these addresses, and return their number."""
        own = self._suppressing(hashes)
        [(lifted,)] = self._session.fetch_all(f"SELECT count(*) FROM {self._table} WHERE {own}")
        self._state.update(PII_REMOVALS, {"lifted_at": now, "lifted_reason": reason, "email": None}, own)
        return int(lifted)

    def _suppressing(self, hashes: Sequence[str]) -> str:
        return f"email_hash IN {self._listed(hashes)} AND lifted_at IS NULL"

    def _listed(self, texts: Iterable[str]) -> str:
        return self._session.dialect.listed(list(texts))

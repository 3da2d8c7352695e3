from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from cr_pipelines.removal.report import RemovalRecord, Standing
from cr_pipelines.removal.requests import NewRequest, RequestSource, new_requests
from cr_pipelines.removal.timing import PROMISED, Timing
from cr_pipelines.sync import PII_REMOVALS, StateSchema
from cr_pipelines.sync.contract import address_hash
from cr_pipelines.sync.contract.values import InvalidValue, email
from cr_pipelines.warehouse import Session

_SHOWN = 20
_WITHHELD = "('pending', 'failed')"


class TakenIn(NamedTuple):
    """How many requests were new, and how many of them are invalid."""

    requests: int
    invalid: int


class DueRequest(NamedTuple):
    """A request to be settled now. `attempts` counts what was tried for it; `offers`, how often it was offered."""

    request_id: str
    email_hash: str
    email: str
    attempts: int
    offers: int


class DueLook(NamedTuple):
    """A person to be looked up now."""

    email_hash: str
    email: str
    submitted_at: datetime
    due_at: datetime


class Register:
    """The table `pii_removals` within one session: a row for each request, under each address that it ever named.

    A person is withheld from the moment that the row is there, until it is lifted. The address stands in it until the
    removal is verified, or until there is nothing to verify; then only its hash does.
    """

    def __init__(self, session: Session, schema: str, timing: Timing):
        self._session = session
        self._schema = schema
        self._state = StateSchema(session, schema)
        self._names = self._state.names
        self._timing = timing
        self._table = self._names.table("pii_removals")
        self._text = session.dialect.literal

    def take_in(self, source: RequestSource, now: datetime) -> TakenIn:
        """Record every request that is not recorded yet, by which its person is withheld.

        Someone who asked before, and whose removal is under way or was settled a short while ago, shares its outcome.
        Raises SourceMissing and SourceUnusable.
        """
        with self._session.lock(f"{self._schema}.pii_removals"):
            rows = [self._row(request, now) for request in new_requests(self._session, source, self._table)]
            if not rows:
                return TakenIn(0, 0)
            earlier = self._outcomes_to_share(now)
            for row in rows:
                row.update(earlier.get(row["email_hash"], {}))
            self._drop_invalid({row["request_id"] for row in rows})
            self._state.append(PII_REMOVALS, rows)
        return TakenIn(len(rows), sum(row["status"] == "invalid" for row in rows))

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
            "message": None if request.has_id else "the request has no id, and stands under a hash of its address",
        }
        try:
            address = None if request.email is None else email(request.email)
        except InvalidValue as fault:
            return row | {"reason_code": fault.reason_code, "message": f"email {fault.message}"}
        if address is None:
            message = "email is empty; without an address nobody can be removed"
            return row | {"reason_code": "missing", "message": message}
        return row | {"email_hash": address_hash(address), "email": str(address), "status": "pending"}

    def _outcomes_to_share(self, now: datetime) -> dict[str, dict[str, Any]]:
        columns = ("email_hash", "status", "submitted_at", "due_at", "check_at", "verified_at", "email")
        promised, just_now = map(self._names.value, (now - PROMISED, now - self._timing.shared))
        # What was found gone may have come back by another way than ours; then asking again must remove it again.
        found = self._session.fetch_all(
            f"SELECT {', '.join(columns)} FROM {self._table} WHERE lifted_at IS NULL "
            f"AND (status = 'submitted' AND submitted_at > {promised} "
            f"OR status IN ('not_found', 'verified') AND coalesce(verified_at, submitted_at) > {just_now}) "
            "ORDER BY submitted_at"
        )
        outcomes = [dict(zip(columns, row, strict=True)) for row in found]
        return {
            outcome["email_hash"]: outcome | {"message": "settled by an earlier request of the same person"}
            for outcome in outcomes
        }

    def _drop_invalid(self, request_ids: Iterable[str]) -> None:
        """A request whose address was corrected is not invalid any more."""
        self._session.execute(
            f"DELETE FROM {self._table} WHERE status = 'invalid' AND request_id IN ({self._listed(request_ids)})"
        )

    def due(
        self, now: datetime, request_ids: Iterable[str] | None = None, limit: int | None = None
    ) -> list[DueRequest]:
        """The requests to be settled now, or those of them that are named, the longest-known first."""
        # A pause that ends later than any pause can was noted by a clock that has been put back since.
        beyond = self._names.value(now + self._timing.longest_pause)
        named = "" if request_ids is None else f" AND request_id IN ({self._listed(request_ids) or 'NULL'})"
        return [
            DueRequest(*row)
            for row in self._session.fetch_all(
                "SELECT request_id, email_hash, email, coalesce(attempts, 0), coalesce(offers, 0) "
                f"FROM {self._table} WHERE status IN {_WITHHELD} AND lifted_at IS NULL AND email IS NOT NULL AND "
                f"(retry_at IS NULL OR retry_at <= {self._names.value(now)} OR retry_at > {beyond}){named} "
                f"ORDER BY seen_at, request_id{'' if limit is None else f' LIMIT {int(limit)}'}"
            )
        ]

    def offer(self, requests: Sequence[DueRequest]) -> int:
        """Count an offer of these requests to a run, and give its number: no two offers of a request have the same."""
        number = 1 + max(request.offers for request in requests)
        listed = self._listed(request.request_id for request in requests)
        self._state.update(PII_REMOVALS, {"offers": number}, f"request_id IN ({listed})")
        return number

    def settle(self, email_hash: str, status: str, now: datetime, **details: Any) -> None:
        """Record what became of a person's removal, in every request of theirs that waits for it."""
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
            values["email"] = None
        self._state.update(PII_REMOVALS, values, own)

    def _waiting(self, email_hash: str) -> str:
        return f"email_hash = {self._text(email_hash)} AND status IN {_WITHHELD} AND lifted_at IS NULL"

    def count_waiting(self, email_hash: str) -> int:
        """How many requests of a person wait to be settled."""
        [(count,)] = self._session.fetch_all(f"SELECT count(*) FROM {self._table} WHERE {self._waiting(email_hash)}")
        return int(count)

    def just_sent(self, email_hash: str, now: datetime) -> bool:
        """Whether a sync sent something under an address so recently that Common Room may not have stored it yet.

        One that broke off may have done so without having recorded it.
        """
        since, own = self._names.value(now - self._timing.just_sent), f"email_hash = {self._text(email_hash)}"
        ledger, outcomes, known, intents, runs = map(
            self._names.table, ("sync_ledger", "sync_outcomes", "known_addresses", "sync_intents", "sync_runs")
        )
        in_doubt = (
            f"{known} AS k JOIN {intents} AS i ON i.sync = k.sync AND i.key = k.key "
            "JOIN (SELECT run_id, sync, finished_at FROM "
            f"{runs} WHERE state IN ('interrupted', 'failed')) AS r ON r.run_id = i.run_id AND r.sync = i.sync"
        )
        return any(
            self._session.fetch_all(f"SELECT 1 FROM {sent} WHERE {own} AND {moment} > {since} LIMIT 1")
            for sent, moment in ((ledger, "last_sent_at"), (outcomes, "sent_at"), (in_doubt, "finished_at"))
        )

    def sent_otherwise(self, email_hash: str) -> bool:
        """Whether a row that was once sent under an address was sent under another one since."""
        known, ledger = self._names.table("known_addresses"), self._names.table("sync_ledger")
        return bool(
            self._session.fetch_all(
                f"SELECT 1 FROM {known} AS k JOIN {ledger} AS l ON l.sync = k.sync AND l.key = k.key "
                f"WHERE k.email_hash = {self._text(email_hash)} AND l.email_hash <> k.email_hash LIMIT 1"
            )
        )

    def due_looks(self, now: datetime) -> list[DueLook]:
        """The people to be looked up now."""
        moment, beyond = self._names.value(now), self._names.value(now + PROMISED)
        return [
            DueLook(*row)
            for row in self._session.fetch_all(
                f"SELECT email_hash, max(email), min(submitted_at), min(due_at) FROM {self._table} "
                "WHERE status IN ('submitted', 'overdue') AND lifted_at IS NULL AND email IS NOT NULL "
                f"AND (check_at IS NULL OR check_at <= {moment} OR check_at > {beyond}) GROUP BY email_hash"
            )
        ]

    def looked_up(self, look: DueLook, now: datetime, *, gone: bool, reason_code: str | None, message: str) -> str:
        """Record what a look-up showed, and give the status that follows."""
        values: dict[str, Any] = {"checked_at": now, "reason_code": reason_code, "message": message}
        if gone:
            status = "verified"
            values |= {"verified_at": now, "email": None, "reason_code": None, "message": None, "check_at": None}
        else:
            status = "overdue" if now >= look.due_at else "submitted"
            values["check_at"] = self._timing.next_look(look.submitted_at, now)
        own = f"email_hash = {self._text(look.email_hash)} AND status IN ('submitted', 'overdue') AND lifted_at IS NULL"
        self._state.update(PII_REMOVALS, {"status": status, **values}, own)
        return status

    def standing(self) -> Standing:
        """Where all requests stand."""
        rows = self._session.fetch_all(
            "SELECT status, count(*), count(lifted_at), count(email), "
            "min(CASE WHEN status = 'submitted' AND lifted_at IS NULL THEN due_at END) "
            f"FROM {self._table} GROUP BY status ORDER BY status"
        )
        [(withheld,)] = self._session.fetch_all(f"SELECT coalesce(sum(withheld), 0) FROM {self._withheld()} AS w")
        return Standing(
            by_status={status: count for status, count, *_ in rows},
            lifted=sum(row[2] for row in rows),
            addresses_kept=sum(row[3] for row in rows),
            rows_withheld=int(withheld),
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
        """What became of every request, or of those that are named, in the order in which they were seen."""
        named = f"WHERE p.request_id IN ({self._listed(request_ids)}) " if request_ids else ""
        found = self._session.fetch_all(
            "SELECT p.request_id, p.status, p.email_hash, p.requested_at, p.seen_at, p.submitted_at, p.due_at, "
            "p.checked_at, p.verified_at, coalesce(p.attempts, 0), p.message, coalesce(w.withheld, 0), "
            "p.email IS NOT NULL, p.lifted_at, p.lifted_reason "
            f"FROM {self._table} AS p LEFT JOIN {self._withheld()} AS w ON w.suppressed_for = p.email_hash "
            f"{named}ORDER BY p.seen_at, p.request_id"
        )
        return [RemovalRecord(*row) for row in found]

    def _withheld(self) -> str:
        stood = " UNION ALL ".join(
            f"SELECT sync, key, suppressed_for FROM {self._names.table(table)} WHERE status = 'suppressed'"
            for table in ("sync_ledger", "sync_outcomes")
        )
        # The ledger may not have taken up an outcome yet, and may have it already.
        rows = f"(SELECT DISTINCT sync, key, suppressed_for FROM ({stood}) AS recorded) AS rows_withheld"
        return f"(SELECT suppressed_for, count(*) AS withheld FROM {rows} GROUP BY suppressed_for)"

    def _listed(self, texts: Iterable[str]) -> str:
        return ", ".join(map(self._text, texts))

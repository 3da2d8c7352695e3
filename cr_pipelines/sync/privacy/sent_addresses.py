"""The addresses, accounts and ids under which rows were sent, so that a person is recognized by all of them.

Goes in: the rows of each request, noted before it leaves and from the same body, and the rows that were stopped because
they are about a suppressed person. Comes out: rows of `sent_addresses`, which are folded into `known_addresses` once
the run has ended, and answers to questions about one address. Rows that were noted for sending but never left do not
count.
"""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any, Protocol

import pyarrow as pa

from cr_pipelines.sync.contract import Outgoing, profile_in
from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.privacy import statements
from cr_pipelines.sync.privacy.address_search import hashes_in
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.people import SENT_ADDRESSES
from cr_pipelines.sync.state.schema import lock_sync
from cr_pipelines.warehouse import Session

_SCHEMA = SENT_ADDRESSES.arrow_schema
_PROFILES = frozenset({"contact", "existing_contact", "activity"})
_AT_ONCE = 1_000


class SentRow(Protocol):
    """A row that is about to be sent."""

    @property
    def key(self) -> str:
        """The row's key, as the ledger spells it."""


class SentAddresses:
    """The addresses, accounts and ids under which one run sends people. Not thread-safe, except for `write`."""

    def __init__(self, run: RunKey, kind: str, source_id: int | None, schema: str):
        self._run = run
        self._kind = kind
        self._source_id = source_id
        self._schema = schema
        self._pending: list[tuple[Any, ...]] = []
        self._unsent: set[str] = set()
        self._has_written = False

    def note(self, row: SentRow, outgoing: Outgoing) -> None:
        """Note a row that will be sent once this is written."""
        self._unsent.add(row.key)
        self._note(row, outgoing, suppressed=False)

    def note_suppressed(self, row: SentRow, outgoing: Outgoing) -> None:
        """Note a row that is stopped because its person is suppressed; later rows may have only its other ids."""
        self._note(row, outgoing, suppressed=True)

    def _note(self, row: SentRow, outgoing: Outgoing, *, suppressed: bool) -> None:
        own = frozenset(outgoing.address_hashes)
        in_body = hashes_in(outgoing.request.wire_json())
        mentioned = in_body - own
        if not own and self._kind in _PROFILES:
            # The row has no address column: those in the person's profile count instead.
            profile = profile_in(outgoing.request)
            if profile is outgoing.request:
                own, mentioned = in_body, frozenset()
            elif profile is not None and mentioned:
                own = hashes_in(profile.wire_json())
                mentioned = in_body - own
        handles = outgoing.handle_hashes
        if own or mentioned or handles or outgoing.person is not None:
            self._add(row.key, outgoing, own, mentioned, handles, suppressed=suppressed)

    def _add(
        self,
        key: str,
        outgoing: Outgoing,
        own: Iterable[str],
        mentioned: Iterable[str],
        handles: Collection[str],
        *,
        suppressed: bool,
    ) -> None:
        """Add a row for each address and account, or one for the person alone."""
        person = outgoing.person
        holder: str | None
        if person is not None:
            holder = f"person {person}"
        elif self._kind in _PROFILES or not (handles or outgoing.email_hash):
            holder = f"{self._kind} {key}"
        else:
            # A reference to a contact: the account, or the address itself.
            holder = next((f"account {handle}" for handle in handles), None)
        found = [
            *((address, None, True) for address in own),
            *((address, None, False) for address in mentioned),
            *((None, handle, True) for handle in handles),
        ]
        for address, handle, is_own in found or [(None, None, True)]:
            names_itself = (address or handle) is not None and holder in (None, f"account {handle}")
            # A suppressed person may have many rows, and each is about that person.
            names_itself = names_itself or (suppressed and person is None)
            self._pending.append(
                (
                    self._run.sync,
                    self._kind,
                    key,
                    self._source_id,
                    person,
                    None if names_itself and is_own else holder or f"{self._kind} {key}",
                    address,
                    handle,
                    is_own,
                    None,
                    suppressed,
                    self._run.run_id,
                )
            )

    @property
    def is_written(self) -> bool:
        """Whether the warehouse has everything that was noted."""
        return not self._pending

    def mark_sent(self, keys: Iterable[str]) -> None:
        """Note that a request about these keys has left."""
        self._unsent.difference_update(keys)

    def write(self, session: Session) -> None:
        """Append what is pending. Another thread may note rows in the meantime."""
        pending = self._pending[:]
        if not pending:
            return
        table = pa.Table.from_arrays(
            [pa.array(column, kind.type) for column, kind in zip(zip(*pending, strict=True), _SCHEMA, strict=True)],
            schema=_SCHEMA,
        )
        # Set first: an append that fails may have been committed.
        self._has_written = True
        session.append(self._schema, SENT_ADDRESSES.name, table)
        del self._pending[: len(pending)]

    def finish(self, session: Session) -> None:
        """Drop what was noted for rows that never left, and fold the rest."""
        self._pending.clear()
        if not self._has_written:
            return
        known = KnownAddresses(session, StateNames(session.dialect, self._schema))
        unsent = sorted(self._unsent)
        for start in range(0, len(unsent), _AT_ONCE):
            session.execute(
                statements.forget_unsent(
                    known.names, self._run.run_id, self._run.sync, unsent[start : start + _AT_ONCE]
                )
            )
        known.fold(self._run.sync, [self._run.run_id])


class KnownAddresses:
    """What is known about the rows that were sent, within one session."""

    def __init__(self, session: Session, names: StateNames):
        self._session = session
        self.names = names

    def fold_ended(self, sync: str) -> None:
        """Fold what was noted by runs of a sync that have ended, or were killed."""
        run_ids = [run_id for (run_id,) in self._session.fetch_all(statements.ended_runs(self.names, sync))]
        if run_ids:
            self.fold(sync, run_ids)

    def fold(self, sync: str, run_ids: Collection[str]) -> None:
        """Fold what these runs of a sync noted."""

        def work() -> None:
            for statement in statements.fold(self.names, sync, run_ids, datetime.now(UTC)):
                self._session.execute(statement)

        with lock_sync(self._session, self.names.schema, sync):
            self._session.transaction(work)

    def sent_since(self, email_hash: str, moment: datetime) -> bool:
        """Return whether a sync has sent, or may have sent, anything under an address since this moment.

        An interrupted run may have sent rows that it did not record.
        """
        queries = statements.sent_since(self.names, email_hash, moment)
        return any(self._session.fetch_all(query) for query in queries)

    def replaced(self, email_hash: str) -> bool:
        """Return whether a row that was sent under an address has been sent under another one since."""
        return bool(self._session.fetch_all(statements.replaced(self.names, email_hash)))

    def keys_under(self) -> dict[str, int]:
        """Return the number of keys under which each address with a request was sent, by its hash."""
        return {found: int(count) for found, count in self._session.fetch_all(statements.keys_under_each(self.names))}

"""Determines what a run must do, inside the warehouse and within one session.

Goes in: a source, the ledger, and what the room has (for a mirror). Comes out: a `Plan`, whose spool holds the offered
rows; `begin` then records what the plan found, before anything is sent.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from cr_pipelines.sync.contract import Match
from cr_pipelines.sync.errors import SourceUnusable
from cr_pipelines.sync.model import Options, Partition, Sync
from cr_pipelines.sync.plan import offer_statements, partition_statements, record_statements, statements
from cr_pipelines.sync.plan.apart import SourceApart
from cr_pipelines.sync.plan.key_spellings import KeySpellings, Spelling
from cr_pipelines.sync.plan.offers import also_offered, turns
from cr_pipelines.sync.plan.plan import Plan
from cr_pipelines.sync.plan.record_statements import PlannedRun
from cr_pipelines.sync.plan.source import PlannedSource, SourceInState, among
from cr_pipelines.sync.plan.spool import SecondRead
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.sync.report import Report, rows
from cr_pipelines.sync.state.ledger import no_key
from cr_pipelines.sync.state.schema import lock_sync
from cr_pipelines.warehouse import Session, SourceMissing, SourceSession, WarehouseError


class Planner:
    """Makes the plan of one run.

    Only rows that must be sent leave the warehouse. Each row is compared by its fast hash. If the hashes are of
    different versions, the fingerprint decides; neither an engine upgrade nor a changed column type affects it.
    """

    def __init__(
        self,
        session: Session,
        schema: str,
        sync: Sync,
        options: Options,
        partition: Partition | None,
        source: SourceSession | None = None,
        spellings: Sequence[Spelling] = (),
    ):
        """`spellings` has the meaning of names in the source's key that the warehouse does not know yet."""
        self._session = session
        self._schema = schema
        self._new_spellings = spellings
        self._source_session: SourceSession = source or session
        self._dialect = session.dialect
        self._sync = sync
        self._options = options
        self._partition = partition
        self._names = PlanNames(session.dialect, schema, sync, partition.name if partition else "")
        self._moved = False
        self._has_copies = False
        self._has_compared = False
        self._has_refreshed = False
        self._has_returned = False

    def plan(self, present: Collection[str] | None = None) -> Plan:
        """Compare the source with the ledger and spool what is offered.

        `present` has the keys of the things in the room, for a contract that mirrors.

        Raises SourceMissing when the source cannot be read, and SourceUnusable when it lacks a required column.
        """
        types, match = self._match()
        spellings = KeySpellings(self._session, self._schema, self._sync)
        found = [*self._new_spellings, *spellings.find_domains(self._source_session, self._partition)]
        recorded = spellings.names()
        added = spellings.add(found)
        source = self._source_named(spellings.names(), types, match)
        if added and self._options.dry_run and self._any(statements.any_key(self._names)):
            source.stage_renamed()
            if self._any("SELECT 1 FROM cr_renamed LIMIT 1"):
                # A dry run changes no key in the ledger, so it must plan with the existing ones.
                source = self._source_named(recorded, types, match)
        plan = Plan(match, tuple(types), source.row_hash_version, also_offered(self._sync, self._options))
        self._respell(source)
        self._rename(source, spellings, added)
        try:
            with source.reading():
                self._fill(plan, source, present)
        except BaseException:
            plan.spool.close()
            raise
        return plan

    def _source_named(
        self, key_names: Mapping[str, Mapping[str, str]] | None, types: Mapping[str, str], match: Match
    ) -> PlannedSource:
        """Return the source, whose keys spell names in this way, and use the same keys in the plan."""
        self._sync = replace(self._sync, key_names=key_names)
        self._names = replace(self._names, sync=self._sync)
        how = (self._names, self._sync, self._partition, types, match.spelled)
        if self._source_session is self._session:
            return SourceInState(self._session, *how)
        return SourceApart(self._source_session, self._session, *how)

    def _match(self) -> tuple[Mapping[str, str], Match]:
        contract = self._sync.contract
        source = self._source_session
        types = self._columns()
        match = contract.match(list(types))
        if match.ambiguous:
            pairs = "; ".join(f"{one} and {other}" for one, other in match.ambiguous)
            raise SourceUnusable(
                f"{self._sync.name}: {self._sync.relation} has columns that differ only in case: {pairs}; rename one "
                "of them in the view"
            )
        if match.missing:
            nearly = [f"{theirs} (for {ours})" for theirs, ours in match.ignored.items() if ours in match.missing]
            raise SourceUnusable(
                f"{self._sync.name}: {self._sync.relation} has no column {', '.join(match.missing)}, which the "
                f"contract of a {contract.kind} requires; add it to the view, or rename a column"
                + (f". It has {', '.join(nearly)}" if nearly else "")
            )
        moment = None if self._partition is None else match.spelled.get(self._partition.column)
        if moment is not None:
            partition_statements.check_moment(source, self._sync, moment, types[moment])
        return {column.name: types[match.spelled[column.name]] for column in match.columns}, match

    def _columns(self) -> Mapping[str, str]:
        try:
            return self._source_session.columns(self._sync.relation)
        except WarehouseError as error:
            if not isinstance(error, SourceMissing):
                error.args = (f"{self._sync.name}: {error}",)
            raise

    def _respell(self, source: PlannedSource) -> None:
        """Rename ledger keys in a former spelling to the present one, so that nothing is sent again."""
        respelled = any(
            self._source_session.dialect.is_respelled(source.types[name])
            for name in self._sync.contract.key
            if name in source.types
        )
        if not respelled or not self._any(statements.may_be_respelled(self._names)):
            return
        source.stage_respelled()
        if self._any("SELECT 1 FROM cr_respelled LIMIT 1"):
            self._change_state(lambda: self._respell_tables("cr_respelled"))

    def _rename(self, source: PlannedSource, spellings: KeySpellings, added: Sequence[Spelling]) -> None:
        """Record new spellings of names, and rename ledger keys that use them to the canonical spelling."""
        if not added or self._options.dry_run:
            return
        has_keys = self._any(statements.any_key(self._names))
        if has_keys:
            source.stage_renamed()

        def work() -> None:
            if has_keys:
                self._respell_tables("cr_renamed")
            spellings.record(added)

        self._change_state(work)

    def _change_state(self, work: Callable[[], None]) -> None:
        with lock_sync(self._session, self._schema, self._sync.name):
            self._session.transaction(work)

    def _respell_tables(self, respelled: str) -> None:
        for table in ("sync_ledger", "sync_intents", "former_addresses", "known_addresses", "sent_addresses"):
            self._session.execute(statements.respell(self._names, table, respelled))

    def _fill(self, plan: Plan, source: PlannedSource, present: Collection[str] | None) -> None:
        self._read_keys(plan, source)
        if plan.source_rows == 0 and not self._options.keys and self._any(statements.had_rows_before(self._names)):
            plan.emptied = True
            return
        interrupted = self._find_candidates(plan)
        self._find_duplicates(plan)
        [(candidates,)] = self._session.fetch_all("SELECT count(*) FROM cr_candidates")
        self._has_compared = present is not None or candidates > 0
        if self._has_compared:
            self._compare(plan, candidates, interrupted=interrupted)
            self._settle_rehashed(source)
            if not self._sync.contract.repeatable:
                self._session.execute(statements.set_changed_after_delivery())
            if present is not None:
                self._compare_with_room(plan, present)
        self._count(plan)
        if self._has_compared:
            self._spool(plan, source)

    def _read_keys(self, plan: Plan, source: PlannedSource) -> None:
        source.stage_keys(self._options.keys)
        if self._options.keys:
            found = {found for (found,) in self._session.fetch_all("SELECT key FROM cr_source_keys")}
            plan.unknown_keys = tuple(key for key in self._options.keys if key not in found)
        in_partition = self._partition is not None
        if not in_partition:
            self._moved = self._any(partition_statements.any_in_partitions(self._names))
        else:
            self._session.make_temporary("cr_moved", partition_statements.find_moved(self._names))
            self._moved = self._any("SELECT 1 FROM cr_moved LIMIT 1")
            if self._moved:
                source.stage_elsewhere()
        self._has_copies = self._moved and in_partition and self._any("SELECT 1 FROM cr_elsewhere LIMIT 1")
        [(plan.source_rows, plan.null_keys)] = self._session.fetch_all(statements.count_source_rows(self._dialect))

    def _find_candidates(self, plan: Plan) -> bool:
        """Find the keys that need a closer look, usually few; return whether a run died that may have sent some."""
        interrupted = self._any(f"{self._names.interrupted} LIMIT 1")
        candidates = statements.find_candidates(
            self._names,
            plan.row_hash_version,
            null_keys=plan.null_keys > 0,
            interrupted=interrupted,
            every_row=self._options.resync == "all" or self._sync.contract.mirror is not None,
            # A run that names keys says nothing about the other keys.
            absent=not self._options.keys,
        )
        self._session.make_temporary("cr_candidates", candidates)
        return interrupted

    def _compare(self, plan: Plan, candidates: int, *, interrupted: bool) -> None:
        """Determine why each candidate needs a closer look."""
        only = among(self._session, "cr_candidates", "key")
        compared = (
            statements.compare(
                self._names,
                plan.row_hash_version,
                interrupted=interrupted,
                moved=self._moved,
                duplicates=plan.duplicate_keys > 0,
                only=only,
                part=part,
            )
            for part in self._dialect.parts(candidates)
        )
        self._session.make_temporary("cr_compared", *compared)

    def _find_duplicates(self, plan: Plan) -> None:
        """Find keys that several source rows share, which takes a pass over all keys, if there can be any.

        No key is shared if those that the ledger has are as many as the source rows that have them, because the ledger
        has each of them once, and if none of the others is shared.
        """
        counts_do = self._dialect.keeps_unique and not self._options.keys and not self._has_copies
        if counts_do and not self._any(statements.any_new_duplicate()):
            [(not_live, absent)] = self._session.fetch_all(statements.count_candidates(self._dialect))
            [(live,)] = self._session.fetch_all(statements.count_live(self._names, null_keys=plan.null_keys > 0))
            if plan.source_rows - plan.null_keys - not_live == live - absent:
                self._session.make_temporary("cr_duplicates", statements.no_duplicates(self._dialect))
                return
        self._session.make_temporary("cr_duplicates", statements.duplicate_keys(elsewhere=self._has_copies))
        [(plan.duplicate_keys, plan.duplicate_rows)] = self._session.fetch_all(
            statements.count_duplicates(self._dialect)
        )

    def _settle_rehashed(self, source: PlannedSource) -> None:
        """Find rows whose hash is of another version and whose content is unchanged, as after an engine upgrade."""
        self._has_refreshed = self._any("SELECT 1 FROM cr_compared WHERE why = 'rehashed' LIMIT 1")
        if self._has_refreshed:
            self._session.execute(statements.create_refreshed(self._dialect))
            source.mark_refreshed()
            for statement in statements.settle_refreshed():
                self._session.execute(statement)

    def _compare_with_room(self, plan: Plan, present: Collection[str]) -> None:
        """Find what somebody deleted in the room, and what is absent from the source and may be deleted in the room."""
        in_room = set(present)
        unchanged = [key for (key,) in self._session.fetch_all(statements.unchanged_keys())]
        plan.deleted_remotely = tuple(key for key in unchanged if key not in in_room)
        if plan.deleted_remotely:
            self._session.execute(statements.set_deleted_remotely(self._dialect, plan.deleted_remotely))
        if self._options.keys or self._options.limit is not None or self._options.resync == "failed":
            return
        [(plan.delivered_before,)] = self._session.fetch_all(statements.count_delivered(self._names))
        plan.deletable = tuple(key for (key,) in self._session.fetch_all(statements.delivered_and_absent(self._names)))

    def _count(self, plan: Plan) -> None:
        found = self._session.fetch_all(statements.count_compared()) if self._has_compared else []
        self._has_returned = any(absent_before for why, _, absent_before in found if why != "absent")
        counted = {why: count for why, count, _ in found}
        plan.absent = counted.pop("absent", 0)
        counted.pop("unchanged", None)
        with_own_key = plan.source_rows - plan.null_keys - plan.duplicate_rows
        plan.compared = {**counted, "unchanged": with_own_key - sum(counted.values())}

    def _spool(self, plan: Plan, source: PlannedSource) -> None:
        in_turn = turns(self._options, plan.also_offered)
        limit = self._options.limit
        # With a limit, the rows are chosen once.
        make = self._session.make_selection if limit is None else self._session.make_temporary
        make("cr_offered", offer_statements.offer(in_turn, limit))
        counted = self._session.fetch_all(offer_statements.count_offered(self._dialect))
        plan.offered_new = sum(new for _, _, new, _ in counted)
        hashed_keys = any(hashed for _, _, _, hashed in counted)
        for turn, offered, _, _ in counted:
            section = plan.spool.section()
            second = SecondRead(section)
            source.read_offered(turn, second, hashed_keys=hashed_keys)
            plan.unread += max(offered - section.rows, 0)
            plan.changed_while_read += second.changed + abs(offered - section.rows)

    def comparisons(self) -> dict[str, str]:
        """Return how the requested keys compare with the ledger, for those that the source has."""
        found = dict(self._session.fetch_all("SELECT key, 'unchanged' FROM cr_source_keys"))
        if self._has_compared:
            found |= dict(self._session.fetch_all("SELECT key, why FROM cr_compared"))
        return found | dict(self._session.fetch_all("SELECT key, 'shared_key' FROM cr_duplicates"))

    def begin(self, plan: Plan, run: PlannedRun) -> None:
        """Record what the plan found, and which keys the run may be sending from now on."""
        records = [] if plan.emptied else list(self._records(plan, run))

        def work() -> None:
            for statement in records:
                self._session.execute(statement)

        if records:
            self._change_state(work)

    def _records(self, plan: Plan, run: PlannedRun) -> Iterator[str]:
        if self._moved:
            yield partition_statements.record_moved(self._names)
        if self._has_refreshed:
            yield record_statements.refresh_hashes(self._names, plan.row_hash_version)
        if plan.absent:
            yield record_statements.record_absent(self._names)
        if self._has_returned:
            yield record_statements.record_returned(self._names)
        if self._sync.contract.repeatable and plan.offered:
            yield record_statements.record_intents(self._names, run.run_id)
        if plan.null_keys:
            yield record_statements.record_null_keys(self._names, run, self._null_key_message(plan))
        if plan.duplicate_keys:
            yield record_statements.record_duplicates(self._names, run)

    def count_problems(self, plan: Plan, report: Report) -> None:
        """Add rows without a key, and rows that share a key, to the report's problems."""
        if plan.null_keys:
            message = self._null_key_message(plan)
            key = no_key(self._names.partition_name)
            report.add_problem(key, self._names.key_columns, "null_key", message, plan.null_keys)
        if not plan.duplicate_keys:
            return
        for key, copies in self._session.fetch_all(statements.example_duplicates(3)):
            message = f"{copies}{statements.DUPLICATE}"
            report.add_problem(key, self._names.key_columns, "duplicate_key", message, 0)
        report.problems[-1].rows = plan.duplicate_rows

    def _null_key_message(self, plan: Plan) -> str:
        return (
            f"{rows(plan.null_keys)} without {self._names.key_columns}; "
            "give every row a key, or leave such rows out of the view"
        )

    def _any(self, query: str) -> bool:
        return bool(self._session.fetch_all(query))

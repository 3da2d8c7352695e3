"""The SQL that the engine runs, kept as one readable file for each dialect, so that a change of it can be reviewed."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.dialects.bigquery import BigQuery

from cr_pipelines.sync import Options, Partition, Sync
from cr_pipelines.sync.plan import apart_statements as apart
from cr_pipelines.sync.plan import offer_statements as offers
from cr_pipelines.sync.plan import partition_statements as partitions
from cr_pipelines.sync.plan import record_statements as records
from cr_pipelines.sync.plan import source_statements
from cr_pipelines.sync.plan import statements as plan
from cr_pipelines.sync.plan.offers import also_offered, turns
from cr_pipelines.sync.plan.record_statements import PlannedRun
from cr_pipelines.sync.plan.source_key import foreign_domain, key_forms
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.sync.privacy import statements as privacy
from cr_pipelines.sync.state import fold_statements as fold
from cr_pipelines.sync.state import repair_statements as repair
from cr_pipelines.sync.state import statements as state
from cr_pipelines.sync.state.fold_statements import OutcomesOfRun
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.schema import declared_tables
from cr_pipelines.warehouse import Dialect
from cr_pipelines.warehouse.bigquery import BigQueryDialect
from cr_pipelines.warehouse.duckdb_dialect import DuckDBDialect
from cr_pipelines.warehouse.postgresql import PostgreSQLDialect
from cr_pipelines.warehouse.snowflake import SnowflakeDialect

KEPT = Path(__file__).with_name("statements")
DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect for dialect in (DuckDBDialect(), PostgreSQLDialect(), SnowflakeDialect(), BigQueryDialect())
}
SQLGLOT_NAMES = {"postgresql": "postgres"}

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
VERSION = "engine 1, columns 01234567"


def temporary_table(name: str, query: str) -> str:
    return f"CREATE TEMPORARY TABLE {name} AS {query}"


def plan_statements(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Every statement of a plan, in the form that has the most in it, each with what it does."""
    text = dialect.types["text"]
    contacts = Sync("contacts", "contact", "crm.contacts")
    names = PlanNames(dialect, "common_room", contacts, "")
    types = {"id": text, "full_name": text, "email": text}
    source = partitions.source_rows(dialect, contacts, None, types)
    keyed = f"(SELECT {names.source_key(types)} AS cr_key, id, full_name, email FROM {source})"

    activities = Sync("it's", "activity", "SELECT * FROM crm.activities WHERE name <> 'x'")
    day = Partition.of_day("timestamp", date(2026, 1, 1))
    of_day = PlanNames(dialect, "common_room", activities, day.name)
    typed = {"activity_type": text, "id": text, "timestamp": next(reversed(dialect.zoneless_types))}
    yield (
        "hash keys",
        temporary_table("cr_source_keys", source_statements.hash_keys(dialect, contacts, source, types, ())),
    )
    yield (
        "hash some keys of a day",
        source_statements.hash_keys(
            dialect, activities, partitions.source_rows(dialect, activities, day, typed), typed, ["a", 'b"\\']
        ),
    )
    yield "find moved", partitions.find_moved(of_day)
    yield (
        "find elsewhere",
        partitions.find_elsewhere(of_day, partitions.rows_elsewhere(dialect, activities, day, typed), typed),
    )
    yield "any in partitions", partitions.any_in_partitions(names)
    yield "record moved", partitions.record_moved(of_day)
    yield "duplicate keys", plan.duplicate_keys(elsewhere=False)
    yield "duplicate keys of several days", plan.duplicate_keys(elsewhere=True)
    yield "may be respelled", plan.may_be_respelled(names)
    numbered = types | {"id": next(iter(sorted(dialect.inexact_types)))}
    yield (
        "respelled keys",
        temporary_table(
            "cr_respelled", plan.respelled_keys(names, source_statements.spellings(dialect, contacts, source, numbered))
        ),
    )
    yield "respell", plan.respell(names, "sync_ledger")
    yield "any key", plan.any_key(names)
    names_of_fields = {"field": {"11": "Plan tier", "it's": "Plan tier"}}
    values = Sync("values", "custom_field_value", "crm.plans", key_names=names_of_fields)
    of_values = dict.fromkeys(values.contract.key, text)
    yield "hash keys of names", source_statements.hash_keys(dialect, values, "crm.plans", of_values, ())
    yield (
        "renamed keys",
        plan.respelled_keys(names, source_statements.spellings(dialect, values, "crm.plans", of_values, names=True)),
    )
    yield "distinct names", source_statements.distinct_names(dialect.spelled("field", text), "crm.plans")
    domains = {"value": {"bücher.example": "xn--bcher-kva.example"}}
    labels = Sync("labels", "contact_tag", "crm.labels")
    # In a key, the expression is repeated many times; once is enough to review it.
    spelled = key_forms(dialect, labels.contract, domains)["value"](dialect.spelled("value", text))
    yield "an address with its domain in ASCII", f"SELECT {spelled} FROM crm.labels"
    yield "distinct domains", source_statements.distinct_names(foreign_domain(dialect, "value"), "crm.labels")
    yield "count source rows", plan.count_source_rows(dialect)
    yield "count duplicates", plan.count_duplicates(dialect)
    yield "had rows before", plan.had_rows_before(names)
    for title, every in (("find candidates", False), ("find candidates at worst", True)):
        yield (
            title,
            plan.find_candidates(names, VERSION, null_keys=every, interrupted=every, every_row=every, absent=True),
        )
    hashed = dialect.hashed_key("key")
    yield "count candidates", plan.count_candidates(dialect)
    yield "count live", plan.count_live(of_day, null_keys=True)
    yield "any new duplicate", plan.any_new_duplicate()
    yield "no duplicates", plan.no_duplicates(dialect)
    yield (
        "compare",
        plan.compare(
            names,
            VERSION,
            interrupted=False,
            moved=False,
            duplicates=False,
            only=hashed and dialect.is_one_of(hashed, [1, -2]),
        ),
    )
    yield (
        "compare after an interrupted run",
        plan.compare(of_day, VERSION, interrupted=True, moved=True, duplicates=True),
    )
    for part in filter(None, dialect.parts(1_000_000)[:1]):
        yield (
            "compare a part",
            plan.compare(names, VERSION, interrupted=False, moved=False, duplicates=False, part=part),
        )
        yield "find refreshed apart, in a part", apart.find_refreshed(part)
    yield "create refreshed", plan.create_refreshed(dialect)
    yield "find refreshed", plan.find_refreshed(dialect, types, keyed)
    for number, statement in enumerate(plan.settle_refreshed(), 1):
        yield f"settle refreshed {number}", statement
    yield "set changed after delivery", plan.set_changed_after_delivery()
    yield "unchanged keys", plan.unchanged_keys()
    yield "set deleted remotely", plan.set_deleted_remotely(dialect, ["vip", "it's"])
    yield "count delivered", plan.count_delivered(names)
    yield "delivered and absent", plan.delivered_and_absent(names)
    yield "count compared", plan.count_compared()
    for resync in ("changed", "failed", "all"):
        options = Options(resync=resync, limit=5 if resync == "all" else None)
        yield f"offer {resync}", offers.offer(turns(options, also_offered(contacts, options)), options.limit)
    yield "count offered", offers.count_offered(dialect)
    yield "read offered", offers.read_offered(names, types, keyed, 0, ["email"], LEDGER_COLUMNS)
    elsewhere = partitions.rows_elsewhere(dialect, activities, day, typed)
    yield "keys elsewhere", apart.keys_elsewhere(dialect, activities, elsewhere, typed, ["a", "it's"])
    yield "count elsewhere", apart.count_elsewhere()
    yield "fingerprints", apart.fingerprints(dialect, contacts, source, numbered)
    yield "find refreshed apart", apart.find_refreshed()
    yield "offered", apart.OFFERED
    yield "read the source apart", apart.read_source(dialect, contacts, source, types, ["a", "b"], bare=True)
    yield "join offered", apart.join_offered(["cr_read_0", "cr_read_1"], 0, repeatable=False)
    for part in filter(None, dialect.parts(1_000_000)[:1]):
        reads = ["cr_read_0", "cr_read_1"]
        yield "join a part of the offered", apart.join_offered(reads, 0, repeatable=False, part=part)
    yield "ordered", apart.ordered(dialect, "cr_unordered_0", ["email"])
    yield "refresh hashes", records.refresh_hashes(names, VERSION)
    yield "record absent", records.record_absent(names)
    yield "record returned", records.record_returned(names)
    yield "record intents", records.record_intents(names, "run")
    run = PlannedRun("run", 7)
    yield "record null keys", records.record_null_keys(names, run, "2 rows without id")
    yield "record duplicates", records.record_duplicates(names, run)
    notes = PlanNames(dialect, "common_room", Sync("notes", "contact_note", "crm.notes"), "")
    yield "record duplicates of an append", records.record_duplicates(notes, run)
    yield "example duplicates", plan.example_duplicates(3)


def state_statements(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Every statement over our own tables, each with what it does."""
    names = StateNames(dialect, "common_room")
    yield "insert", state.insert(names, "sync_runs", {"run_id": "run", "started_at": MOMENT, "process": 1})
    yield "update", state.update(names, "sync_runs", {"state": "failed", "finished_at": MOMENT}, "run_id = 'run'")
    yield "select", state.select(names, "room_segments", ["id", "name"])
    yield "delete all", state.delete_all(names, "room_segments")
    for table in declared_tables().values():
        if table.view is None:
            for statement in state.create_table(names, table.name, table.columns, table.indexes, table.unique):
                yield f"create {table.name}", statement
    yield "create rejected rows", state.create_view(names, "rejected_rows", state.rejected_rows_view(names))
    yield "add column", state.add_column(names, "sync_runs", "suppressed", "bigint")
    yield "rename column", state.rename_column(names, "sync_runs", "gone", "absent_from_source")
    yield "newest version", state.newest_version(names)
    yield "kept hash key", state.kept_hash_key(names)
    yield "name holders", repair.name_holders(names)
    yield "count outcomes", fold.count_outcomes(names, "it's")
    portion = [OutcomesOfRun("run", "", 100_000), OutcomesOfRun("earlier", "2026-01-01", None)]
    yield "insert former addresses", fold.insert_former_addresses(names, "contacts", portion)
    yield "merge outcomes", fold.merge_outcomes(names, "contacts", portion)
    yield "merge outcomes of one run", fold.merge_outcomes(names, "contacts", portion[:1])
    yield "delete folded intents", fold.delete_folded_intents(names, "contacts", portion)
    yield "delete folded outcomes", fold.delete_folded_outcomes(names, "contacts", portion)
    yield "hash long keys", repair.hash_long_keys(names, "sync_outcomes")
    for statement in repair.one_row_of_each_key(names, ["sync", "key", "status", "last_sent_at"]):
        yield "one row of each key", statement
    yield "respelled people", repair.respelled_people(names, ["sync", "key", "person"])
    yield "delete keys", state.delete_keys(names, "tags", ["vip", "it's"])
    yield "delete sync", state.delete_sync(names, "sync_ledger", "it's")
    yield "rows by sync", state.rows_by_sync(names)
    yield "count unverified removals", state.count_unverified_removals(names)
    yield "rows by status", state.rows_by_status(names, "contacts", "")
    yield "delivered sample", state.delivered_sample(names, "contacts", MOMENT, "seed", 20)
    yield "create dropped values", state.create_view(names, "dropped_values", state.dropped_values_view(names))
    yield "dropped rows", state.dropped_rows(names, "contacts", "")
    yield "delete column hashes", state.delete_column_hashes(names, "contacts", ["a", "b"])
    yield "rejected rows", state.rejected_rows(names, "contacts", "2026-01-01", 20)
    yield "last run order", state.last_run_order(names, "contacts")
    yield "running runs", state.running_runs(names, "contacts", "", "run", MOMENT)
    yield "running runs of a day", state.running_runs(names, "activities", "2026-01-01", "run", MOMENT)
    yield "delete run", state.delete_run(names, "contacts", "", "run", MOMENT)
    yield "mark interrupted", state.mark_interrupted(names, "contacts", "", "run", MOMENT)
    yield "finish run", state.finish_run(names, "run_id = 'run'", "succeeded", {"finished_at": MOMENT, "delivered": 7})
    yield "delete intents", state.delete_intents(names, "contacts", "", "run", ["in doubt"])
    yield "all running runs", state.all_running_runs(names)
    yield "signs of life", state.signs_of_life(names, "contacts", "run")
    yield "unconfirmed runs", state.unconfirmed_runs(names, 3, "pii_removals")
    yield "aborted runs", state.aborted_runs(names, MOMENT)
    yield "last run ids", state.last_run_ids(names)
    yield "compactable partitions", state.compactable_partitions(names, "contacts", MOMENT)
    yield "compact partition", state.compact_partition(names, "contacts", "2026-01-01")
    yield "recent runs", state.recent_runs(names, "contacts", "", MOMENT)


def privacy_statements(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Every statement about what is known of people, each with what it does."""
    names = StateNames(dialect, "common_room")
    hashes = ["0" * 64, "f" * 64]
    yield "known", privacy.known(names)
    yield "suppressed addresses", privacy.suppressed_addresses(names)
    yield "version of the list", privacy.version(names)
    yield "address limit", privacy.address_limit(names)
    yield "shared", privacy.shared(names, "email_hash", hashes, 5)
    yield "any suppressed, unfinished", privacy.any_suppressed_unfinished(names)
    tied = privacy.tying(names, unfinished=False)
    yield "links", privacy.links(names, tied, "handle_hash", hashes)
    yield "rows under", privacy.rows_under(names, tied, "email_hash", hashes)
    yield "ledger keys under", privacy.ledger_keys_under(names, "contacts", hashes)
    yield "keys of people", privacy.keys_of_people(names, tied, "contacts", "contact", ["p1", "it's"])
    yield "keys sent by", privacy.keys_sent_by(names, "contacts", ["c1"])
    yield "people sent to", privacy.people_sent_to(names, 7, ["p1"])
    yield "kinds", privacy.kinds(names)
    yield "ledger syncs", privacy.ledger_syncs(names)
    noted = {"reason_code": "suppressed", "field": None, "message": "the person asked", "suppressed_for": "0" * 64}
    yield "suppress rows", privacy.suppress_rows(names, "contacts", ["c1"], noted)
    yield "resend rows", privacy.resend_rows(names, "contacts", ["c1"])
    yield "suppressed rows", privacy.suppressed_rows(names)
    yield "tying", privacy.tying(names, unfinished=True)
    yield "forget suppressed", privacy.forget_suppressed(names, hashes)
    yield "forget unsent", privacy.forget_unsent(names, "run", "contacts", ["c1"])
    yield "ended runs", privacy.ended_runs(names, "contacts")
    for statement in privacy.fold(names, "contacts", ["run"], MOMENT):
        yield "fold known addresses", statement
    for statement in privacy.sent_since(names, "0" * 64, MOMENT):
        yield "sent since", statement
    yield "replaced", privacy.replaced(names, "0" * 64)
    yield "keys under each", privacy.keys_under_each(names)


def statements(dialect: Dialect) -> Iterator[tuple[str, str]]:
    """Every statement of the engine, each with what it does."""
    yield from plan_statements(dialect)
    yield from state_statements(dialect)
    yield from privacy_statements(dialect)


def pretty(dialect: Dialect, statement: str) -> str:
    """The statement as a person would lay it out; as it is where SQLGlot does not know its form."""
    name = SQLGLOT_NAMES.get(dialect.name, dialect.name)
    if "DO $do$" in statement or statement.startswith("ANALYZE"):
        return statement.strip()
    [text] = sqlglot.transpile(statement, read=name, write=name, pretty=True)
    return text


@pytest.mark.parametrize("name", DIALECTS)
def test_the_statements_are_those_that_were_reviewed(name: str) -> None:
    """After a wanted change, renew them with CR_RENEW_STATEMENTS=1 and read the difference."""
    kept, dialect = KEPT / f"{name}.sql", DIALECTS[name]
    now = "\n\n".join(f"-- {title}\n{pretty(dialect, statement)};" for title, statement in statements(dialect)) + "\n"
    now = re.sub(r"duckdb \d[\d.]*", "duckdb 2", now)
    if os.environ.get("CR_RENEW_STATEMENTS"):
        kept.write_text(now)
    assert now == kept.read_text()


@pytest.mark.parametrize("name", DIALECTS)
def test_every_statement_is_one_that_the_dialect_can_parse(name: str) -> None:
    for title, statement in statements(DIALECTS[name]):
        if "DO $do$" in statement or statement.startswith("ANALYZE"):
            continue
        [parsed] = sqlglot.parse(statement, read=SQLGLOT_NAMES.get(name, name))
        assert parsed is not None, title
        assert not isinstance(parsed, exp.Command), title


def test_no_bare_name_is_a_reserved_word_of_bigquery() -> None:
    reserved = BigQuery.Generator.RESERVED_KEYWORDS
    for title, statement in statements(DIALECTS["bigquery"]):
        parsed = sqlglot.parse_one(statement, read="bigquery")
        bare = {name.name.lower() for name in parsed.find_all(exp.Identifier) if not name.quoted}
        assert not bare & reserved, title

"""The versions of the state schema, and the steps from one to the next.

Goes in: the tables and columns that a schema has. Comes out: the statements that bring it to the newest version.

Version 1 has no table `state_version`. A released step never changes: a further change is another step. Columns and
tables that are still missing after all steps are added from their declarations. A step checks what exists, so that it
can run again on an engine that cannot roll it back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cr_pipelines.sync.state import repair_statements, statements
from cr_pipelines.sync.state.names import StateNames

FIRST_VERSION = 1

Columns = Mapping[str, set[str]]
"""The columns that a schema has, by table."""


@dataclass(frozen=True)
class Step:
    """A step from one version to the next.

    Attributes:
        version: the version after the step.
        statements: makes the statements that are still necessary, in the engine's SQL.
    """

    version: int
    statements: Callable[[StateNames, Columns], list[str]]


_RENAMED_IN_2 = (
    ("sync_runs", "gone", "absent_from_source"),
    ("sync_runs", "outdated", "changed_after_delivery"),
    ("sync_runs", "missing", "deleted_remotely"),
    ("sync_runs", "removed", "deletions"),
    ("sync_ledger", "gone_since", "absent_since"),
    ("sync_ledger", "withheld_for", "suppressed_for"),
    ("sync_outcomes", "withheld_for", "suppressed_for"),
)


def _rename_columns(names: StateNames, found: Columns) -> list[str]:
    return [
        statements.rename_column(names, table, before, after)
        for table, before, after in _RENAMED_IN_2
        if before in found.get(table, set()) and after not in found[table]
    ]


_WITH_KEYS = ("sync_ledger", "sync_outcomes", "sync_intents", "known_addresses", "former_addresses")


def _repair_keys(names: StateNames, found: Columns) -> list[str]:
    """Repair what a fold of version 2 could leave: several rows for a key, and outcomes too long for an index."""
    dialect, ledger = names.dialect, names.table("sync_ledger")
    repaired = repair_statements.one_row_of_each_key(names, sorted(found["sync_ledger"]))
    if not dialect.transactional_ddl:
        # The table is created separately, and the rows are exchanged all at once or not at all.
        repaired[1:3] = [dialect.begin, *repaired[1:3], "COMMIT"]
    index = (
        dialect.drop_index(names.schema, "sync_ledger", ("sync", "key")),
        dialect.create_unique_index(ledger, ("sync", "key")),
    )
    return [
        *(repair_statements.hash_long_keys(names, table) for table in _WITH_KEYS if table in found),
        *repaired,
        *(statement for statement in index if statement is not None),
    ]


def _respell_people(names: StateNames, found: Columns) -> list[str]:
    """Make people known by the present spelling of their ids, in addition to the one that was noted.

    Code of an earlier version must no longer run: it ignores the schema's room and the spellings of keys.
    """
    noted = found.get("known_addresses")
    return [repair_statements.respelled_people(names, sorted(noted))] if noted and "person" in noted else []


_KNOWN_SINCE_5 = (("kind", "text"), ("holder", "text"), ("handle_hash", "text"), ("own", "boolean"))


def _complete_known_addresses(names: StateNames, found: Columns) -> list[str]:
    """Add columns to the known addresses, for accounts and for the person or thing that an address was sent for."""
    table = "known_addresses"
    if table not in found:
        return []
    lacking = [(column, kind) for column, kind in _KNOWN_SINCE_5 if column not in found[table]]
    indexes = [names.dialect.create_index(names.table(table), (column,)) for column in ("handle_hash", "key")]
    return [
        *(statements.add_column(names, table, column, kind) for column, kind in lacking),
        repair_statements.name_holders(names),
        *(statement for statement in indexes if lacking and statement is not None),
    ]


def _mark_suppressed_rows(names: StateNames, found: Columns) -> list[str]:
    """Allow for rows that were suppressed before anything was sent, which earlier versions consider sent."""
    return [
        statements.add_column(names, table, "suppressed", "boolean")
        for table in ("known_addresses", "sent_addresses")
        if table in found and "suppressed" not in found[table]
    ]


def _read_the_address_limit(names: StateNames, found: Columns) -> list[str]:
    """Change nothing. Code of an earlier version must no longer run: it ignores the number of people per address."""
    return []


STEPS = (
    Step(2, _rename_columns),
    Step(3, _repair_keys),
    Step(4, _respell_people),
    Step(5, _complete_known_addresses),
    Step(6, _mark_suppressed_rows),
    Step(7, _read_the_address_limit),
)
"""All steps, in order."""

NEWEST_VERSION = STEPS[-1].version

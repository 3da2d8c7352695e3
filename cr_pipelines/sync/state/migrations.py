"""The versions of the state schema, and the steps that lead from one to the next.

Goes in: the tables and columns that a schema has. Comes out: the statements that bring it to the newest version.

Version 1 has no table `state_version`. A step is never changed once it is released: a further change is a further step,
after which columns and tables that are still missing are added from their declarations. A step looks at what is there,
so that it can run again on an engine that cannot undo it.
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
    """What leads to a version from the one before it.

    Attributes:
        version: the version after it.
        statements: makes the statements that are left to do, in the SQL of the engine.
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
    """Repair what a fold of version 2 could leave: several rows of a key, and outcomes that no index takes."""
    dialect, ledger = names.dialect, names.table("sync_ledger")
    repaired = repair_statements.one_row_of_each_key(names, sorted(found["sync_ledger"]))
    if not dialect.transactional_ddl:
        # The table is made for itself, and the rows are exchanged together or not at all.
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
    """Let people be known by the spelling that their ids have now, beside the one that they were noted with.

    Code of an earlier version must not run any more: it heeds neither the schema's room nor the spellings of keys.
    """
    noted = found.get("known_addresses")
    return [repair_statements.respelled_people(names, sorted(noted))] if noted and "person" in noted else []


_KNOWN_SINCE_5 = (("kind", "text"), ("holder", "text"), ("handle_hash", "text"), ("own", "boolean"))


def _complete_known_addresses(names: StateNames, found: Columns) -> list[str]:
    """Add columns for accounts, and for what an address was sent for, to the addresses that are already known."""
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
    """Make room for rows that were suppressed before anything was sent, which earlier versions take for sent."""
    return [
        statements.add_column(names, table, "suppressed", "boolean")
        for table in ("known_addresses", "sent_addresses")
        if table in found and "suppressed" not in found[table]
    ]


STEPS = (
    Step(2, _rename_columns),
    Step(3, _repair_keys),
    Step(4, _respell_people),
    Step(5, _complete_known_addresses),
    Step(6, _mark_suppressed_rows),
)
"""In order."""

NEWEST_VERSION = STEPS[-1].version

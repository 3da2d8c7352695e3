"""The pages about state: tables, statuses and environment variables.

Goes in: the declared tables and counters. Comes out: Markdown.
"""

from cr_pipelines.sync import COUNTERS
from cr_pipelines.sync.state.schema import Table, declared_tables
from reference.descriptions import COLUMNS, ENVIRONMENT, REMOVAL_STATUSES, ROW_STATUSES, RUN_STATES, TABLES
from reference.markdown import code, page, table

_INTRO = """
The tables are in the schema `CR_STATE_SCHEMA` (default `common_room`) of the warehouse, or of `CR_STATE_URL`. A run
creates and migrates them. Read them as you like; write to none of them.

```sql
SELECT key, status, field, message FROM common_room.rejected_rows;
```
"""


def tables_page() -> str:
    """Return the page of state tables."""
    tables = dict(sorted(declared_tables().items(), key=lambda item: list(TABLES).index(item[0])))
    overview = table(
        ("table", "content"), [(f"[`{name}`](#{name})", _described(TABLES, name, "table")) for name in tables]
    )
    return page("Tables", _INTRO, overview, *map(_section, tables.values()))


def _section(declared: Table) -> str:
    counted = {counter.name: counter.description for counter in COUNTERS} if declared.name == "sync_runs" else {}
    rows = [
        (code(name), kind, counted.get(name) or _described(COLUMNS, name, f"column of {declared.name}"))
        for name, kind in declared.columns.items()
    ]
    return "\n\n".join([f"## {declared.name}", TABLES[declared.name], table(("column", "type", "content"), rows)])


def _described(descriptions: dict[str, str], name: str, what: str) -> str:
    if name not in descriptions:
        raise LookupError(f"{what} {name} has no description; add one to reference/descriptions.py")
    return descriptions[name]


def statuses_page() -> str:
    """Return the page of statuses."""
    return page(
        "Statuses",
        "## Statuses of a row",
        "The column `status` of `sync_ledger`.",
        table(("status", "meaning", "next run"), [(code(name), *about) for name, about in ROW_STATUSES.items()]),
        "## States of a run",
        "The column `state` of `sync_runs`.",
        table(("state", "meaning"), [(code(name), about) for name, about in RUN_STATES.items()]),
        "## Statuses of a privacy request",
        "The column `status` of `pii_removals`.",
        table(("status", "meaning"), [(code(name), about) for name, about in REMOVAL_STATUSES.items()]),
    )


def environment_page() -> str:
    """Return the page of environment variables."""
    rows = [(code(name), *about) for name, about in ENVIRONMENT.items()]
    return page(
        "Environment variables",
        "A resource or a `CommonRoomConnection` takes what it is not given from the environment, when a run needs it.",
        table(("variable", "meaning", "default"), rows),
    )

"""The SQL that gives keys of our tables a new spelling, so that nothing is sent again because of it.

Goes in: `PlanNames`, the source, and the expressions of the former and the present key. Comes out: one statement for
each function.
"""

from cr_pipelines.sync.plan.statements import PlanNames

_MOST_NAMES = 10_000


def respelled_keys(names: PlanNames, source: str, former: str, now: str) -> str:
    """Return the query behind `cr_respelled`: keys that the ledger has in a former spelling, each as it is now.

    Keys were once the engine's text of a column, such as `1.0` for a DOUBLE that is 1 as a BIGINT, and had names as the
    source spells them. `former` and `now` are the expressions for both.
    """
    ledger = names.table("sync_ledger")
    return f"""
        SELECT min(was) AS was, key
        FROM (SELECT {former} AS was, {now} AS key FROM {source}) AS spelled
        WHERE was <> key
        AND EXISTS (SELECT 1 FROM {ledger} AS l WHERE l.sync = {names.sync_name} AND l.key = spelled.was)
        AND NOT EXISTS (SELECT 1 FROM {ledger} AS l WHERE l.sync = {names.sync_name} AND l.key = spelled.key)
        GROUP BY key"""


def any_key(names: PlanNames) -> str:
    """Return a query that has a row if the ledger has any key of the sync."""
    return f"SELECT 1 FROM {names.table('sync_ledger')} WHERE {names.of_sync} LIMIT 1"


def may_be_respelled(names: PlanNames) -> str:
    """Return a query that has a row if the ledger may have keys in another spelling than a number or JSON has now."""
    return (
        f"SELECT 1 FROM {names.table('sync_ledger')} WHERE sync = {names.sync_name} "
        "AND (key LIKE '%.%' OR key LIKE '%e+%' OR key LIKE '\"%' OR key LIKE '%-0%') LIMIT 1"
    )


def respell(names: PlanNames, table: str, respelled: str = "cr_respelled") -> str:
    """Return a statement that gives the keys of `cr_respelled` their new spelling in one of our tables."""
    own = names.dialect.identifier(table)
    return f"""
        UPDATE {names.table(table)} SET key = r.key
        FROM {respelled} AS r
        WHERE {own}.sync = {names.sync_name} AND {own}.key = r.was"""


def distinct_names(text: str, source: str) -> str:
    """Return a query for the distinct texts of a column of the source."""
    return f"SELECT DISTINCT {text} AS name FROM {source} WHERE {text} IS NOT NULL LIMIT {_MOST_NAMES}"

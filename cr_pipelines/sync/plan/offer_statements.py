"""The SQL that picks the rows that a run offers, and reads them: one pure function for each statement.

Goes in: what `statements` has found out about every candidate. Comes out: `cr_offered`, and the offered rows.
"""

from collections.abc import Mapping, Sequence

from cr_pipelines.sync.plan.source_statements import source_values
from cr_pipelines.sync.plan.statements import PlanNames
from cr_pipelines.warehouse import Dialect


def offer(turns: Sequence[str], limit: int | None) -> str:
    """Return the query behind `cr_offered`."""
    offered = "\nUNION ALL\n".join(
        f"SELECT *, {turn} AS turn FROM cr_compared WHERE {condition}" for turn, condition in enumerate(turns)
    )
    limited = "" if limit is None else f" ORDER BY turn LIMIT {int(limit)}"
    return f"SELECT * FROM ({offered}) AS turned{limited}"


def count_offered(dialect: Dialect) -> str:
    """Return a query for the offered rows of each turn, in order: all, those not in the ledger, and hashed keys."""
    new, hashed = dialect.count_if("why = 'new'"), dialect.count_if("key LIKE 'sha256:%'")
    return f"SELECT turn, count(*), {new}, {hashed} FROM cr_offered GROUP BY turn ORDER BY turn"


def read_offered(
    names: PlanNames,
    types: Mapping[str, str],
    source: str,
    turn: int,
    order: Sequence[str],
    meta: Sequence[str],
    only: str | None = None,
) -> str:
    """Return a query for the offered rows of one turn, in the form that `SecondRead` takes.

    Args:
        names: the plan's.
        types: the source columns with their types, in the order of the values.
        source: the source's rows for a FROM clause, with their key as `cr_key`.
        turn: which rows.
        order: source columns that are equal in rows that can share a request.
        meta: the columns of `cr_offered` before the values (`fingerprint` and `row_hash` are computed).
        only: a condition that holds for the offered keys among `cr_key`, and for few others.
    """
    dialect = names.dialect
    computed = {"fingerprint": dialect.fingerprint(types), "row_hash": dialect.row_hash(types)}
    before = (f"{computed[name]} AS {name}" if name in computed else f"o.{name}" for name in meta)
    values = source_values(dialect, names.sync, types)
    # An append must not be sent twice even if its source returns the row twice when it is read again.
    copy = "1" if names.sync.contract.repeatable else "row_number() OVER (PARTITION BY o.key ORDER BY o.key)"
    listed = ",\n".join((*before, *values, "o.row_hash AS planned_hash", f"{copy} AS copy_number"))
    ordered = f"ORDER BY {', '.join(f's.{dialect.identifier(name)}' for name in order)}" if order else ""
    return f"""
        SELECT
        {listed}
        FROM {source} AS s
        JOIN cr_offered AS o ON s.cr_key = o.key
        WHERE o.turn = {turn}{f" AND {only}" if only else ""}
        {ordered}"""

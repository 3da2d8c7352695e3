"""The view, as SQL.

Goes in: guesses. Comes out: one CREATE VIEW that runs as it is, with a comment above each column, and the columns that
were not mapped as commented lines.
"""

from collections.abc import Iterator, Sequence

from cr_pipelines.cli.suggest.guesses import Guess, Mapping
from cr_pipelines.cli.suggest.sample import Sample, SampledColumn
from cr_pipelines.sync.contract import Contract
from cr_pipelines.warehouse import SourceDialect
from cr_pipelines.warehouse.dialect import MOMENT_OF_SECONDS
from cr_pipelines.wording import count

_JSON = {"duckdb": "json_object", "postgresql": "jsonb_build_object", "snowflake": "OBJECT_CONSTRUCT"}
_EPOCH = {
    "duckdb": "to_timestamp({})",
    "postgresql": "to_timestamp({})",
    "bigquery": "TIMESTAMP_SECONDS({})",
    **MOMENT_OF_SECONDS,
}
_MILLISECONDS = 100_000_000_000
"""A larger number of seconds since 1970 is one of milliseconds."""


def written_view(dialect: SourceDialect, contract: Contract, sample: Sample, mapping: Mapping, view: str) -> str:
    """Return the statement."""
    lines = [
        f"-- Guessed from the names, the types and {count(sample.rows, 'sampled row')} of {sample.relation}.",
        "-- Check each line, create the view, and run `cr-pipelines plan` to see what would be sent.",
        f"CREATE VIEW {'.'.join(map(dialect.identifier, view.split('.')))} AS",
        "SELECT",
    ]
    for place, guess in enumerate(mapping.guesses):
        comma = "," if place < len(mapping.guesses) - 1 else ""
        lines.append(f"    -- {guess.target.name}: {_one_line(guess.reason)}")
        lines.append(f"    {_expression(dialect, guess)} AS {dialect.identifier(guess.target.name)}{comma}")
    lines += _left(dialect, contract, mapping.left)
    lines.append(f"FROM {dialect.relation(sample.relation)}")
    lines += _where(dialect, mapping.deleted)
    return "\n".join(lines) + ";"


def _expression(dialect: SourceDialect, guess: Guess) -> str:
    source = guess.source
    if source is None:
        kind = "timestamp" if guess.target.kind == "timestamp" else "text"
        return dialect.literal(guess.literal) if guess.literal else f"CAST(NULL AS {dialect.types[kind]})"
    quoted = dialect.identifier(source.name)
    if guess.target.kind != "timestamp" or dialect.is_moment(source.type):
        return quoted
    if source.shape == "number" and dialect.name in _EPOCH:
        largest = max((float(value) for value in source.values), default=0)
        seconds = f"CAST({quoted} AS {dialect.types['double']})" + (" / 1000" if largest > _MILLISECONDS else "")
        return _EPOCH[dialect.name].format(seconds)
    # Without a time zone, a moment is in UTC, whatever the session's zone is.
    return f"CAST({quoted} AS {next(iter(dialect.zoneless_types.values()), dialect.types['timestamp'])})"


def _left(dialect: SourceDialect, contract: Contract, left: Sequence[SampledColumn]) -> Iterator[str]:
    if not left:
        return
    takes_fields = any(column.name == "custom_fields" for column in contract.columns)
    yield "    -- Not mapped:"
    if takes_fields and dialect.name in _JSON:
        yield "    -- To send some of them as custom fields, use the room's names, and uncomment the lines:"
        yield f"    --, {_JSON[dialect.name]}("
    for place, column in enumerate(left):
        quoted = dialect.identifier(column.name)
        if takes_fields and dialect.name in _JSON:
            comma = "," if place < len(left) - 1 else ""
            yield f"    --      {dialect.literal(_one_line(column.name))}, {quoted}{comma}  -- {column.type}"
        else:
            yield f"    -- {quoted} {column.type}"
    if takes_fields and dialect.name in _JSON:
        yield "    -- ) AS custom_fields"


def _where(dialect: SourceDialect, deleted: SampledColumn | None) -> Iterator[str]:
    if deleted is None:
        return
    quoted = dialect.identifier(deleted.name)
    yield f"-- {_one_line(deleted.name)} marks rows that were deleted"
    match deleted.shape:
        case "boolean":
            yield f"WHERE NOT coalesce({quoted}, FALSE)"
        case "time":
            yield f"WHERE {quoted} IS NULL"
        case _:
            text = f"lower(CAST({quoted} AS {dialect.types['text']}))"
            yield f"WHERE coalesce({text}, 'false') NOT IN ('true', 't', '1', 'yes')"


def _one_line(text: str) -> str:
    """Return text that cannot end a comment."""
    return " ".join(text.split())

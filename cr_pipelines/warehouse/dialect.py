"""The SQL in which engines differ, in the two roles that an engine can have.

Goes in: names, values and expressions. Comes out: pieces of SQL. `SourceDialect` reads somebody's tables,
`StateDialect` keeps ours, and a `Dialect` does both, so that a plan can join the two inside the engine.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import ClassVar

from cr_pipelines.warehouse.relation import Relation

_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}

SUBSTITUTE = "\x1a"
"""ASCII's substitute for a character that cannot be kept, such as NUL in PostgreSQL. It makes its row invalid."""

LONGEST_KEY = 1_000
"""The longest key, in bytes, that is stored unchanged; a longer one is hashed. PostgreSQL indexes up to 2,700 bytes."""

LARGEST_WHOLE = "8e34"
"""From this floating-point number on, the engine's own text is used, which is in scientific notation."""

MOMENT_OF_SECONDS = {
    "sqlite": "datetime({}, 'unixepoch')",
    "mysql": "FROM_UNIXTIME({})",
    "mariadb": "FROM_UNIXTIME({})",
    "mssql": "DATEADD(second, {}, '1970-01-01')",
    "clickhouse": "toDateTime({})",
    "clickhousedb": "toDateTime({})",
}
"""What makes a moment of a number of seconds since 1970: a column that is neither text nor a moment is a number."""


class SqlDialect(ABC):
    """What both roles need: names, literals, and the text of values. Takes bare column names and quotes them."""

    name: ClassVar[str]
    """The engine's name, as Dagster shows it among an asset's kinds."""

    types: ClassVar[dict[str, str]]
    """The engine's names for text, integer, bigint, double, timestamp and boolean."""

    def identifier(self, name: str) -> str:
        """Return the name as a quoted identifier. A plain lower-case name means the same as without quotes."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str | None) -> str:
        """Return the text as a string literal."""
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    def listed(self, texts: Collection[str]) -> str:
        """Return what follows IN, so that an expression is compared with these texts."""
        return f"({', '.join(map(self.literal, texts)) or 'NULL'})"

    @abstractmethod
    def text(self, expression: str) -> str:
        """Return the expression's value as text, null for null."""

    @abstractmethod
    def json_text(self, expression: str) -> str:
        """Return the expression's value as JSON text, null for null."""

    @abstractmethod
    def sha256(self, expression: str) -> str:
        """Return the lower-case hexadecimal SHA-256 of a text expression in UTF-8."""

    def byte_length(self, expression: str) -> str:
        """Return the length of a text expression in UTF-8 bytes."""
        return f"octet_length({expression})"

    def kept_key(self, expression: str) -> str:
        """Return a key as the state tables store it: one that is too long becomes `sha256:` and its hash."""
        return (
            f"CASE WHEN {self.byte_length(expression)} > {LONGEST_KEY} THEN 'sha256:' || {self.sha256(expression)} "
            f"ELSE {expression} END"
        )

    def md5(self, expression: str) -> str:
        """Return the lower-case hexadecimal MD5 of a text expression in UTF-8."""
        return f"md5({expression})"

    def trimmed(self, expression: str) -> str:
        """Return a text expression without surrounding blanks, tabs and line ends."""
        return f"regexp_replace({expression}, '^\\s+|\\s+$', '', 'g')"

    def lowered(self, expression: str) -> str:
        """Return a text expression in lower case, in which I becomes i whatever the database's language is."""
        return f"lower({expression})"

    def count_if(self, condition: str) -> str:
        """Return the number of rows for which the condition holds."""
        return f"count(CASE WHEN {condition} THEN 1 END)"


class SourceDialect(SqlDialect):
    """What is needed to read a source: its rows, their keys, and two hashes of each row."""

    zoneless_types: ClassVar[dict[str, str]]
    """Types of dates and of timestamps without a time zone, each with the type that such a column is compared in."""

    whole_types: ClassVar[frozenset[str]]
    """Types of whole numbers, without their parameters."""

    decimal_types: ClassVar[frozenset[str]]
    """Types of decimal numbers, without their parameters."""

    inexact_types: ClassVar[frozenset[str]]
    """Types of floating-point numbers."""

    json_types: ClassVar[frozenset[str]]
    """Types of values that are read as JSON text."""

    most_listed: ClassVar[int] = 5_000
    """How many keys a query may list; engines limit the size of a query."""

    @property
    @abstractmethod
    def row_hash_version(self) -> str:
        """The name of the function behind `row_hash`; hashes of different versions are never compared."""

    @abstractmethod
    def row_hash(self, columns: Mapping[str, str]) -> str:
        """Return a fast hash of a row, as bigint, independent of the order of its columns.

        Takes the columns with their types, as a session's `columns` returns them. Equal rows have equal hashes as long
        as the types and `row_hash_version` stay the same.
        """

    def fingerprint(self, columns: Mapping[str, str]) -> str:
        """Return text that is equal for equal rows, in every engine version and for every numeric type.

        Takes the columns with their types, as a session's `columns` returns them. Null columns leave no trace, so
        adding a column of nulls changes nothing. A null, an empty text, and texts that contain separators are still all
        different.
        """
        return self.md5(self.row_text(columns))

    def row_text(self, columns: Mapping[str, str]) -> str:
        """Return the text that a fingerprint is the hash of."""
        parts = [
            f"CASE WHEN {self.identifier(column)} IS NULL THEN '' "
            f"ELSE {self.literal(column + '=')} || {self.json_text(self._fingerprinted(column, columns[column]))} "
            "|| ',' END"
            for column in sorted(columns)
        ]
        return self.joined(parts)

    def has_former_fingerprint(self, kind: str) -> bool:
        """Return whether rows with a column of this type once had another fingerprint, which ignored the type."""
        return self.is_number(kind)

    def _fingerprinted(self, column: str, kind: str) -> str:
        name = self.identifier(column)
        # NaN and infinity have no spelling, and are not null.
        return f"coalesce({self.spelled(column, kind)}, {self.text(name)})" if self.is_number(kind) else name

    def joined(self, texts: Sequence[str]) -> str:
        """Return the concatenation of text expressions, none of which are null."""
        return " || ".join(texts)

    def readable(self, column: str, kind: str) -> str:
        """Return the column's value in a form that Python can hold; `kind` is its type in the engine's words.

        A JSON string is its text, a JSON null is null, and any other JSON value is JSON text.
        """
        name = self.identifier(column)
        return self.unwrapped(name) if kind in self.json_types else name

    def readable_identity(self, column: str, kind: str) -> str:
        """Return the value of a column that identifies a row or a person; numbers are spelled as in `key`."""
        return self.spelled(column, kind) if self.is_number(kind) else self.readable(column, kind)

    @abstractmethod
    def unwrapped(self, expression: str) -> str:
        """Return a JSON value as text: a string without its quotation marks, and null for a JSON null."""

    @abstractmethod
    def is_finite(self, expression: str) -> str:
        """Return the condition that a number is neither infinite nor NaN."""

    def decimal_text(self, expression: str, kind: str) -> str:
        """Return a decimal number as text with a digit before the point, and possibly with trailing zeros."""
        return self.text(expression)

    @abstractmethod
    def whole_text(self, expression: str) -> str:
        """Return all digits, as text, of a floating-point number that is whole and smaller than `LARGEST_WHOLE`."""

    def is_number(self, kind: str) -> bool:
        """Return whether a type, in the engine's words, is numeric."""
        return _bare(kind) in self.whole_types | self.decimal_types | self.inexact_types

    def is_moment(self, kind: str) -> bool:
        """Return whether a type, in the engine's words, is a date or a timestamp."""
        return kind.lower().startswith(("timestamp", "date"))

    def column_moment(self, column: str, kind: str) -> str:
        """Return a column, of a type for which `is_moment` holds, to compare with `moment`; null if it is no moment."""
        return self.identifier(column)

    def cast_to_moment(self, column: str) -> str:
        """Return what a view says to make a moment of a column of another type, for messages."""
        return f"CAST({column} AS {self.types['timestamp']})"

    def is_respelled(self, kind: str) -> bool:
        """Return whether the key of a column of this type may differ from the engine's own text."""
        return _bare(kind) in self.decimal_types | self.inexact_types | self.json_types

    def spelled(self, column: str, kind: str) -> str:
        """Return the canonical spelling of a column's value as text: equal numbers of any type are spelled the same.

        A whole number has no decimal point, whatever its type. NaN and infinity are null, because they cannot be keys.
        `kind` is the column's type in the engine's words.
        """
        name, bare = self.identifier(column), _bare(kind)
        text = self.text(name)
        if bare in self.inexact_types:
            whole = f"{name} = floor({name}) AND abs({name}) < {LARGEST_WHOLE}"
            spelled = f"CASE WHEN {whole} THEN {self.whole_text(name)} ELSE {text} END"
            return f"CASE WHEN {self.is_finite(name)} THEN {spelled} END"
        if bare in self.decimal_types:
            text = self.decimal_text(name, kind)
            return f"CASE WHEN {text} LIKE '%.%' THEN rtrim(rtrim({text}, '0'), '.') ELSE {text} END"
        return self.unwrapped(name) if bare in self.json_types else text

    def moment(self, moment: datetime, kind: str) -> str:
        """Return a moment to compare with a column of the type `kind`; a column without a time zone is in UTC.

        The moment has the column's own type, so that the engine can skip what it does not need to read.
        """
        zoneless = self.zoneless_types.get(kind)
        if zoneless is None:
            return f"CAST({self.literal(moment.isoformat())} AS {self.types['timestamp']})"
        return f"CAST({self.literal(moment.astimezone(UTC).replace(tzinfo=None).isoformat(' '))} AS {zoneless})"

    def relation(self, relation: Relation) -> str:
        """Return the relation for a FROM clause."""
        if relation.is_query:
            # The bracket is on its own line because the query may end with a comment.
            return f"({relation.query.strip()}\n)"
        return ".".join(self.identifier(part) for part in relation.text.split("."))

    def key(
        self,
        columns: Sequence[str],
        types: Mapping[str, str],
        forms: Mapping[str, Callable[[str], str]] = MappingProxyType({}),
    ) -> str:
        """Return the key of a row as one text; null if any column is null.

        A single column is `spelled`; several are a JSON array of such strings. A string that contains an `@` may be an
        e-mail address and becomes `sha256:` and its hash, because the ledger keeps no addresses. `types` has the type
        of each column in the engine's words; for a column without one, the engine's own text is used. A key of more
        than `LONGEST_KEY` bytes is hashed as well. `forms` makes the expression for the canonical spelling of a
        column's text, for columns in which several spellings mean the same.
        """
        parts = []
        for column in columns:
            kind = types.get(column, "")
            text = self.spelled(column, kind)
            text = forms[column](text) if column in forms else text
            hashed = f"CASE WHEN {text} LIKE '%@%' THEN 'sha256:' || {self.sha256(text)} ELSE {text} END"
            parts.append(text if self.is_number(kind) else hashed)
        if len(parts) == 1:
            # A number is short and contains no address.
            kind = types.get(columns[0], "")
            return (
                text
                if self.is_number(kind)
                else f"CASE WHEN {text} LIKE '%@%' OR {self.byte_length(text)} > {LONGEST_KEY} "
                f"THEN 'sha256:' || {self.sha256(text)} ELSE {text} END"
            )
        listed = " || ',' || ".join(self.json_text(part) for part in parts)
        missing = " OR ".join(f"{self.spelled(column, types.get(column, ''))} IS NULL" for column in columns)
        kept = self.kept_key(f"('[' || {listed} || ']')")
        return f"CASE WHEN {missing} THEN NULL ELSE {kept} END"


class StateDialect(SqlDialect):
    """What is needed to keep the state tables."""

    transactional_ddl: ClassVar[bool] = True
    """Whether a transaction can contain statements that create and alter tables."""

    keeps_unique: ClassVar[bool] = False
    """Whether the engine enforces that the ledger has one entry for each key."""

    folded_at_once: ClassVar[int] = 100_000
    """How many rows a merge takes at once; more need more memory."""

    begin: ClassVar[str] = "BEGIN TRANSACTION"
    """Begins a transaction whose statements all see the same state of the warehouse."""

    def create_schema(self, schema: str) -> str:
        """Return a statement that makes a schema unless it exists."""
        return f"CREATE SCHEMA IF NOT EXISTS {self.identifier(schema)}"

    def tables(self, schema: str) -> str:
        """Return a query for the names, in lower case, of the tables and views of a schema."""
        return (
            "SELECT lower(table_name) FROM information_schema.tables "
            f"WHERE lower(table_schema) = lower({self.literal(schema)})"
        )

    def schema_columns(self, schema: str) -> str:
        """Return a query for the table and the name, in lower case, of every column in a schema."""
        return (
            "SELECT lower(table_name), lower(column_name) FROM information_schema.columns "
            f"WHERE lower(table_schema) = lower({self.literal(schema)})"
        )

    def create_index(self, table: str, columns: Sequence[str]) -> str | None:
        """Return a statement that makes an index on a table, or None if the engine needs none."""
        return None

    def create_unique_index(self, table: str, columns: Sequence[str]) -> str | None:
        """Return a statement that makes these columns unique, or None if that costs too much."""
        return None

    def drop_index(self, schema: str, table: str, columns: Sequence[str]) -> str | None:
        """Return a statement that drops the index made by `create_index`, or None if there is none."""
        return None

    def analyze(self, table: str) -> str | None:
        """Return a statement that gathers a table's statistics, or None if the engine does this itself."""
        return None

    def parts(self, rows: int) -> Sequence[str | None]:
        """Return conditions on `key` that divide rows into parts small enough to be joined in little memory.

        `[None]` if the engine can join all of them at once.
        """
        return [None]

    def hashed_key(self, expression: str) -> str | None:
        """Return the expression for a key's hash as bigint, for `is_one_of`, or None if a join alone is as fast."""
        return None

    def is_one_of(self, expression: str, numbers: Sequence[int]) -> str:
        """Return the condition that an integer is one of these, checked where rows are read."""
        return f"{expression} IN ({', '.join(map(str, numbers))})"

    def merge(self, target: str, source: str, on: Sequence[str], columns: Sequence[str]) -> str:
        """Return a statement that merges rows of `source` into `target`, matched by the `on` columns.

        `target` and `source` are table expressions, and `source` has one row for each value of `on`.
        """
        quoted = {column: self.identifier(column) for column in columns}
        matched = " AND ".join(f"target.{quoted[column]} = source.{quoted[column]}" for column in on)
        updated = ", ".join(f"{name} = source.{name}" for column, name in quoted.items() if column not in on)
        inserted = ", ".join(f"source.{name}" for name in quoted.values())
        return (
            f"MERGE INTO {target} AS target USING {source} AS source ON {matched} "
            f"WHEN MATCHED THEN UPDATE SET {updated} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(quoted.values())}) VALUES ({inserted})"
        )


class Dialect(SourceDialect, StateDialect):
    """An engine with both roles."""


def backslashed(value: str | None) -> str:
    """Return a value as a literal of an engine that escapes with backslashes."""
    return "NULL" if value is None else "'" + "".join(_ESCAPES.get(letter, letter) for letter in value) + "'"


def _bare(kind: str) -> str:
    """Return a type without its parameters: `DECIMAL` for `DECIMAL(10,2)`."""
    return kind if kind.endswith("]") else kind.partition("(")[0]

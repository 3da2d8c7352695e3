from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from cr_pipelines.warehouse.relation import Relation


class Dialect(ABC):
    """The SQL in which one engine differs from another.

    Every method returns a piece of SQL text. Column names arrive bare and are quoted here.
    """

    name: ClassVar[str]
    """The engine's name, as Dagster shows it among an asset's kinds."""

    types: ClassVar[dict[str, str]]
    """The engine's name for each of: text, integer, bigint, double, timestamp, boolean."""

    zoneless_types: ClassVar[dict[str, str]]
    """Types of moments without a time zone, and of days, each with the type to compare such a column with."""

    begin: ClassVar[str] = "BEGIN TRANSACTION"
    """Begins a transaction whose statements all see the same state of the warehouse."""

    transactional_ddl: ClassVar[bool] = True
    """Whether a transaction can hold statements that create and alter tables."""

    @property
    @abstractmethod
    def row_hash_version(self) -> str:
        """Names the function behind `row_hash`; hashes of two versions are never compared."""

    @abstractmethod
    def row_hash(self, columns: Mapping[str, str]) -> str:
        """A fast hash of a row, as bigint, whatever the order of its columns.

        Takes the columns with their types, as `Session.columns` gives them. Equal rows hash alike as long as
        the types and `row_hash_version` stay the same.
        """

    def fingerprint(self, columns: Sequence[str]) -> str:
        """A text that is equal for equal rows in every engine version.

        Null columns leave no trace in it, so a column added with nulls changes nothing, while a null, an
        empty text, and texts that merely contain separators all stay apart.
        """
        parts = [
            f"CASE WHEN {self.identifier(column)} IS NULL THEN '' "
            f"ELSE {self.literal(column + '=')} || {self.json_text(self.identifier(column))} || ',' END"
            for column in sorted(columns)
        ]
        return self.md5(self.joined(parts))

    def joined(self, texts: Sequence[str]) -> str:
        """Text expressions, none of them null, one after the other."""
        return " || ".join(texts)

    def md5(self, expression: str) -> str:
        """The lower-case hexadecimal MD5 of a text expression in UTF-8."""
        return f"md5({expression})"

    @abstractmethod
    def text(self, expression: str) -> str:
        """The expression's value as text, null for null."""

    @abstractmethod
    def json_text(self, expression: str) -> str:
        """The expression's value as JSON text, null for null."""

    @abstractmethod
    def sha256(self, expression: str) -> str:
        """The lower-case hexadecimal SHA-256 of a text expression in UTF-8."""

    def trimmed(self, expression: str) -> str:
        """A text expression without blanks, tabs and line ends around it."""
        return f"regexp_replace({expression}, '^\\s+|\\s+$', '', 'g')"

    def readable(self, column: str, kind: str) -> str:
        """The column's value in a form that arrives in Python whole; `kind` is its type in the engine's words."""
        return self.identifier(column)

    def identifier(self, name: str) -> str:
        """The name as a quoted identifier. A plain lower-case name means what it means unquoted."""
        return '"' + name.replace('"', '""') + '"'

    def literal(self, value: str | None) -> str:
        """The text as a string literal."""
        return "NULL" if value is None else "'" + value.replace("'", "''") + "'"

    def moment(self, moment: datetime, kind: str) -> str:
        """A moment to compare a column of the type `kind` with; without a time zone, the column is in UTC.

        It has the column's own type, so that the engine can skip what it need not read.
        """
        zoneless = self.zoneless_types.get(kind)
        if zoneless is None:
            return f"CAST({self.literal(moment.isoformat())} AS {self.types['timestamp']})"
        return f"CAST({self.literal(moment.astimezone(UTC).replace(tzinfo=None).isoformat(' '))} AS {zoneless})"

    def relation(self, relation: Relation) -> str:
        """The relation as it stands after FROM."""
        if relation.is_query:
            # On a line of its own, the bracket is safe from a comment at the query's end.
            return f"({relation.text.strip().rstrip(';')}\n)"
        return ".".join(self.identifier(part) for part in relation.text.split("."))

    def create_schema(self, schema: str) -> str:
        """A statement that makes a schema unless it is there."""
        return f"CREATE SCHEMA IF NOT EXISTS {self.identifier(schema)}"

    def tables(self, schema: str) -> str:
        """A query for the names, in lower case, of the tables and views of a schema."""
        return (
            "SELECT lower(table_name) FROM information_schema.tables "
            f"WHERE lower(table_schema) = {self.literal(schema.lower())}"
        )

    def schema_columns(self, schema: str) -> str:
        """Return a query for the table and the name, in lower case, of every column in a schema."""
        return (
            "SELECT lower(table_name), lower(column_name) FROM information_schema.columns "
            f"WHERE lower(table_schema) = {self.literal(schema.lower())}"
        )

    def create_index(self, table: str, columns: Sequence[str]) -> str | None:
        """A statement that makes an index over a table, or None where the engine needs none."""
        return None

    def analyze(self, table: str) -> str | None:
        """A statement that counts a temporary table for the engine's planner, or None where it counts itself."""
        return None

    def merge(self, target: str, source: str, on: Sequence[str], columns: Sequence[str]) -> str:
        """A statement that lays rows of `source` over the rows of `target` that agree in the `on` columns.

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

    def count_if(self, condition: str) -> str:
        """The number of rows for which the condition holds."""
        return f"count(CASE WHEN {condition} THEN 1 END)"

    def key(self, columns: Sequence[str]) -> str:
        """The key of a row as one text, null if any part is null.

        One column stands as its own text, several as a JSON array of texts. A part that holds an `@` may be
        an e-mail address and stands as `sha256:` and its hash: the ledger keeps no addresses.
        """
        parts = []
        for column in columns:
            text = self.text(self.identifier(column))
            parts.append(f"CASE WHEN {text} LIKE '%@%' THEN 'sha256:' || {self.sha256(text)} ELSE {text} END")
        if len(parts) == 1:
            return parts[0]
        listed = " || ',' || ".join(self.json_text(part) for part in parts)
        missing = " OR ".join(f"{self.identifier(column)} IS NULL" for column in columns)
        return f"CASE WHEN {missing} THEN NULL ELSE '[' || {listed} || ']' END"

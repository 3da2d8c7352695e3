"""Several spellings of one thing in a key: `signed_up` and `Signed Up` may be one activity type of the room.

Goes in: the names that a source uses in its key, and what they mean in the room's catalog. Comes out: rows of
`key_spellings`, which give a thing the same spelling in every key: the one that was seen first. Words and addresses
need no catalog, because their case does not matter. Blanks around them, and around accounts and tags, do not matter
either.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cr_pipelines.sync.contract import Catalog, Context, InvalidValue
from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan import partition_statements
from cr_pipelines.sync.plan.source_key import has_forms, named_columns
from cr_pipelines.sync.plan.source_statements import distinct_names
from cr_pipelines.sync.state.ledger import KEY_SPELLINGS
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Session, SourceSession


class Spelling(NamedTuple):
    """How a key column spells a thing.

    Attributes:
        column: the key's column.
        spelled: the source's spelling.
        thing: the id of the thing that it names.
        canonical: the spelling in keys.
    """

    column: str
    spelled: str
    thing: str
    canonical: str


_FORMS = Spelling("", "trimmed forms", "1", "1")
"""Recorded once the ledger of a sync has its words, addresses, accounts and tags in canonical spelling."""


class KeySpellings:
    """The spellings of one sync's key within one session."""

    def __init__(self, session: Session, schema: str, sync: Sync):
        self._state = StateSchema(session, schema)
        self._sync = sync
        self._known = {
            (spelling.column, spelling.spelled): spelling for spelling in self._read() if has_forms(sync.contract)
        }

    def _read(self) -> Sequence[Spelling]:
        own = f"sync = {self._state.names.value(self._sync.name)}"
        rows = self._state.fetch(KEY_SPELLINGS, ("column_name", "spelled", "thing", "canonical"), own)
        return [Spelling(*row) for row in sorted(rows)]

    def find_new(self, source: SourceSession, partition: Partition | None) -> dict[str, list[str]]:
        """Return the spellings in the source's key whose meaning is unknown, by column."""
        columns = named_columns(self._sync.contract)
        if not columns:
            return {}
        dialect, types = source.dialect, source.columns(self._sync.relation)
        match = self._sync.contract.match(list(types))
        spelled = match.spelled
        known_types = {column.name: types[spelled[column.name]] for column in match.columns}
        rows = partition_statements.source_rows(dialect, self._sync, partition, known_types, spelled)
        found = {}
        for column in columns:
            if column.name in known_types:
                text = dialect.spelled(column.name, known_types[column.name])
                names = source.fetch_all(distinct_names(text, rows))
                found[column.name] = [name for (name,) in names if (column.name, name) not in self._known]
        return {name: sorted(names) for name, names in found.items() if names}

    def resolve(self, new: Mapping[str, Sequence[str]], catalog: Catalog) -> list[Spelling]:
        """Return what spellings mean in the room's catalog, without those that mean nothing."""
        context = Context(catalog)
        canonical = {(spelling.column, spelling.thing): spelling.canonical for spelling in self._known.values()}
        resolved = []
        for column in named_columns(self._sync.contract):
            for name in new.get(column.name, ()):
                try:
                    found = column.read(name, context)
                except InvalidValue:
                    continue
                thing = str(getattr(found, "id", found))
                resolved.append(Spelling(column.name, name, thing, canonical.setdefault((column.name, thing), name)))
        return resolved

    def add(self, new: Sequence[Spelling]) -> Sequence[Spelling]:
        """Treat spellings as known, and return the new ones, with the mark of a ledger in canonical spelling."""
        added = [spelling for spelling in (*new, _FORMS) if (spelling.column, spelling.spelled) not in self._known]
        self._known |= {(spelling.column, spelling.spelled): spelling for spelling in added}
        return added if has_forms(self._sync.contract) else []

    def record(self, added: Sequence[Spelling]) -> None:
        """Record spellings, within a transaction."""
        for spelling in added:
            row = dict(zip(("column_name", "spelled", "thing", "canonical"), spelling, strict=True))
            self._state.insert(KEY_SPELLINGS, {"sync": self._sync.name, **row})

    def names(self) -> Mapping[str, Mapping[str, str]]:
        """Return the names that keys spell differently from the source, by column."""
        aliases: dict[str, dict[str, str]] = {}
        for spelling in self._known.values():
            if spelling.spelled != spelling.canonical:
                aliases.setdefault(spelling.column, {})[spelling.spelled] = spelling.canonical
        return aliases

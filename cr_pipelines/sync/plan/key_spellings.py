"""Several spellings of one thing in a key: `signed_up` and `Signed Up` may be one activity type of the room.

Goes in: the names that a source uses in its key, and what they mean in the room's catalog. Comes out: rows of
`key_spellings`, which give a thing the same spelling in every key: the one that was seen first. Words and addresses
need no catalog, because their case does not matter. Blanks around them, and around accounts and tags, do not matter
either. The domain of an address is spelled in ASCII; of these, only hashes are kept.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from cr_pipelines.sync.contract import Catalog, Column, Context, InvalidValue, canonical_domains, keyed_hash
from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan import partition_statements
from cr_pipelines.sync.plan.source_key import address_columns, foreign_domain, has_forms, named_columns
from cr_pipelines.sync.plan.source_statements import distinct_names
from cr_pipelines.sync.state.ledger import KEY_SPELLINGS
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Session, SourceDialect, SourceSession


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

_MOST_DOMAINS = 250
"""How many domains that are not in ASCII get one spelling; each of them makes the plan's statements longer."""


class KeySpellings:
    """The spellings of one sync's key within one session."""

    def __init__(self, session: Session, schema: str, sync: Sync):
        self._state = StateSchema(session, schema)
        self._sync = sync
        self._known = {
            (spelling.column, spelling.spelled): spelling for spelling in self._read() if has_forms(sync.contract)
        }
        self._domains: list[tuple[Spelling, str, str]] = []

    def _read(self) -> Sequence[Spelling]:
        own = f"sync = {self._state.names.value(self._sync.name)}"
        rows = self._state.fetch(KEY_SPELLINGS, ("column_name", "spelled", "thing", "canonical"), own)
        return [Spelling(*row) for row in sorted(rows)]

    def find_new(self, source: SourceSession, partition: Partition | None) -> dict[str, list[str]]:
        """Return the spellings in the source's key whose meaning is unknown, by column."""
        found = self._distinct(source, partition, named_columns(self._sync.contract), lambda _, text: text)
        unknown = {
            column: [name for name in names if (column, name) not in self._known] for column, names in found.items()
        }
        return {column: sorted(names) for column, names in unknown.items() if names}

    def find_domains(self, source: SourceSession, partition: Partition | None) -> list[Spelling]:
        """Look up how domains in the source's key are spelled in ASCII. Return a mark for each that is not."""
        found = self._distinct(source, partition, address_columns(self._sync.contract), foreign_domain)
        looked_up = []
        for column, domains in found.items():
            composed = {domain: unicodedata.normalize("NFC", domain) for domain in domains if domain}
            spelled = canonical_domains(composed.values())
            looked_up += [
                (Spelling(column, f"domain {keyed_hash(domain)}", "1", "1"), domain, spelled[form])
                for domain, form in composed.items()
                if form in spelled
            ]
        # Those that were spelled in ASCII before must be so again.
        looked_up.sort(key=lambda each: (not self._is_known(each[0]), each[1]))
        self._domains = looked_up[:_MOST_DOMAINS]
        return [mark for mark, _, _ in self._domains]

    def _distinct(
        self,
        source: SourceSession,
        partition: Partition | None,
        columns: Sequence[Column],
        read: Callable[[SourceDialect, str], str],
    ) -> dict[str, list[str]]:
        """Return the distinct texts that `read` makes of each of these columns, for columns that the source has."""
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
                text = read(dialect, dialect.spelled(column.name, known_types[column.name]))
                found[column.name] = [name for (name,) in source.fetch_all(distinct_names(text, rows))]
        return found

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
        added = [spelling for spelling in (*new, _FORMS) if not self._is_known(spelling)]
        self._known |= {(spelling.column, spelling.spelled): spelling for spelling in added}
        return added if has_forms(self._sync.contract) else []

    def record(self, added: Sequence[Spelling]) -> None:
        """Record spellings, within a transaction."""
        for spelling in added:
            row = dict(zip(("column_name", "spelled", "thing", "canonical"), spelling, strict=True))
            self._state.insert(KEY_SPELLINGS, {"sync": self._sync.name, **row})

    def _is_known(self, spelling: Spelling) -> bool:
        return (spelling.column, spelling.spelled) in self._known

    def names(self) -> Mapping[str, Mapping[str, str]] | None:
        """Return the names and domains that keys spell differently from the source, by column.

        None if the ledger does not have its keys in canonical spelling.
        """
        if not self._is_known(_FORMS):
            return None
        aliases: dict[str, dict[str, str]] = {}
        for mark, domain, spelled in self._domains:
            if self._is_known(mark):
                aliases.setdefault(mark.column, {})[domain] = spelled
        named = {column.name for column in named_columns(self._sync.contract)}
        for spelling in self._known.values():
            if spelling.column in named and spelling.spelled != spelling.canonical:
                aliases.setdefault(spelling.column, {})[spelling.spelled] = spelling.canonical
        return aliases

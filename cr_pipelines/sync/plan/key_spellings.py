"""Several spellings of one thing in a key: `signed_up` and `Signed Up` may be one activity type of the room.

Goes in: the names that a source uses in its key, and what the room's catalog says of them. Comes out: rows of
`key_spellings`, by which every key has the same spelling of a thing, the one that was seen first. Words and addresses
need no catalog: their case does not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from cr_pipelines.sync.contract import Catalog, CatalogPart, Column, Context, Contract, InvalidValue
from cr_pipelines.sync.model import Partition, Sync
from cr_pipelines.sync.plan import partition_statements
from cr_pipelines.sync.plan.respell_statements import distinct_names
from cr_pipelines.sync.plan.statements import KeyForms
from cr_pipelines.sync.state.ledger import KEY_SPELLINGS
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Dialect, Session


class Spelling(NamedTuple):
    """How a key column spells a thing.

    Attributes:
        column: of the key.
        spelled: as the source has it.
        thing: the id of what it names.
        canonical: how keys spell it.
    """

    column: str
    spelled: str
    thing: str
    canonical: str


_FORMS = Spelling("", "forms", "1", "1")
"""Recorded once the ledger of a sync has words and addresses in their one spelling."""


class KeySpellings:
    """The spellings of one sync's key within one session."""

    def __init__(self, session: Session, schema: str, sync: Sync):
        self._session = session
        self._state = StateSchema(session, schema)
        self._sync = sync
        self._known = {
            (spelling.column, spelling.spelled): spelling for spelling in self._read() if has_forms(sync.contract)
        }

    def _read(self) -> Sequence[Spelling]:
        own = f"sync = {self._state.names.value(self._sync.name)}"
        rows = self._state.fetch(KEY_SPELLINGS, ("column_name", "spelled", "thing", "canonical"), own)
        return [Spelling(*row) for row in sorted(rows)]

    def find_new(self, partition: Partition | None) -> dict[str, list[str]]:
        """Return the spellings in the source's key whose meaning is not known, by column."""
        columns = named_columns(self._sync.contract)
        if not columns:
            return {}
        dialect, types = self._session.dialect, self._session.columns(self._sync.relation)
        match = self._sync.contract.match(list(types))
        spelled = match.spelled
        known_types = {column.name: types[spelled[column.name]] for column in match.columns}
        source = partition_statements.source_rows(dialect, self._sync, partition, known_types, spelled)
        found = {}
        for column in columns:
            if column.name in known_types:
                text = dialect.spelled(column.name, known_types[column.name])
                rows = self._session.fetch_all(distinct_names(text, source))
                found[column.name] = [name for (name,) in rows if (column.name, name) not in self._known]
        return {name: sorted(names) for name, names in found.items() if names}

    def resolve(self, new: Mapping[str, Sequence[str]], catalog: Catalog) -> list[Spelling]:
        """Return what spellings mean by the room's catalog; one that means nothing is left out."""
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
        """Take spellings for known, and return those that were not, with the mark of a ledger that has its forms."""
        added = [spelling for spelling in (*new, _FORMS) if (spelling.column, spelling.spelled) not in self._known]
        self._known |= {(spelling.column, spelling.spelled): spelling for spelling in added}
        return added if has_forms(self._sync.contract) else []

    def record(self, added: Sequence[Spelling]) -> None:
        """Record spellings, within a transaction."""
        for spelling in added:
            row = dict(zip(("column_name", "spelled", "thing", "canonical"), spelling, strict=True))
            self._state.insert(KEY_SPELLINGS, {"sync": self._sync.name, **row})

    def forms(self) -> KeyForms:
        """Return how the columns of the key are spelled."""
        aliases: dict[str, dict[str, str]] = {}
        for spelling in self._known.values():
            if spelling.spelled != spelling.canonical:
                aliases.setdefault(spelling.column, {})[spelling.spelled] = spelling.canonical
        return key_forms(self._session.dialect, self._sync.contract, aliases)


def key_forms(dialect: Dialect, contract: Contract, aliases: Mapping[str, Mapping[str, str]]) -> KeyForms:
    """Return the expressions for the one spelling of each key column, given the names to spell like others."""
    forms: dict[str, Callable[[str], str]] = {}
    for column in _formed(contract):
        if column.key_form == "word":
            forms[column.name] = lambda text: f"lower(trim({text}))"
        elif column.key_form == "address":
            forms[column.name] = partial(_lower_address, dialect)
        elif aliases.get(column.name):
            forms[column.name] = partial(_renamed, dialect, aliases[column.name])
    return forms


def _lower_address(dialect: Dialect, text: str) -> str:
    return f"CASE WHEN {text} LIKE '%@%' THEN lower({dialect.trimmed(text)}) ELSE {text} END"


def _renamed(dialect: Dialect, names: Mapping[str, str], text: str) -> str:
    cases = " ".join(
        f"WHEN {dialect.literal(name)} THEN {dialect.literal(canonical)}" for name, canonical in sorted(names.items())
    )
    return f"CASE {text} {cases} ELSE {text} END"


def named_columns(contract: Contract) -> list[Column]:
    """Return the key's columns that name something in the room."""
    return [column for column in _formed(contract) if column.key_form == "name"]


def named_parts(contract: Contract) -> set[CatalogPart]:
    """Return the parts of the catalog that say what they mean."""
    return {part for column in named_columns(contract) for part in column.needs}


def has_forms(contract: Contract) -> bool:
    """Return whether a column of the key has several spellings of one thing."""
    return bool(_formed(contract))


def _formed(contract: Contract) -> list[Column]:
    return [column for column in contract.columns if column.key_form and column.name in contract.key]

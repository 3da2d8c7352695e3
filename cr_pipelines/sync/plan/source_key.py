"""The key of a source row in SQL, with one spelling for each thing that the API treats as one.

Goes in: the source's dialect, and a sync whose names in keys the planner has looked up. Comes out: one expression.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

from cr_pipelines.sync.contract import CatalogPart, Column, Contract
from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.state.statements import row_key
from cr_pipelines.warehouse import SourceDialect


def source_key(dialect: SourceDialect, sync: Sync, types: Mapping[str, str]) -> str:
    """Return the expression for a source row's key, given the types of its columns."""
    forms = {} if sync.key_names is None else key_forms(dialect, sync.contract, sync.key_names)
    return row_key(dialect, sync.contract, types, forms)


def former_key(dialect: SourceDialect, sync: Sync, types: Mapping[str, str]) -> str:
    """Return the expression for a row's former key.

    In it, blanks around tags and accounts counted, and the database's language decided about lower case.
    """
    forms = key_forms(dialect, sync.contract, sync.key_names or {}, former=True)
    return row_key(dialect, sync.contract, types, forms)


def key_without_domains(dialect: SourceDialect, sync: Sync, types: Mapping[str, str]) -> str | None:
    """Return the expression for a row's key with domains as the source spells them, or None if none has another."""
    names = sync.key_names or {}
    spelled = {column.name for column in address_columns(sync.contract)}
    if not any(names.get(name) for name in spelled):
        return None
    return source_key(dialect, replace(sync, key_names={name: names[name] for name in names.keys() - spelled}), types)


def key_forms(
    dialect: SourceDialect, contract: Contract, aliases: Mapping[str, Mapping[str, str]], *, former: bool = False
) -> Mapping[str, Callable[[str], str]]:
    """Return the expressions for the canonical spelling of each key column, given the names to replace.

    `former` is as in `former_key`.
    """
    forms: dict[str, Callable[[str], str]] = {}
    lowered = "lower({})".format if former else dialect.lowered
    for column in _formed(contract):
        if column.key_form == "word":
            forms[column.name] = lambda text: lowered(f"trim({text})")
        elif column.key_form == "address":
            domains = {} if former else aliases.get(column.name, {})
            forms[column.name] = partial(_lower_address, dialect, lowered, domains, trim=not former)
        elif column.key_form == "line" and not former:
            forms[column.name] = dialect.trimmed
        elif aliases.get(column.name):
            forms[column.name] = partial(_renamed, dialect, aliases[column.name])
    return forms


def _lower_address(
    dialect: SourceDialect, lowered: Callable[[str], str], domains: Mapping[str, str], text: str, *, trim: bool
) -> str:
    trimmed = dialect.trimmed(text)
    address = lowered(trimmed)
    in_ascii = ""
    if domains:
        # Engines cannot write a domain in ASCII, so the planner has looked up those that the source has.
        domain = _renamed(dialect, domains, _domain(address))
        local = f"regexp_replace({address}, '[^@]*$', '')"
        in_ascii = f"WHEN {_has_foreign_domain(dialect, text)} THEN {local} || {domain} "
    return f"CASE {in_ascii}WHEN {text} LIKE '%@%' THEN {address} ELSE {trimmed if trim else text} END"


def foreign_domain(dialect: SourceDialect, text: str) -> str:
    """Return the expression for an address's domain, as `key_forms` looks it up; null if the address is in ASCII."""
    return f"CASE WHEN {_has_foreign_domain(dialect, text)} THEN {_domain(dialect.lowered(dialect.trimmed(text)))} END"


def _has_foreign_domain(dialect: SourceDialect, text: str) -> str:
    return f"{text} LIKE '%@%' AND {dialect.byte_length(text)} > length({text})"


def _domain(address: str) -> str:
    return f"regexp_replace({address}, '^.*@', '')"


def _renamed(dialect: SourceDialect, names: Mapping[str, str], text: str) -> str:
    cases = " ".join(
        f"WHEN {dialect.literal(name)} THEN {dialect.literal(canonical)}" for name, canonical in sorted(names.items())
    )
    return f"CASE {text} {cases} ELSE {text} END"


def named_columns(contract: Contract) -> list[Column]:
    """Return the key's columns that name something in the room."""
    return [column for column in _formed(contract) if column.key_form == "name"]


def address_columns(contract: Contract) -> list[Column]:
    """Return the key's columns that may have an address."""
    return [column for column in _formed(contract) if column.key_form == "address"]


def named_parts(contract: Contract) -> set[CatalogPart]:
    """Return the parts of the catalog that define the names in the key."""
    return {part for column in named_columns(contract) for part in column.needs}


def has_trimmed(contract: Contract) -> bool:
    """Return whether the key has a tag or an account; the blanks around these were once part of keys."""
    return any(column.key_form in ("address", "line") for column in _formed(contract))


def has_forms(contract: Contract) -> bool:
    """Return whether a column of the key may spell one thing in several ways."""
    return bool(_formed(contract))


def _formed(contract: Contract) -> list[Column]:
    return [
        column for column in contract.columns if column.key_form and any(column.name in key for key in contract.keys)
    ]

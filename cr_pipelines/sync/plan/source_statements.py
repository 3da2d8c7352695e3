"""The SQL that reads keys, hashes, fingerprints and values of a source's rows, wherever the state tables are.

Goes in: the source's dialect, the sync, its rows for a FROM clause, and the types of its columns. Comes out: one query,
or expressions for one.
"""

from collections.abc import Collection, Mapping

from cr_pipelines.sync.model import Sync
from cr_pipelines.sync.plan.source_key import former_key, has_trimmed, key_without_domains, source_key
from cr_pipelines.sync.state.statements import row_key
from cr_pipelines.warehouse import SourceDialect

_MOST_NAMES = 10_000


def hash_keys(dialect: SourceDialect, sync: Sync, source: str, types: Mapping[str, str], keys: Collection[str]) -> str:
    """Return the query behind `cr_source_keys`; `keys` limits it to these keys."""
    only = f"WHERE key IN {dialect.listed(keys)}" if keys else ""
    return f"""
        SELECT key, row_hash
        FROM (
            SELECT {source_key(dialect, sync, types)} AS key, {dialect.row_hash(types)} AS row_hash
            FROM {source}
        ) AS hashed
        {only}"""


def spellings(dialect: SourceDialect, sync: Sync, source: str, types: Mapping[str, str], *, names: bool = False) -> str:
    """Return every row's key in its present and former spelling (`was`), for a FROM clause.

    Keys were once the engine's text of a column, such as `1.0` for a DOUBLE that is 1 as a BIGINT. With `names`, the
    former spelling also has names and domains as the source spells them, and blanks around tags and accounts.
    """
    plain = row_key(dialect, sync.contract, types)
    if not names:
        was = row_key(dialect, sync.contract, {}, columns=types)
        return f"(SELECT {was} AS was, {plain} AS key FROM {source}) AS spelled"
    now = source_key(dialect, sync, types)
    were = [plain, former_key(dialect, sync, types)] if has_trimmed(sync.contract) else [plain]
    without_domains = key_without_domains(dialect, sync, types)
    were += [without_domains] if without_domains else []
    selects = " UNION ALL ".join(f"SELECT {was} AS was, {now} AS key FROM {source}" for was in were)
    return f"({selects}) AS spelled"


def distinct_names(text: str, source: str) -> str:
    """Return a query for the distinct texts of a column of the source."""
    return f"SELECT DISTINCT {text} AS name FROM {source} WHERE {text} IS NOT NULL LIMIT {_MOST_NAMES}"


def find_fingerprints(dialect: SourceDialect, types: Mapping[str, str]) -> list[str]:
    """Return the expression for a row's fingerprint, and the former one if it may differ.

    Former fingerprints ignored column types, and took numbers and padded text from the engine's own JSON.
    """
    found = [dialect.fingerprint(types)]
    if any(map(dialect.has_former_fingerprint, types.values())):
        found.append(dialect.fingerprint(dict.fromkeys(types, "")))
    return found


def source_values(dialect: SourceDialect, sync: Sync, types: Mapping[str, str]) -> list[str]:
    """Return the source columns in the form in which they are sent, with names that begin with `value_`."""
    contract = sync.contract
    identities = {*contract.key, *(column.name for column in contract.columns if column.person_id)}
    return [
        f"{(dialect.readable_identity if name in identities else dialect.readable)(name, kind)} "
        f"AS {dialect.identifier(f'value_{name}')}"
        for name, kind in types.items()
    ]

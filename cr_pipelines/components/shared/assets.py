"""Names that all assets of the package share, and asset keys.

Goes in: what a user wrote in YAML or Python, and the environment. Comes out: keys, the group, the pool and the kinds
of an asset.
"""

from collections.abc import Iterable, Sequence

import dagster as dg

from cr_pipelines.settings import warehouse_url
from cr_pipelines.warehouse import Relation, kind_of

GROUP = "common_room"
"""The default group of every asset, and the first part of its default key."""

POOL = "common_room_api"
"""Syncs share the token's rate limit. Give this pool a limit in Dagster to run fewer of them at once."""


def warehouse_kind(url: str | None = None) -> str:
    """Return the warehouse's engine from the scheme of its URL, such as `duckdb`; `sql` for any other text.

    By default, the URL is CR_WAREHOUSE_URL.

    Loading a code location may read the environment, but must not connect.
    """
    return kind_of(url or warehouse_url()) or "sql"


def asset_kinds(url: str | None = None) -> set[str]:
    """Return the kinds of an asset that writes to Common Room from the warehouse with this URL."""
    return {"commonroom", warehouse_kind(url)}


def to_asset_key(key: dg.AssetKey | str | Sequence[str]) -> dg.AssetKey:
    """Return the asset key that a user wrote; a string is split at slashes."""
    return dg.AssetKey.from_user_string(key) if isinstance(key, str) else dg.AssetKey.from_coercible(key)


def upstream_keys(
    relation: Relation,
    source: str,
    upstream: Iterable[dg.AssetKey | str | Sequence[str]] | None = None,
    *,
    prefix: str = "",
) -> list[dg.AssetKey]:
    """Return the keys of what a source reads: `upstream` if given, otherwise the table itself; nothing for a query.

    The key of the table begins with `prefix`, the name of its connection.
    """
    if upstream is not None:
        return [to_asset_key(key) for key in upstream]
    return [] if relation.is_query else [dg.AssetKey([*([prefix] if prefix else []), *source.split(".")])]

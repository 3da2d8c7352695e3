"""The location of privacy requests, declared by the removals and read by the syncs of the same connection.

Goes in: the specs of a code location. Comes out: the tables of requests, and the assets of the removals.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from cr_pipelines.components.shared.checks import ERROR, WARN, check_result
from cr_pipelines.components.shared.connections import Connection, connection_of_spec
from cr_pipelines.components.shared.metadata import metadata_value
from cr_pipelines.sync import RequestSource, privacy_messages

_REQUESTS = "common_room/requests"
_REQUEST_TABLES = "common_room/request_tables"

REQUESTS_SUBMITTED = "requests_submitted"
ADDRESSES_PERSONAL = "addresses_personal"
"""The checks of the removals' asset that every sync evaluates too, because the removals may be switched off."""

_MOST_NAMED = 20


def removals_metadata(source: RequestSource) -> dict[str, Any]:
    """Return the metadata of the removals' asset that says where requests are, so that syncs find them too."""
    return {_REQUESTS: asdict(source)}


def sync_requests_metadata(sources: Sequence[RequestSource]) -> dict[str, Any]:
    """Return the metadata of a sync's asset that says which tables of requests it reads."""
    return {_REQUEST_TABLES: [asdict(source) for source in sources]}


def removals_keys_of(specs: Iterable[dg.AssetSpec], connection: Connection) -> list[dg.AssetKey]:
    """Return the assets of the connection's removals among the specs of a code location."""
    return [spec.key for spec in _removals(specs) if _is_of(spec, connection)]


def request_sources_of(specs: Iterable[dg.AssetSpec], connection: Connection) -> tuple[RequestSource, ...]:
    """Return where the privacy requests of a connection are, according to the specs of a code location.

    They are in the tables that the connection's removals read. The default table counts only if there are no removals.
    """
    removals = _removals(specs)
    if not removals:
        return (RequestSource(),)
    own = (RequestSource(**metadata_value(spec, _REQUESTS)) for spec in removals if _is_of(spec, connection))
    return tuple(dict.fromkeys(own))


def request_sources_of_sync(spec: dg.AssetSpec, around: Sequence[dg.AssetSpec]) -> tuple[RequestSource, ...]:
    """Return the tables of requests that a sync reads, from its spec and those of its code location.

    A job that runs in this process has no code location; in that case, the sync's own spec has the project's tables.
    """
    listed = [RequestSource(**source) for source in metadata_value(spec, _REQUEST_TABLES) or ()]
    if _REQUEST_TABLES in spec.metadata and not _removals(around):
        return tuple(listed)
    return tuple(dict.fromkeys((*listed, *request_sources_of(around, connection_of_spec(spec)))))


def requests_submitted(key: dg.AssetKey, waiting: int, problem: str | None = None) -> dg.AssetCheckResult:
    """Return whether no privacy request waits to be submitted."""
    messages = privacy_messages(waiting, 0, problem)
    message = "; ".join(messages) or "no privacy request waits to be submitted"
    return check_result(key, REQUESTS_SUBMITTED, WARN if messages else None, message, {"requests_waiting": waiting})


def addresses_personal(key: dg.AssetKey, undecided: int, ids: Sequence[str]) -> dg.AssetCheckResult:
    """Return whether no privacy request waits for a decision about its address; `ids` has some that do."""
    message = (
        f"{undecided:,} requests wait for a decision: their address was sent for many people or things, and rows that "
        "contain it are suppressed. Confirm each (cr-pipelines pii confirm ID) or lift it (cr-pipelines pii "
        f"unsuppress ID). Request ids: {', '.join(ids[:_MOST_NAMED])}"
        if undecided
        else "no request waits for a decision"
    )
    return check_result(key, ADDRESSES_PERSONAL, ERROR if undecided else None, message, {"requests_shared": undecided})


def _removals(specs: Iterable[dg.AssetSpec]) -> list[dg.AssetSpec]:
    return [spec for spec in specs if _REQUESTS in spec.metadata]


def _is_of(spec: dg.AssetSpec, connection: Connection) -> bool:
    found = connection_of_spec(spec)
    return (found.common_room, found.warehouse) == (connection.common_room, connection.warehouse)

"""Where privacy requests are, said by one component and read by the others.

Goes in: the specs of a code location. Comes out: the source of requests that the removals read.
"""

from collections.abc import Iterable

import dagster as dg

from cr_pipelines.components.shared.checks import WARN, check_result
from cr_pipelines.sync import RequestSource, privacy_messages

REQUESTS = "common_room/requests"
"""The metadata of the removals' asset that says where requests are, so that syncs find them too."""


REQUESTS_SUBMITTED = "requests_submitted"
"""The check of the removals' asset that every sync evaluates too, as the removals themselves may be switched off."""


def removals_key_of(specs: Iterable[dg.AssetSpec]) -> dg.AssetKey | None:
    """Return the key of the removals' asset by the specs of a code location; None if it has none."""
    return next((spec.key for spec in specs if REQUESTS in spec.metadata), None)


def requests_submitted(key: dg.AssetKey, waiting: int, problem: str | None = None) -> dg.AssetCheckResult:
    """Return whether no privacy request waits to be submitted."""
    messages = privacy_messages(waiting, problem)
    message = "; ".join(messages) or "no privacy request waits to be submitted"
    return check_result(key, REQUESTS_SUBMITTED, WARN if messages else None, message, {"requests_waiting": waiting})


def request_source_of(specs: Iterable[dg.AssetSpec]) -> RequestSource:
    """Return where privacy requests are by the specs of a code location; the default table if none says."""
    for spec in specs:
        found = spec.metadata.get(REQUESTS)
        if found is not None:
            return RequestSource(**dict(getattr(found, "value", found)))
    return RequestSource()

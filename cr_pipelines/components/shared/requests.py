"""Where privacy requests are, said by one component and read by the others.

Goes in: the specs of a code location. Comes out: the source of requests that the removals read.
"""

from collections.abc import Iterable

import dagster as dg

from cr_pipelines.sync import RequestSource

REQUESTS = "common_room/requests"
"""The metadata of the removals' asset that says where requests are, so that syncs find them too."""


def request_source_of(specs: Iterable[dg.AssetSpec]) -> RequestSource:
    """Return where privacy requests are by the specs of a code location; the default table if none says."""
    for spec in specs:
        found = spec.metadata.get(REQUESTS)
        if found is not None:
            return RequestSource(**dict(getattr(found, "value", found)))
    return RequestSource()

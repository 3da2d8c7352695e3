"""The checks of the removals.

Goes in: the status of all requests, and why their table could not be read, if it could not. Comes out: a result for
each check, whose description says what to do. It names requests by id, and never people.
"""

import dagster as dg

from cr_pipelines.components.shared.checks import ERROR, WARN, check_result
from cr_pipelines.components.shared.requests import ADDRESSES_PERSONAL, REQUESTS_SUBMITTED
from cr_pipelines.removal import Standing
from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import SourceMissing, WarehouseError

REQUESTS_USABLE = "requests_usable"
REMOVED_IN_TIME = "removed_in_time"


def removal_check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks of the removals."""
    return [
        dg.AssetCheckSpec(
            REQUESTS_USABLE,
            asset=key,
            description="The table of requests exists, and every request has a valid email address. If this fails, "
            "correct the address in the request's row; the request is then processed again.",
        ),
        dg.AssetCheckSpec(
            REQUESTS_SUBMITTED,
            asset=key,
            description="No privacy request waits to be submitted to Common Room. Every run of a sync checks this too. "
            "If this fails, start the sensor, or materialize this asset; until then, the people are suppressed, but "
            "not removed.",
        ),
        dg.AssetCheckSpec(
            ADDRESSES_PERSONAL,
            asset=key,
            description="No request is about an address that was sent for many people or things, such as that of a "
            "footer or a mailing list. Every run of a sync checks this too. If this fails, decide whether it is one "
            "person's address (cr-pipelines pii confirm) or not (cr-pipelines pii unsuppress).",
        ),
        dg.AssetCheckSpec(
            REMOVED_IN_TIME,
            asset=key,
            description="No removal is overdue: Common Room no longer has a person 15 days after their removal was "
            "submitted. Executing this check alone looks up everyone who is due for a lookup. If this fails, send the "
            "report of the overdue requests (cr-pipelines pii report) to Common Room's support.",
        ),
    ]


def requests_usable(
    key: dg.AssetKey, standing: Standing, problem: WarehouseError | SourceUnusable | None
) -> dg.AssetCheckResult:
    """Return whether the requests can be read and each of them has an address."""
    invalid = standing.by_status.get("invalid", 0)
    if problem is not None:
        severity = WARN if isinstance(problem, SourceMissing) and not standing.by_status else ERROR
        message = disabled(problem)
    elif standing.invalid:
        severity = WARN
        message = (
            f"{invalid:,} requests have no valid email address, so nobody can be removed; correct the address in the "
            f"row, and the request is processed again. Request ids: {', '.join(standing.invalid)}"
        )
    else:
        severity, message = None, "every request has an email address"
    return check_result(key, REQUESTS_USABLE, severity, message, {"requests_invalid": invalid})


def removed_in_time(key: dg.AssetKey, standing: Standing) -> dg.AssetCheckResult:
    """Return whether Common Room removed everyone within its 15 days."""
    overdue = standing.by_status.get("overdue", 0)
    message = (
        f"{overdue:,} requests are overdue: submitted more than 15 days ago, and not verified as removed. Request ids: "
        f"{', '.join(standing.overdue)}. Contact Common Room's support; `cr-pipelines pii report` has the dates"
        if standing.overdue
        else "no removal is overdue"
    )
    return check_result(
        key, REMOVED_IN_TIME, ERROR if standing.overdue else None, message, {"requests_overdue": overdue}
    )


def disabled(problem: WarehouseError | SourceUnusable) -> str:
    """Return the message for a source that cannot be read."""
    return (
        "pii_removals accepts no new requests. Create the table or view, or name another source in the component's "
        f"definition: {problem}"
    )

import dagster as dg

from cr_pipelines.removal import Standing
from cr_pipelines.sync import SourceUnusable
from cr_pipelines.warehouse import SourceMissing

REQUESTS_USABLE = "requests_usable"
REMOVED_IN_TIME = "removed_in_time"

_WARN, _ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


def removal_check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """The checks of the removals."""
    return [
        dg.AssetCheckSpec(
            REQUESTS_USABLE,
            asset=key,
            description="The table of requests is there, and every request has an e-mail address. Otherwise: correct "
            "the address in the request's row, and it is taken up again.",
        ),
        dg.AssetCheckSpec(
            REMOVED_IN_TIME,
            asset=key,
            description="No removal is overdue: 15 days after it was submitted, Common Room does not have the person "
            "any more. Executing this check alone looks up whom it is time to look up. Otherwise: show the report of "
            "the overdue requests (cr-pipelines pii report) to Common Room's support.",
        ),
    ]


def requests_usable(
    key: dg.AssetKey, standing: Standing, problem: SourceMissing | SourceUnusable | None
) -> dg.AssetCheckResult:
    """Whether the requests can be read, and each says who it is about."""
    if problem is not None:
        severity = _WARN if isinstance(problem, SourceMissing) and not standing.by_status else _ERROR
        said = disabled(problem)
    elif standing.invalid:
        severity = _WARN
        count = standing.by_status.get("invalid", 0)
        said = (
            f"{count:,} requests have no usable address, so nobody can be removed by them; correct the address in the "
            f"row, and it is taken up again. Their ids: {', '.join(standing.invalid)}"
        )
    else:
        severity, said = None, "every request has an address"
    return _result(key, REQUESTS_USABLE, severity, said, {"requests_invalid": standing.by_status.get("invalid", 0)})


def removed_in_time(key: dg.AssetKey, standing: Standing) -> dg.AssetCheckResult:
    """Whether Common Room kept its 15 days."""
    overdue = standing.by_status.get("overdue", 0)
    said = (
        f"{overdue:,} requests are overdue: Common Room was asked more than 15 days ago and was not seen to have "
        f"forgotten the person. Their ids: {', '.join(standing.overdue)}. Take them up with Common Room's support; "
        "`cr-pipelines pii report` has the dates"
        if standing.overdue
        else "no removal is overdue"
    )
    return _result(key, REMOVED_IN_TIME, _ERROR if standing.overdue else None, said, {"requests_overdue": overdue})


def disabled(problem: SourceMissing | SourceUnusable) -> str:
    """What is said of a source that cannot be read."""
    return (
        "pii_removals takes up no new requests. Create the table or view, or name another source in the definition of "
        f"the removals: {problem}"
    )


def _result(
    key: dg.AssetKey,
    name: str,
    severity: dg.AssetCheckSeverity | None,
    description: str,
    metadata: dict[str, int],
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=severity is None,
        asset_key=key,
        check_name=name,
        severity=severity or _ERROR,
        description=description,
        metadata=metadata,
    )

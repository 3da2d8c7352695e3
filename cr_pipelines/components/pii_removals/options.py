"""What a user can choose about privacy requests.

Goes in: YAML attributes, or the run config of the Launchpad. Comes out: the choices, validated, as Dagster or the
removals take them.
"""

from typing import Literal

import dagster as dg
from pydantic import Field

from cr_pipelines.removal import RequestSource


class RemovalRunConfig(dg.Config):
    """What one run of the removals does. By default, it settles every request that is due."""

    request_ids: list[str] = Field(
        default=[],
        description="Only these requests, as spelled in the column request_id of pii_removals. Dagster stores and "
        "shows run config, so never enter an email address here.",
    )

    def chosen(self) -> list[str] | None:
        """Return the requests, or None for all of them.

        Raises ValueError for an id that may be an email address, without naming it.
        """
        if any("@" in request_id for request_id in self.request_ids):
            raise ValueError(
                "request_ids contains an @; such an id is stored as sha256: and its hash, so copy it from the column "
                "request_id of pii_removals"
            )
        return self.request_ids or None


class RequestColumns(dg.Model, dg.Resolvable):
    """The names of the columns of a privacy request in the source."""

    request_id: str = Field(
        default="request_id", description="Id of the request; not an email address or a name of a person."
    )
    email: str = Field(default="email", description="Email address of the person.")
    requested_at: str = Field(default="requested_at", description="When the request was made. The column is optional.")

    def of(self, source: str) -> RequestSource:
        """Return the source as the removals take it. Raises ValueError if it is neither a table name nor a query."""
        found = RequestSource(source, self.request_id, self.email, self.requested_at)
        _ = found.relation
        return found


class RemovalSensor(dg.Model, dg.Resolvable):
    """How the table of requests is watched."""

    interval_seconds: int = Field(default=60, ge=1, description="Minimum number of seconds between two checks.")
    status: Literal["stopped", "running"] = Field(
        default="stopped",
        description="Whether the sensor is on after deployment. By default, somebody turns it on in Dagster, because a "
        "removal cannot be undone.",
    )
    requests_per_run: int = Field(default=500, ge=1, description="Maximum number of requests per run.")

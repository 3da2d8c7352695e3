from typing import Literal

import dagster as dg
from pydantic import Field

from cr_pipelines.removal import RequestSource


class RemovalRunConfig(dg.Config):
    """What one run of the removals does; leave it alone to settle every request that is due."""

    request_ids: list[str] = Field(
        default=[],
        description="Only these requests, as the column request_id of pii_removals spells them. Run config is kept and "
        "shown by Dagster: never put an address here.",
    )

    def chosen(self) -> list[str] | None:
        """The requests, or None for every one. Raises ValueError for an id that may be an address; never names it."""
        if any("@" in request_id for request_id in self.request_ids):
            raise ValueError(
                "request_ids holds a text with an @; our tables keep such an id as sha256: and its hash, so name it as "
                "the column request_id of pii_removals spells it"
            )
        return self.request_ids or None


class RequestColumns(dg.Model, dg.Resolvable):
    """What the source calls the columns of a privacy request."""

    request_id: str = Field(default="request_id", description="The request's id; not an address, nor a name.")
    email: str = Field(default="email", description="The person's e-mail address.")
    requested_at: str = Field(default="requested_at", description="When it was made; a source may do without.")

    def of(self, source: str) -> RequestSource:
        """The source as the engine takes it. Raises ValueError for a text that is no source."""
        found = RequestSource(source, self.request_id, self.email, self.requested_at)
        _ = found.relation
        return found


class RemovalSensor(dg.Model, dg.Resolvable):
    """How the table of requests is watched."""

    interval_seconds: int = Field(default=60, ge=1, description="Least time between two looks.")
    status: Literal["stopped", "running"] = Field(
        default="stopped",
        description="Whether it watches without being switched on in Dagster. A removal cannot be undone, so it waits "
        "for a person by default.",
    )
    requests_per_run: int = Field(default=500, ge=1, description="At most so many requests go into one run.")

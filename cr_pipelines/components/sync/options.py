from datetime import date, timedelta
from typing import Annotated, Literal, Self

import dagster as dg
from pydantic import Field, model_validator

from cr_pipelines.sync import Options, Resync


class SyncRunConfig(dg.Config):
    """What one run of a sync does differently; set it in the Launchpad, or leave it alone."""

    dry_run: bool = Field(
        default=False, description="Plan and check every row and show the counts, but send and record nothing."
    )
    resync: Resync = Field(
        default="changed",
        description="Which rows to offer: 'changed' (new, changed, and failed or invalid before), 'failed' (failed or "
        "rejected before, changed or not), or 'all'.",
    )
    keys: list[str] = Field(
        default=[],
        description="Only these keys, as the ledger spells them (the column key of sync_ledger). Run config is kept "
        "and shown by Dagster: never put an address here.",
    )
    limit: int | None = Field(default=None, description="Offer at most so many rows, 1 or more.")

    def options(self) -> Options:
        """The choices as the engine takes them. Raises ValueError, without naming the value, for one that cannot be."""
        if self.limit is not None and self.limit < 1:
            raise ValueError("limit must be 1 or more; leave it out to offer every row")
        if any("@" in key and not key.startswith("@") for key in self.keys):
            raise ValueError(
                "keys holds a text with an @; the ledger keeps such a key as sha256: and its hash, so name it as "
                "the column key of sync_ledger spells it"
            )
        return Options(dry_run=self.dry_run, resync=self.resync, keys=tuple(self.keys), limit=self.limit)


class SyncSchedule(dg.Model, dg.Resolvable):
    """When a sync runs on its own."""

    cron: str = Field(description="Five cron fields, such as 0 * * * * for every hour.", examples=["0 * * * *"])
    timezone: str = Field(default="UTC", description="Time zone of the cron fields, such as Europe/Berlin.")
    status: Literal["stopped", "running"] = Field(
        default="stopped",
        description="Whether the schedule runs without being switched on in Dagster. A sync touches people's data, "
        "so it waits for a person by default.",
    )


class RejectionThresholds(dg.Model, dg.Resolvable):
    """From which share of invalid and rejected rows, 0 to 1, the check `rejections_under_threshold` fails."""

    warn_above: float = Field(default=0.01, ge=0, le=1, description="Above this share the check warns.")
    fail_above: float = Field(default=0.1, ge=0, le=1, description="Above this share the check is an error.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_above > self.fail_above:
            raise ValueError(
                f"warn_above ({self.warn_above:g}) must not exceed fail_above ({self.fail_above:g}): both are shares "
                "of the source's rows, such as 0.01 and 0.1"
            )
        return self


class DailyPartitions(dg.Model, dg.Resolvable):
    """A partition of the asset for each day in UTC, today's included.

    Each partition is planned, sent and recorded alone, by the moment in the contract's timestamp column. A row that
    comes late, for a day gone by, is found by the re-check of the days just past, or by a backfill of older ones.
    """

    start: Annotated[date, dg.Resolver.default(model_field_type=str)] = Field(
        description="The first day. Rows of earlier days belong to no partition and are not sent; the check "
        "rows_within_partitions counts them.",
        examples=["2025-01-01"],
    )
    recheck_days: int = Field(
        default=7, ge=0, description="So many days before today are looked at again for late rows; 0 for none."
    )
    recheck_cron: str = Field(
        default="45 2 * * *",
        description="When they are, in the time zone of the sync's schedule.",
        examples=["45 2 * * *"],
    )
    days_per_run: int = Field(
        default=1,
        ge=1,
        description="So many days of a backfill share a run. Each day is recorded as it is done; a run that fails "
        "leaves the days that it did not come to.",
    )

    def definition(self) -> dg.DailyPartitionsDefinition:
        """The partitions as Dagster takes them."""
        return dg.DailyPartitionsDefinition(self.start.isoformat(), timezone="UTC", end_offset=1)


class SyncFreshness(dg.Model, dg.Resolvable):
    """How old the latest materialization may become."""

    fail_after_hours: float = Field(gt=0, description="Older than this, the asset counts as failing.", examples=[26])
    warn_after_hours: float | None = Field(default=None, gt=0, description="Older than this, it is warned about.")

    def policy(self) -> dg.FreshnessPolicy:
        """The policy as Dagster takes it."""
        warn = None if self.warn_after_hours is None else timedelta(hours=self.warn_after_hours)
        return dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=self.fail_after_hours), warn_window=warn)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_after_hours is not None and self.warn_after_hours >= self.fail_after_hours:
            raise ValueError(
                f"warn_after_hours ({self.warn_after_hours:g}) must be less than fail_after_hours "
                f"({self.fail_after_hours:g})"
            )
        return self

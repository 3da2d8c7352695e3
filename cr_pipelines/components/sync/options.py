"""What a user can choose about a sync, in addition to what to sync.

Goes in: YAML attributes, or the run config of the Launchpad. Comes out: the choices, validated, as Dagster or the
engine takes them.
"""

from datetime import date, timedelta
from typing import Annotated, Self

import dagster as dg
from pydantic import Field, model_validator

from cr_pipelines.components.shared.schedules import SyncSchedule
from cr_pipelines.sync import Options, Resync


class SyncRunConfig(dg.Config):
    """What one run of a sync does differently. The defaults are right for every scheduled run."""

    dry_run: bool = Field(
        default=False, description="Plan and validate every row and show the counts, but send and record nothing."
    )
    resync: Resync = Field(
        default="changed",
        description="Which rows to send: 'changed' (new and changed rows, and rows that failed or were invalid "
        "before), 'failed' (only rows that failed or were rejected before, changed or not), or 'all'.",
    )
    keys: list[str] = Field(
        default=[],
        description="Only the rows with these keys, as spelled in the column key of sync_ledger. Dagster stores and "
        "shows run config, so never enter an email address here.",
    )
    limit: int | None = Field(default=None, description="Send at most this many rows. Unlimited by default.")

    def options(self) -> Options:
        """Return the choices as the engine takes them.

        Raises ValueError for an invalid choice, without naming its value.
        """
        if self.limit is not None and self.limit < 1:
            raise ValueError("limit must be 1 or more; leave it out to send every row")
        if any("@" in key and not key.startswith("@") for key in self.keys):
            raise ValueError(
                "keys contains an @; the ledger stores such a key as sha256: and its hash, so copy it from the column "
                "key of sync_ledger"
            )
        return Options(dry_run=self.dry_run, resync=self.resync, keys=tuple(self.keys), limit=self.limit)


class RejectionThresholds(dg.Model, dg.Resolvable):
    """The shares of invalid and rejected rows, 0 to 1, above which the check `rejections_under_threshold` fails."""

    warn_above: float = Field(default=0.01, ge=0, le=1, description="Above this share, the check warns.")
    fail_above: float = Field(default=0.1, ge=0, le=1, description="Above this share, the check fails with an error.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_above > self.fail_above:
            raise ValueError(
                f"warn_above ({self.warn_above:g}) must not exceed fail_above ({self.fail_above:g}): both are shares "
                "of the source's rows, such as 0.01 and 0.1"
            )
        return self


class DeliveryThresholds(dg.Model, dg.Resolvable):
    """How many rows may fail to arrive before the check `delivery_complete` warns or fails.

    Rows count that were failed, not sent or unknown. Each limit is exceeded on its own: a share of the source's rows, 0
    to 1, and a number of rows.
    """

    warn_above: float = Field(default=0.01, ge=0, le=1, description="Above this share of rows, the check warns.")
    fail_above: float = Field(default=0.1, ge=0, le=1, description="Above this share of rows, the check fails.")
    warn_above_rows: int = Field(default=100, ge=0, description="Above this number of rows, the check warns.")
    fail_above_rows: int = Field(default=10_000, ge=0, description="Above this number of rows, the check fails.")
    suppressed_jump: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="The check warns when more than this share of the rows, and more than five rows, became suppressed "
        "since the last runs.",
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.warn_above > self.fail_above or self.warn_above_rows > self.fail_above_rows:
            raise ValueError(
                f"warn_above ({self.warn_above:g}) must not exceed fail_above ({self.fail_above:g}), nor "
                f"warn_above_rows ({self.warn_above_rows}) fail_above_rows ({self.fail_above_rows})"
            )
        return self


class DeliveryAudit(dg.Model, dg.Resolvable):
    """How the check `delivered_rows_stored` looks up contacts that were delivered; only for contacts.

    It runs in its own job, and with a materialization from the Dagster UI.
    """

    sample: int = Field(default=20, ge=1, le=10_000, description="How many delivered rows to look up, at most.")
    settled_minutes: float = Field(
        default=10.0, ge=0, description="Only rows that were delivered at least this many minutes ago."
    )
    rate_share: float = Field(
        default=0.2, gt=0, le=1, description="How much of the rate limit to use, above 0 and up to 1."
    )
    schedule: SyncSchedule | None = Field(
        default=None, description="When to run the job on a schedule. No schedule by default."
    )


class DailyPartitions(dg.Model, dg.Resolvable):
    """A partition of the asset for each day in UTC, including today.

    Each partition is planned, sent and recorded on its own, by the contract's timestamp column. Late rows of the last
    few days are found by the recheck; late rows of earlier days by a backfill.
    """

    start: Annotated[date, dg.Resolver.default(model_field_type=str)] = Field(
        description="The first day. Earlier rows belong to no partition and are not sent; the check "
        "rows_within_partitions counts them.",
        examples=["2025-01-01"],
    )
    recheck_days: int = Field(
        default=7, ge=0, description="How many days before today to check again for late rows. 0 turns it off."
    )
    recheck_cron: str = Field(
        default="45 2 * * *",
        description="Cron expression of the recheck, in the time zone of the sync's schedule.",
        examples=["45 2 * * *"],
    )
    days_per_run: int = Field(
        default=1,
        ge=1,
        description="How many days of a backfill share a run. Each day is recorded when it is done; if the run fails, "
        "the remaining days are not synced.",
    )

    def definition(self) -> dg.DailyPartitionsDefinition:
        """Return the partitions as Dagster takes them."""
        return dg.DailyPartitionsDefinition(self.start.isoformat(), timezone="UTC", end_offset=1)


class SyncFreshness(dg.Model, dg.Resolvable):
    """Maximum age of the latest materialization."""

    fail_after_hours: float = Field(
        gt=0, description="The asset is failing when its latest materialization is older than this.", examples=[26]
    )
    warn_after_hours: float | None = Field(
        default=None,
        gt=0,
        description="Dagster warns when the latest materialization is older than this. Never by default.",
    )

    def policy(self) -> dg.FreshnessPolicy:
        """Return the policy as Dagster takes it."""
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

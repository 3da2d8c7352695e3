"""Schedules in one form.

Goes in: the cron fields that a user wrote. Comes out: the schedule of a job, stopped unless the user says otherwise.
"""

from typing import Any, Literal

import dagster as dg
from pydantic import Field


class SyncSchedule(dg.Model, dg.Resolvable):
    """When a job runs on a schedule."""

    cron: str = Field(
        description="Cron expression of five fields, such as 0 * * * * for every hour.", examples=["0 * * * *"]
    )
    timezone: str = Field(default="UTC", description="Time zone of the cron expression, such as Europe/Berlin.")
    status: Literal["stopped", "running"] = Field(
        default="stopped",
        description="Whether the schedule is on after deployment. By default, somebody turns it on in Dagster, because "
        "its runs change people's data in Common Room.",
    )

    @property
    def default_status(self) -> dg.DefaultScheduleStatus:
        """The status as Dagster takes it."""
        return dg.DefaultScheduleStatus[self.status.upper()]


def build_schedule(job: Any, schedule: SyncSchedule) -> dg.ScheduleDefinition:
    """Return the schedule `JOB_schedule`, each tick of which requests one run of the job."""
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=schedule.cron,
        execution_timezone=schedule.timezone,
        default_status=schedule.default_status,
        description=f"Runs {job.name}.",
    )

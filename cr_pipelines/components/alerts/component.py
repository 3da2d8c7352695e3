"""The component of alerts.

Goes in: the attributes of a `defs.yaml`, and the other components of the project. Comes out: a sensor that sends
alerts.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, Self

import dagster as dg
from pydantic import Field, model_validator
from typing_extensions import override

from cr_pipelines.components.alerts import conditions
from cr_pipelines.components.alerts.alert import Alert, Memory
from cr_pipelines.components.alerts.channels import AlertNotSent, Channel, EmailChannel, WebhookChannel
from cr_pipelines.components.connection import connection_of
from cr_pipelines.components.pii_removals import CommonRoomPiiRemovals
from cr_pipelines.components.shared.connections import Connection
from cr_pipelines.components.shared.project import components_of_project
from cr_pipelines.components.shared.runs import TICK_WAIT_SECONDS
from cr_pipelines.settings import SettingsError
from cr_pipelines.warehouse import WarehouseError

_SENDING_SECONDS = 20.0
"""How long a tick may spend on sending: Dagster ends it after a minute."""

_Removals = Mapping[str, tuple[CommonRoomPiiRemovals, Connection]]


class AlertsScaffolder(dg.Scaffolder):
    """Writes a `defs.yaml` whose webhook comes from the environment."""

    @override
    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        dg.scaffold_component(request, {"webhook_url": "{{ env.COMMON_ROOM_ALERTS_WEBHOOK }}"})


@dg.scaffold_with(AlertsScaffolder)
class CommonRoomAlerts(dg.Component, dg.Model, dg.Resolvable):
    """Sends alerts by webhook or e-mail: a run failed, a check is red, a removal is overdue, nothing succeeds.

        type: cr_pipelines.components.CommonRoomAlerts
        attributes:
          webhook_url: "{{ env.COMMON_ROOM_ALERTS_WEBHOOK }}"
          dagster_url: https://dagster.example.com

    It watches the syncs, removals and catalogs of the code location. An alert is sent once when something begins, again
    every `repeat_hours` while it lasts, and once when it is over. An alert that could not be sent is kept and sent by a
    later tick. Alerts hold no personal data.
    """

    webhook_url: str | None = Field(
        default=None,
        repr=False,
        description="URL to which each alert is posted as JSON with text, kind, severity, asset, check, partition, "
        "run_id, count, link and code_location. Slack and Mattermost show the text.",
        examples=["{{ env.COMMON_ROOM_ALERTS_WEBHOOK }}"],
    )
    email: EmailChannel | None = Field(default=None, description="Send alerts by e-mail.")
    name: str = Field(default="common_room_alerts", description="Name of the sensor.")
    dagster_url: str | None = Field(
        default=None, description="Address of the Dagster UI, for links to runs.", examples=["https://dagster.example"]
    )
    failed_runs: bool = Field(default=True, description="Whether to alert about failed runs.")
    failed_checks: Literal["error", "warn", "never"] = Field(
        default="error",
        description="Which checks to alert about: those that fail with an error, those that warn as well, or none.",
    )
    overdue_removals: bool = Field(
        default=True, description="Whether to alert about removals that are overdue, or due and not verified."
    )
    no_success_hours: float | None = Field(
        default=26,
        gt=0,
        description="Alert about an asset that has succeeded before, but not for this many hours. null turns it off.",
    )
    repeat_hours: float = Field(default=24, gt=0, description="How often an alert is repeated while it lasts.")
    interval_seconds: int = Field(default=60, ge=1, description="Minimum number of seconds between two checks.")
    status: Literal["stopped", "running"] = Field(
        default="running", description="Whether the sensor is on after deployment."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.email is None and "webhook_url" not in self.model_fields_set:
            raise ValueError("alerts need a webhook_url, an email, or both")
        return self

    def channels(self) -> dict[str, Channel]:
        """Return where alerts go. Raises SettingsError for a webhook whose environment variable is not set."""
        found: dict[str, Channel] = {}
        if "webhook_url" in self.model_fields_set:
            if not self.webhook_url:
                raise SettingsError("webhook_url is empty; set the environment variable that it names")
            found["webhook"] = WebhookChannel(self.webhook_url)
        if self.email is not None:
            found["email"] = self.email
        return found

    @override
    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        removals: dict[str, tuple[CommonRoomPiiRemovals, Connection]] = {}
        for removal in components_of_project(context, CommonRoomPiiRemovals) if self.overdue_removals else ():
            connection = connection_of(context, removal.connection)
            key = removal.asset_key or dg.AssetKey([connection.group, "pii_removals"])
            removals[key.to_user_string()] = (removal, connection)
        return dg.Definitions(sensors=[self._sensor(removals)])

    def _sensor(self, removals: _Removals) -> dg.SensorDefinition:
        @dg.sensor(
            name=self.name,
            minimum_interval_seconds=self.interval_seconds,
            default_status=dg.DefaultSensorStatus[self.status.upper()],
            required_resource_keys={connection.warehouse for _, connection in removals.values()},
            description="Sends an alert when a run fails, a check is red, a removal is overdue, or an asset has not "
            "succeeded for hours.",
        )
        def watch(context: dg.SensorEvaluationContext) -> dg.SensorResult:
            return self.tick(context, removals)

        return watch

    def tick(self, context: dg.SensorEvaluationContext, removals: _Removals) -> dg.SensorResult:
        """Look at everything once, and send what is due. Raises AlertNotSent if no alert can be sent."""
        channels = self.channels()
        memory, now = Memory.read(context.cursor), datetime.now(UTC)
        for began, over in self._conditions(context, removals, memory, now):
            memory.end(over, channels)
            memory.begin(began, channels, now.timestamp(), self.repeat_hours * 3600)
        due = sum(len(names) for _, names in memory.pending)
        problems = self._send(context, memory, channels)
        left = sum(len(names) for _, names in memory.pending)
        if problems and memory.cursor() == context.cursor:
            # There is nothing to remember, so the tick can fail, which shows that the channel is broken.
            raise AlertNotSent("; ".join(problems))
        for problem in problems:
            context.log.error(problem)
        text = conditions.summary(due - left, left) if due else "no alert is due"
        return dg.SensorResult(skip_reason=dg.SkipReason("; ".join([text, *problems])), cursor=memory.cursor())

    def _conditions(
        self, context: dg.SensorEvaluationContext, removals: _Removals, memory: Memory, now: datetime
    ) -> Iterator[tuple[list[Alert], list[Alert]]]:
        assets = conditions.our_assets(context)
        if self.failed_runs:
            yield [], conditions.recovered_runs(context, assets, memory)
            yield conditions.failed_runs(context, assets, memory), []
        if self.failed_checks != "never":
            began, over = conditions.checks(context, assets, memory, warnings=self.failed_checks == "warn")
            # The alert of a failed run says why its checks are red.
            yield [alert for alert in began if not (self.failed_runs and alert.run_id in memory.runs_seen)], over
        for asset, (removal, connection) in removals.items():
            try:
                opened = removal.get_removals(connection.open(context.resources), wait_seconds=TICK_WAIT_SECONDS)
                yield conditions.overdue_removals(asset, opened.standing(), now)
            except WarehouseError as error:
                # A sync may have the file open. A warehouse that is down fails its runs, which causes an alert anyway.
                context.log.warning("cannot check the removals of %s: %s", asset, error)
        if self.no_success_hours is not None:
            yield conditions.without_success(context, assets, self.no_success_hours, now)

    def _send(self, context: dg.SensorEvaluationContext, memory: Memory, channels: Mapping[str, Channel]) -> list[str]:
        """Send what is pending, and return what went wrong. A channel that fails waits for the next tick."""
        origin = context.code_location_origin
        location = origin.location_name if origin is not None else "cr_pipelines"
        broken: dict[str, str] = {}
        until = time.monotonic() + _SENDING_SECONDS
        kept = []
        for alert, names in memory.pending:
            left = []
            for name in names:
                if name in broken or time.monotonic() > until:
                    left.append(name)
                elif name in channels:
                    try:
                        channels[name].send(alert, self._link(alert), location)
                    except AlertNotSent as error:
                        broken[name] = str(error)
                        left.append(name)
            if left:
                kept.append((alert, left))
        memory.pending = kept
        return list(broken.values())

    def _link(self, alert: Alert) -> str | None:
        base = (self.dagster_url or "").rstrip("/")
        if not base or (alert.run_id is None and alert.asset is None):
            return None
        return f"{base}/runs/{alert.run_id}" if alert.run_id else f"{base}/assets/{alert.asset}"

    @classmethod
    @override
    def get_spec(cls) -> dg.ComponentTypeSpec:
        return dg.ComponentTypeSpec(
            description="Alerts by webhook or e-mail about the syncs and removals of a code location.",
            tags=["common-room"],
            produces=["sensor"],
        )

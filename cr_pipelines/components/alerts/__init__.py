"""Alerts in Dagster: problems that somebody must look at, sent by webhook or e-mail.

Goes in: YAML. Comes out: a sensor that watches the runs, checks and privacy requests of a code location.
"""

from cr_pipelines.components.alerts.alert import Alert
from cr_pipelines.components.alerts.channels import EmailChannel
from cr_pipelines.components.alerts.component import CommonRoomAlerts

__all__ = ["Alert", "CommonRoomAlerts", "EmailChannel"]

"""Channels: how an alert reaches a person.

Goes in: an alert. Comes out: a POST of JSON, or an e-mail. An error names no address, password or path of a URL, which
may be secret.
"""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Literal, Protocol

import dagster as dg
import httpx
from pydantic import Field

from cr_pipelines.components.alerts.alert import Alert
from cr_pipelines.errors import CrPipelinesError

_TIMEOUT_SECONDS = 10.0


class AlertNotSent(CrPipelinesError):
    """A channel did not accept an alert; the next tick tries again."""

    transient = True


class Channel(Protocol):
    """Where alerts go."""

    def send(self, alert: Alert, link: str | None, location: str) -> None:
        """Send one alert. Raises AlertNotSent."""


class WebhookChannel:
    """Posts alerts as JSON. `text` is what Slack, Mattermost and others show."""

    def __init__(self, url: str):
        self._url = url

    def send(self, alert: Alert, link: str | None, location: str) -> None:
        """Post one alert. Raises AlertNotSent unless the response is a success."""
        body = {
            "text": f"{alert.text} {link}" if link else alert.text,
            "kind": alert.kind,
            "severity": alert.severity,
            "asset": alert.asset,
            "check": alert.check,
            "partition": alert.partition,
            "run_id": alert.run_id,
            "count": alert.count,
            "link": link,
            "code_location": location,
        }
        try:
            response = httpx.post(self._url, json=body, timeout=_TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise AlertNotSent(f"the webhook cannot be reached ({type(error).__name__}); check webhook_url") from None
        if not response.is_success:
            raise AlertNotSent(f"the webhook responded with status {response.status_code}; check webhook_url")


class EmailChannel(dg.Model, dg.Resolvable):
    """Alerts by e-mail, through an SMTP server."""

    host: str = Field(description="Name of the SMTP server.", examples=["smtp.example.com"])
    sender: str = Field(description="Address of the sender.")
    recipients: list[str] = Field(min_length=1, description="Addresses of the recipients.")
    port: int = Field(default=587, ge=1, le=65535, description="Port of the SMTP server.")
    tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls",
        description="How the connection is encrypted: with STARTTLS, with TLS from the start, or not at all.",
    )
    username: str | None = Field(default=None, description="User name for the login. No login by default.")
    password: str | None = Field(
        default=None, repr=False, description="Password to log in with; take it from the environment."
    )

    def send(self, alert: Alert, link: str | None, location: str) -> None:
        """Send one alert. Raises AlertNotSent."""
        message = EmailMessage()
        message["Subject"] = f"[{location}] {alert.severity}: {alert.subject}"
        message["From"] = self.sender
        message["To"] = ", ".join(self.recipients)
        message.set_content("\n\n".join(filter(None, [alert.text, link])) + "\n")
        try:
            with self._connect() as server:
                if self.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.username is not None:
                    server.login(self.username, self.password or "")
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise AlertNotSent(
                f"the e-mail was not sent ({type(error).__name__}); check host, port, tls and login of email"
            ) from None

    def _connect(self) -> smtplib.SMTP:
        if self.tls == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT_SECONDS, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT_SECONDS)

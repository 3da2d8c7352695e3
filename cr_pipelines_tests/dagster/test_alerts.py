"""Alerts: what somebody must look at arrives once, at a real server, and again when it is over."""

import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from cr_pipelines.components import Alert, CommonRoomAlerts
from cr_pipelines.components.alerts import conditions
from cr_pipelines.components.alerts.alert import Memory
from cr_pipelines.components.alerts.channels import AlertNotSent
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import SettingsError
from cr_pipelines_tests.support.location import Location
from cr_pipelines_tests.support.receivers import Received, mail_server, webhook

pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")

SYNC = """
    type: cr_pipelines.components.CommonRoomSync
    attributes: {kind: contact, source: common_room_contacts, asset_key: common_room/contacts}
    ---
    type: cr_pipelines.components.CommonRoomPiiRemovals
"""


@pytest.fixture(scope="module")
def receiver() -> Iterator[Received]:
    with webhook() as received:
        yield received


@pytest.fixture
def received(receiver: Received) -> Received:
    """The webhook, which has received nothing. Its address stays, and with it the definitions that name it."""
    receiver.status = 200
    receiver.posts.clear()
    return receiver


@cache
def loaded(attributes: str) -> dg.Definitions:
    """A code location with alerts."""
    with create_defs_folder_sandbox() as sandbox:
        for name, text in {
            "alerts": f"type: cr_pipelines.components.CommonRoomAlerts\nattributes: {attributes}",
            "syncs": textwrap.dedent(SYNC),
        }.items():
            (sandbox.defs_folder_path / name).mkdir()
            (sandbox.defs_folder_path / name / "defs.yaml").write_text(text)
        with sandbox.build_all_defs() as definitions:
            resources = {"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}
            return dg.Definitions.merge(definitions, dg.Definitions(resources=resources))


class Watched:
    """A code location with alerts, and the ticks of their sensor."""

    def __init__(self, location: Location, attributes: str):
        self.cursor: str | None = None
        self.location = replace(location, definitions=loaded(attributes))

    def tick(self) -> str:
        """Evaluate the sensor as the daemon does, and return what it says."""
        sensor = self.location.definitions.resolve_sensor_def("common_room_alerts")
        with dg.build_sensor_context(
            instance=self.location.instance,
            cursor=self.cursor,
            resources={"warehouse": WarehouseResource()},
            definitions=self.location.definitions,
        ) as context:
            result = sensor.evaluate_tick(context)
        self.cursor = result.cursor
        return str(result.skip_message)

    def sync(self) -> bool:
        return self.location.run("sync_contacts").succeeded


@pytest.fixture
def watched(location: Location, received: Received) -> Watched:
    return Watched(location, f"{{webhook_url: '{received.url}', dagster_url: https://dagster.example}}")


def kinds(received: Received) -> list[tuple[str, str]]:
    return [(post["kind"], post["asset"]) for post in received.posts]


def test_nothing_to_say(watched: Watched, received: Received) -> None:
    assert watched.sync()
    assert [watched.tick(), watched.tick()] == ["no alert is due"] * 2
    assert received.posts == []


def test_a_failed_run_is_one_alert_with_the_reason_and_a_link_and_its_end_is_another(
    watched: Watched, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.tick()
    with monkeypatch.context() as patched:
        patched.setenv("COMMON_ROOM_API_TOKEN", "revoked")
        assert not watched.sync()
        assert not watched.sync()
        assert watched.tick() == "1 alert sent"
        assert not watched.sync()
        assert watched.tick() == "no alert is due"

    [post] = received.posts
    assert (post["kind"], post["severity"], post["count"]) == ("run_failed", "error", 2)
    assert "2 runs failed; the last one: " in post["text"]
    assert "Common Room rejected the token" in post["text"]
    assert post["link"] == f"https://dagster.example/runs/{post['run_id']}"
    assert "revoked" not in str(post)

    assert watched.sync()
    assert watched.tick() == "1 alert sent"
    assert kinds(received)[1:] == [("recovered", "common_room/contacts")]


def test_a_red_check_is_an_alert_until_it_passes(watched: Watched, received: Received) -> None:
    assert watched.sync()
    watched.tick()
    watched.location.sql("CREATE TABLE kept AS FROM common_room_contacts; DELETE FROM common_room_contacts")
    assert watched.sync()
    watched.tick()
    watched.tick()
    [post] = received.posts
    assert (post["kind"], post["check"]) == ("check_failed", "source_not_emptied")
    assert "find out what emptied it" in post["text"]

    watched.location.sql("INSERT INTO common_room_contacts FROM kept")
    assert watched.sync()
    watched.tick()
    assert kinds(received)[1:] == [("recovered", "common_room/contacts")]


def test_a_red_check_of_a_run_that_never_ends_is_an_alert_after_a_while(
    watched: Watched, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watched.sync()
    watched.tick()
    watched.location.sql("DELETE FROM common_room_contacts")
    assert watched.sync()
    # As a run stays whose machine was switched off.
    instance = watched.location.instance
    [run, *_] = instance.get_runs(limit=1)
    began = dg.DagsterEvent(event_type_value="PIPELINE_START", job_name=run.job_name)
    instance.run_storage.handle_run_event(run.run_id, began, datetime.now(UTC))
    watched.tick()
    assert received.posts == []

    monkeypatch.setattr(conditions, "_LONGEST_WAIT", 0.0)
    watched.tick()
    assert [post["check"] for post in received.posts] == ["source_not_emptied"]


def test_a_check_that_was_red_before_the_sensor_started_is_an_alert(watched: Watched, received: Received) -> None:
    assert watched.sync()
    watched.location.sql("DELETE FROM common_room_contacts")
    assert watched.sync()
    watched.tick()
    assert [post["check"] for post in received.posts] == ["source_not_emptied"]


@pytest.mark.parametrize(("failed_checks", "alerts"), [("error", 0), ("warn", 1), ("never", 0)])
def test_warnings_are_alerts_where_somebody_wants_them(
    location: Location, received: Received, failed_checks: str, alerts: int
) -> None:
    watched = Watched(location, f"{{webhook_url: '{received.url}', failed_checks: {failed_checks}}}")
    location.sql("ALTER TABLE common_room_contacts ADD COLUMN emial VARCHAR")
    assert watched.sync()
    watched.tick()
    assert [post["severity"] for post in received.posts] == ["warning"] * alerts


def test_an_overdue_removal_and_one_that_nobody_verifies_are_alerts(watched: Watched, received: Received) -> None:
    location = watched.location
    assert watched.sync()
    location.sql("CREATE TABLE common_room_pii_requests AS SELECT 'r1' AS request_id, 'person1@example.com' AS email")
    assert location.run("settle_pii_removals").succeeded
    watched.tick()
    assert received.posts == []

    location.sql("UPDATE common_room.pii_removals SET due_at = due_at - INTERVAL 17 DAY")
    watched.tick()
    [post] = received.posts
    assert post["kind"] == "removal_overdue"
    assert "has not been verified" in post["text"]
    assert "@" not in str(post)

    location.sql("UPDATE common_room.pii_removals SET status = 'verified', verified_at = now()")
    watched.tick()
    location.sql("UPDATE common_room.pii_removals SET status = 'overdue'")
    watched.tick()
    assert [post["kind"] for post in received.posts] == ["removal_overdue", "recovered", "removal_overdue"]
    assert "Request ids: r1" in received.posts[-1]["text"]


def test_no_success_for_hours_is_an_alert_only_of_what_ever_succeeded(location: Location, received: Received) -> None:
    watched = Watched(location, f"{{webhook_url: '{received.url}', no_success_hours: 0.0000001}}")
    watched.tick()
    assert received.posts == []
    assert watched.sync()
    watched.tick()
    watched.tick()
    assert kinds(received) == [("no_success", "common_room/contacts")]


def test_an_alert_repeats_while_it_lasts(watched: Watched, received: Received) -> None:
    assert watched.sync()
    component = CommonRoomAlerts(webhook_url=received.url, no_success_hours=1e-9, repeat_hours=1)
    for hours in (0, 0.5, 1.1):
        memory = Memory.read(watched.cursor)
        memory.lasting = {
            name: began - timedelta(hours=hours).total_seconds() for name, began in memory.lasting.items()
        }
        with dg.build_sensor_context(
            instance=watched.location.instance, cursor=memory.cursor(), definitions=watched.location.definitions
        ) as context:
            watched.cursor = component.tick(context, {}).cursor
    assert [post["kind"] for post in received.posts] == ["no_success", "no_success"]


def test_an_alert_that_could_not_be_sent_is_kept_and_a_broken_channel_fails_the_tick(
    location: Location, received: Received
) -> None:
    with mail_server() as mail:
        watched = Watched(
            location,
            f"{{webhook_url: '{received.url}', no_success_hours: 0.0000001, email: "
            f"{{host: 127.0.0.1, port: {mail.port}, tls: none, sender: a@acme.example, "
            "recipients: [b@acme.example]}}",
        )
        assert watched.sync()
        received.status = 500
        assert "the webhook responded with status 500" in watched.tick()
        with pytest.raises(AlertNotSent) as failed:
            watched.tick()
        assert "secret-path" not in str(failed.value)
        assert (len(received.posts), len(mail.mails)) == (0, 1)
        received.status = 200
        watched.tick()
        watched.tick()
        assert (len(received.posts), len(mail.mails)) == (1, 1)
    assert "Subject: [" in mail.mails[0]
    assert "no run has succeeded" in mail.mails[0]


def test_what_waits_for_a_broken_channel_is_bounded() -> None:
    memory = Memory()
    alerts = [Alert(f"run {number}", "run_failed", "error", "it failed") for number in range(1_000)]
    memory.begin(alerts, ["webhook"], datetime.now(UTC).timestamp(), 3600)
    kept = Memory.read(memory.cursor()).pending
    assert [alert for alert, _ in kept] == alerts[-100:]


@pytest.mark.parametrize("cursor", [None, "", "garbage", "[]", '{"pending": 1}', '{"unknown": 1}'])
def test_a_cursor_of_another_version_starts_over(cursor: str | None) -> None:
    assert Memory.read(cursor) == Memory()


def test_a_webhook_whose_variable_is_not_set_is_named(location: Location) -> None:
    watched = Watched(location, '{webhook_url: "{{ env.NO_SUCH_VARIABLE }}"}')
    with pytest.raises(SettingsError, match="set the environment variable"):
        watched.tick()


def test_alerts_without_a_channel_do_not_load(location: Location) -> None:
    with pytest.raises(Exception, match="CommonRoomAlerts") as refused:
        Watched(location, "{status: running}")
    assert "alerts need a webhook_url" in str(refused.getrepr(style="native"))


def test_no_definition_shows_the_webhook(watched: Watched, received: Received) -> None:
    component: Any = CommonRoomAlerts(webhook_url=received.url)
    sensor = watched.location.definitions.resolve_sensor_def("common_room_alerts")
    assert "secret-path" not in repr(component) + repr(sensor) + str(sensor.description) + str(sensor.metadata)
    assert "secret-path" not in str(watched.cursor)

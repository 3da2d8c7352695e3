"""The condition on_source_update: what makes a sync run, and what holds it back."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from cr_pipelines.components import build_sync_definitions, build_sync_spec, on_source_update
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync

UPSTREAM, PEOPLE = dg.AssetKey("people"), dg.AssetKey(["common_room", "people"])
SYNC = Sync("people", "contact", "people")


@dg.asset(
    name="people",
    check_specs=[
        dg.AssetCheckSpec("blocks", asset="people", blocking=True),
        dg.AssetCheckSpec("tests", asset="people"),
    ],
)
def upstream(): ...


DEFINITIONS = dg.Definitions.merge(
    build_sync_definitions(SYNC, spec=build_sync_spec(SYNC, automation_condition=on_source_update())),
    dg.Definitions([upstream], resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
)


class Automation:
    """The automation sensor, tick by tick."""

    def __init__(self, instance: dg.DagsterInstance):
        self.instance = instance
        self._cursor: Any = None

    def tick(self) -> bool:
        """Whether a tick requests a run of the sync."""
        evaluated = dg.evaluate_automation_conditions(DEFINITIONS, self.instance, cursor=self._cursor)
        self._cursor = evaluated.cursor
        return evaluated.total_requested > 0

    def update(self, **failed: bool) -> None:
        """Write the source, with the results of its checks."""
        self.instance.report_runless_asset_event(dg.AssetMaterialization(UPSTREAM))
        for check in ("blocks", "tests"):
            self.instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(asset_key=UPSTREAM, check_name=check, passed=not failed.get(check, False))
            )


@pytest.fixture
def automation() -> Iterator[Automation]:
    with dg.DagsterInstance.ephemeral() as instance:
        automation = Automation(instance)
        automation.update()
        assert not automation.tick()
        yield automation


def test_an_update_is_synced_once(automation: Automation) -> None:
    automation.update()

    assert [automation.tick() for _ in range(3)] == [True, False, False]


def test_an_update_before_the_end_of_the_run_is_synced_afterwards(automation: Automation) -> None:
    automation.update()
    assert automation.tick()
    assert not automation.tick()
    automation.update()
    # The run that read the source before the update ends after it.
    automation.instance.report_runless_asset_event(dg.AssetMaterialization(PEOPLE))

    assert [automation.tick(), automation.tick()] == [True, False]


def test_an_update_right_after_the_request_is_synced_afterwards(automation: Automation) -> None:
    automation.update()
    assert automation.tick()
    automation.update()
    automation.instance.report_runless_asset_event(dg.AssetMaterialization(PEOPLE))

    assert automation.tick()


@pytest.mark.parametrize("check", ["blocks", "tests"])
def test_a_failed_check_upstream_holds_the_sync_back_until_it_passes(automation: Automation, check: str) -> None:
    automation.update(**{check: True})
    assert not automation.tick()

    automation.update()

    assert automation.tick()

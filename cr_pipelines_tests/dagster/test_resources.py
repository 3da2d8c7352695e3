"""The resources of a code location."""

import subprocess
import sys
import time

import dagster as dg
import pytest

from cr_pipelines.components import build_sync_asset, build_sync_spec
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import SettingsError, explain
from cr_pipelines.sync import Sync
from cr_pipelines.warehouse import WarehouseBusy
from cr_pipelines_tests.support.location import Location

SYNC = Sync("contacts", "contact", "common_room_contacts")


def test_a_resource_takes_precedence_over_the_environment(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMON_ROOM_API_TOKEN", "of somebody else")
    monkeypatch.setenv("COMMON_ROOM_DESTINATION_SOURCE_ID", "999")
    monkeypatch.setenv("CR_WAREHOUSE_URL", "duckdb:////nowhere.duckdb")
    monkeypatch.setenv("ACME_TOKEN", location.sandbox.token)
    monkeypatch.setenv("ACME_SOURCE", str(location.sandbox.source_id))

    result = dg.materialize(
        [build_sync_asset(SYNC, build_sync_spec(SYNC))],
        instance=location.instance,
        resources={
            "common_room": CommonRoomResource(token=dg.EnvVar("ACME_TOKEN"), source_id=dg.EnvVar.int("ACME_SOURCE")),
            "warehouse": WarehouseResource(url=f"duckdb:///{location.path}", state_schema="elsewhere"),
        },
    )

    assert result.success
    assert len(location.room) == 10
    assert location.sql("SELECT count(*) FROM elsewhere.sync_ledger") == [(10,)]


def test_secrets_are_not_shown() -> None:
    resources = (CommonRoomResource(token="very-secret"), WarehouseResource(url="x://user:very-secret@host/db"))

    for resource in resources:
        assert "very-secret" not in repr(resource)
        assert "very-secret" not in str(resource)


def test_a_client_without_a_token_says_which_variable_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMMON_ROOM_API_TOKEN", raising=False)
    destination = CommonRoomResource().destination()

    with pytest.raises(SettingsError, match="COMMON_ROOM_API_TOKEN"):
        destination.open_client()


@pytest.mark.parametrize("options", ["", "?memory=200", "?busy_seconds=9"])
def test_a_warehouse_can_be_opened_with_a_shorter_wait(location: Location, options: str) -> None:
    warehouse = WarehouseResource(url=f"duckdb:///{location.path}{options}").get_warehouse(wait_seconds=0.1)

    opened = f"import duckdb; c = duckdb.connect({str(location.path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", opened], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        begun = time.monotonic()
        with pytest.raises(WarehouseBusy), warehouse.session():
            pass
        waited = time.monotonic() - begun
        other.communicate("\n")

    assert waited < 2


@pytest.mark.parametrize(
    ("given", "variable"),
    [({"token": "two words"}, "COMMON_ROOM_API_TOKEN"), ({"token": "t", "base_url": "room"}, "COMMON_ROOM_BASE_URL")],
)
def test_a_setting_that_no_client_takes_is_an_error_that_names_its_variable(
    given: dict[str, str], variable: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        CommonRoomResource(**given).get_client()

    assert variable in explain(refused.value)
    assert "two words" not in explain(refused.value)


def test_the_client_can_be_used_in_other_assets(location: Location) -> None:
    names: list[str] = []

    @dg.asset
    async def custom_fields(common_room: CommonRoomResource) -> None:
        async with common_room.get_client() as room:
            names.extend(field.name for field in await room.list_custom_fields())

    assert dg.materialize([custom_fields], resources={"common_room": CommonRoomResource()}).success
    assert "Plan" in names

import dagster as dg
import pytest

from cr_pipelines.components import build_sync_asset, build_sync_spec
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.settings import SettingsError
from cr_pipelines.sync import Sync
from cr_pipelines_tests.support.location import Location

SYNC = Sync("contacts", "contact", "common_room_contacts")


def test_what_is_given_comes_before_the_environment(location: Location, monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize(
    "url", ["duckdb:////w.duckdb", "duckdb:////w.duckdb?memory=200", "duckdb:////w.duckdb?busy_seconds=9"]
)
def test_a_warehouse_may_be_asked_for_with_less_patience(url: str) -> None:
    resource = WarehouseResource(url=url)

    assert resource.get_warehouse(busy_seconds=2).url.count("busy_seconds=2") == 1
    assert resource.get_warehouse().url == url


def test_the_client_can_be_used_in_an_asset_of_ones_own(location: Location) -> None:
    names: list[str] = []

    @dg.asset
    async def custom_fields(common_room: CommonRoomResource) -> None:
        async with common_room.get_client() as room:
            names.extend(field.name for field in await room.list_custom_fields())

    assert dg.materialize([custom_fields], resources={"common_room": CommonRoomResource()}).success
    assert "Plan" in names

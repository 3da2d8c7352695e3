"""Connections: the resources of several rooms in one code location, from YAML alone."""

import dagster as dg
import pytest
from dagster.components.testing import create_defs_folder_sandbox

from cr_pipelines.components import build_sync_definitions, build_sync_spec
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines_tests.support.location import Location, Outcome

pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")

CONNECTION = "type: cr_pipelines.components.CommonRoomConnection\nattributes: "


def documents(room: str, url: str) -> str:
    """A connection, a sync of each kind, the catalog and the removals of a room."""
    own = f"type: cr_pipelines.components.Common{{}}\nattributes: {{{{connection: {room}, {{}}}}}}"
    kinds = [
        f"kind: {kind}, source: common_room_{kind}s, asset_key: {room}/{kind}s, schedule: {{cron: '0 * * * *'}}"
        for kind in CONTRACTS
    ]
    return "\n---\n".join(
        [
            f"{CONNECTION}{{name: {room}, token: t, warehouse_url: '{url}', state_schema: state_{room}}}",
            *(own.format("RoomSync", attributes) for attributes in kinds),
            own.format("RoomCatalog", "schedule: {cron: '0 1 * * *'}"),
            own.format("RoomPiiRemovals", "source: requests"),
        ]
    )


def load(**folders: str) -> dg.Definitions:
    with create_defs_folder_sandbox() as sandbox:
        for name, text in folders.items():
            (sandbox.defs_folder_path / name).mkdir()
            (sandbox.defs_folder_path / name / "defs.yaml").write_text(text)
        with sandbox.build_all_defs() as definitions:
            return definitions


def test_two_rooms_with_everything_share_a_code_location() -> None:
    definitions = load(eu=documents("eu", "duckdb:///eu.duckdb"), us=documents("us", "postgresql://host/us"))

    dg.Definitions.validate_loadable(definitions)
    assert set(definitions.resources or {}) == {"eu_common_room", "eu_warehouse", "us_common_room", "us_warehouse"}
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    assert specs[dg.AssetKey(["eu", "contacts"])].kinds == {"commonroom", "duckdb"}
    assert specs[dg.AssetKey(["us", "contacts"])].kinds == {"commonroom", "postgresql"}


def test_a_connection_and_a_sync_from_yaml_run(location: Location) -> None:
    people = "type: cr_pipelines.components.CommonRoomSync\nattributes: "
    definitions = load(
        room=f"{CONNECTION}{{name: acme, state_schema: elsewhere}}",
        people=f"{people}{{kind: contact, source: common_room_contacts, asset_key: acme/people}}",
    )

    job = definitions.resolve_job_def("acme_sync_people")

    assert Outcome(job.execute_in_process(instance=location.instance)).succeeded
    assert len(location.room) == 10
    assert location.sql("SELECT count(*) FROM elsewhere.sync_ledger") == [(10,)]


def test_two_rooms_with_one_state_schema_do_not_load() -> None:
    with pytest.raises(Exception, match="CommonRoomConnection") as refused:
        load(eu=f"{CONNECTION}{{name: eu}}", us=f"{CONNECTION}{{name: us}}")

    assert "set state_schema in one of them" in str(refused.getrepr(style="native"))


class Acme(dg.ConfigurableResource):  # type: ignore[type-arg]
    dsn: str


def test_a_tick_names_a_resource_of_another_type() -> None:
    resources = {"warehouse": Acme(dsn="x"), "common_room": CommonRoomResource()}
    loaded = load(pii="type: cr_pipelines.components.CommonRoomPiiRemovals")
    definitions = dg.Definitions.merge(loaded, dg.Definitions(resources=resources))

    with (
        dg.instance_for_test() as instance,
        dg.build_sensor_context(instance=instance, definitions=definitions, resources=resources) as context,
        pytest.raises(dg.Failure, match="the resource warehouse is a Acme"),
    ):
        definitions.resolve_sensor_def("pii_removals_sensor").evaluate_tick(context)


def test_a_resource_of_another_type_is_named(location: Location) -> None:
    definitions = dg.Definitions.merge(
        build_sync_definitions(Sync("people", "contact", "common_room_contacts")),
        dg.Definitions(resources={"warehouse": Acme(dsn="x"), "common_room": CommonRoomResource()}),
    )

    job = definitions.resolve_job_def("sync_people")
    outcome = Outcome(job.execute_in_process(instance=location.instance, raise_on_error=False))

    assert (
        "the resource warehouse is a Acme, but syncs need a cr_pipelines.resources.WarehouseResource" in outcome.failure
    )
    assert not outcome.was_retried


def test_syncs_of_one_name_under_two_keys_load() -> None:
    eu, us = (Sync("contacts", "contact", f"{room}_contacts") for room in ("eu", "us"))
    definitions = dg.Definitions.merge(
        build_sync_definitions(eu, spec=build_sync_spec(eu, asset_key="eu/contacts")),
        build_sync_definitions(us, spec=build_sync_spec(us, asset_key="us/contacts")),
        dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
    )

    dg.Definitions.validate_loadable(definitions)
    names = {f"{work}_{room}_contacts" for work in ("sync", "audit") for room in ("eu", "us")}
    assert {job.name for job in definitions.jobs or ()} == names

"""The component of a sync: YAML, scaffolding and subclasses."""

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

from cr_pipelines.components import (
    CommonRoomCatalog,
    CommonRoomConnection,
    CommonRoomSync,
    SyncEvents,
    SyncRunConfig,
    build_sync_definitions,
    syncs_of,
)
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines.sync import Sync
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines_tests.support.location import Location, ready_made

# Dagster's own scaffolding and YAML parsing call what pydantic deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")

RESOURCES = dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()})
READY_MADE = {sync.source for sync in syncs_of(ready_made())}


@contextmanager
def folder(**files: str) -> Iterator[dg.Definitions]:
    """The definitions of a project whose defs folder holds the attributes of a sync in each named subfolder."""
    with create_defs_folder_sandbox() as sandbox:
        for name, attributes in files.items():
            path = sandbox.defs_folder_path / name
            path.mkdir()
            written = textwrap.indent(textwrap.dedent(attributes), "  ")
            (path / "defs.yaml").write_text(f"type: cr_pipelines.components.CommonRoomSync\nattributes:\n{written}")
        with sandbox.build_all_defs() as definitions:
            yield dg.Definitions.merge(definitions, RESOURCES)


def cause(error: BaseException) -> str:
    """What an error says, down to its root."""
    message = str(error)
    while error.__cause__ is not None:
        error = error.__cause__
        message += f"\n{error}"
    return message


def test_a_yaml_file_is_a_sync(location: Location) -> None:
    with folder(
        people="""
        kind: contact
        source: SELECT id AS id, upper(full_name) AS full_name FROM common_room_contacts
        asset_key: common_room/people
        upstream: [marts/people]
        description: People of the product.
        owners: ["team:growth"]
        tags: {tier: prod}
        schedule: {cron: "30 6 * * *", timezone: Europe/Berlin}
        automation_condition: "{{ dg.AutomationCondition.eager() }}"
        rejections: {warn_above: 0.2, fail_above: 0.5}
        """
    ) as location.definitions:
        outcome = location.run("sync_people")
        asset = location.definitions.resolve_assets_def(dg.AssetKey(["common_room", "people"]))
        schedule = location.definitions.resolve_schedule_def("sync_people_schedule")

    assert outcome.succeeded
    assert location.room["c1"]["fullName"] == "NAME 1"
    [spec] = asset.specs
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["marts", "people"])]
    assert (spec.description, list(spec.owners)) == ("People of the product.", ["team:growth"])
    assert spec.tags["tier"] == "prod"
    assert spec.automation_condition is not None
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 6 * * *", "Europe/Berlin")


def test_a_scaffolded_sync_works_next_to_another_on_the_same_table(location: Location) -> None:
    with create_defs_folder_sandbox() as sandbox:
        for name in ("contacts", "my_contacts"):
            path = sandbox.scaffold_component(CommonRoomSync, name)
            assert yaml.safe_load((path / "defs.yaml").read_text())["attributes"]["asset_key"] == f"common_room/{name}"
        with sandbox.build_all_defs() as definitions:
            location.definitions = dg.Definitions.merge(definitions, RESOURCES)
            outcome = location.run("sync_my_contacts")
            keys = {spec.key.to_user_string() for spec in location.definitions.resolve_all_asset_specs()}

    assert outcome.succeeded
    assert len(location.room) == 10
    assert keys == {"common_room/contacts", "common_room/my_contacts", "common_room_contacts"}


def test_scaffolding_a_sync_says_which_component_a_new_project_still_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    with create_defs_folder_sandbox() as sandbox:
        sandbox.scaffold_component(CommonRoomSync, "contacts")
        hint = "dg scaffold defs cr_pipelines.components.CommonRoomConnection room"
        assert hint in capsys.readouterr().out
        sandbox.scaffold_component(CommonRoomConnection, "room")
        sandbox.scaffold_component(CommonRoomSync, "activities", scaffold_params={"kind": "activity"})
        assert hint not in capsys.readouterr().out
        with sandbox.build_all_defs() as definitions:
            definitions.get_repository_def().load_all_definitions()


@pytest.mark.parametrize("kind", CONTRACTS)
def test_scaffolding_a_sync_of_any_kind_gives_one_that_can_be_materialized(kind: str, location: Location) -> None:
    with create_defs_folder_sandbox() as sandbox:
        sandbox.scaffold_component(CommonRoomSync, "mine", scaffold_params={"kind": kind})
        with sandbox.build_all_defs() as definitions:
            location.definitions = dg.Definitions.merge(definitions, RESOURCES)
            [sync] = syncs_of(location.definitions)
            day = "2025-01-01" if CONTRACTS[kind].partition_by else None
            location.sql("DROP TABLE common_room_contacts")
            outcome = location.run("sync_mine", partition_key=day)

    assert (sync.kind, sync.source in READY_MADE) == (kind, True)
    assert outcome.check_outcomes == {"source_usable": "warn"}


def examples() -> list[str]:
    """The YAML of the components' own descriptions."""
    documented = [CommonRoomSync, CommonRoomCatalog]
    texts = "\n".join(textwrap.dedent(f"    {component.__doc__}") for component in documented)
    found = re.findall(r"^    type: .*\n(?:^    .*\n)+", texts, re.MULTILINE)
    return [textwrap.dedent(example) for example in found]


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.split()[1].rpartition(".")[2])
def test_the_examples_of_the_description_are_definitions(example: str) -> None:
    upstream = dg.Definitions(assets=[dg.AssetSpec(dg.AssetKey(["models", "likely_champions"]))])
    with create_defs_folder_sandbox() as sandbox:
        path = sandbox.defs_folder_path / "example"
        path.mkdir()
        (path / "defs.yaml").write_text(example)
        with sandbox.build_all_defs() as definitions:
            dg.Definitions.validate_loadable(dg.Definitions.merge(definitions, RESOURCES, upstream))


def test_there_is_an_example_of_each_way_to_define_a_sync() -> None:
    assert len(examples()) == 4


def spec_of(attributes: str) -> dg.AssetSpec:
    written = f"kind: contact\nsource: people\nasset_key: common_room/people\n{textwrap.dedent(attributes)}"
    with folder(people=written) as definitions:
        [spec] = definitions.resolve_assets_def(dg.AssetKey(["common_room", "people"])).specs
        return spec


@pytest.mark.parametrize(
    ("attributes", "upstream"),
    [
        ("", ["people"]),
        ("dbt_model: people", ["people"]),
        ("dbt_model: marts.people", ["marts/people"]),
        ("dbt_model: marts.people\nupstream: [crm/companies]", ["crm/companies", "marts/people"]),
    ],
)
def test_what_is_upstream_can_be_given_by_a_dbt_models_name(attributes: str, upstream: list[str]) -> None:
    assert [dep.asset_key.to_user_string() for dep in spec_of(attributes).deps] == upstream


DBT = """
import dagster as dg

@dg.asset(key=["marts", "people"], kinds={"dbt"})
def model(): ...
"""


@pytest.mark.parametrize(
    ("model", "fix"), [("people", "write dbt_model: marts.people"), ("events", "write schema.model if")]
)
def test_a_dbt_model_that_the_code_location_does_not_have_is_a_warning(model: str, fix: str) -> None:
    with create_defs_folder_sandbox() as sandbox:
        (sandbox.defs_folder_path / "models.py").write_text(DBT)
        (sandbox.defs_folder_path / "people").mkdir()
        attributes = f"{{kind: contact, source: people, asset_key: room/people, dbt_model: {model}}}"
        (sandbox.defs_folder_path / "people" / "defs.yaml").write_text(
            f"type: cr_pipelines.components.CommonRoomSync\nattributes: {attributes}"
        )
        with pytest.warns(UserWarning, match=f"no asset .* dbt_model {model}.*{fix}"), sandbox.build_all_defs():
            pass


@pytest.mark.parametrize("written", ["'2025-03-01'", "2025-03-01"])
def test_the_first_day_may_be_written_with_or_without_quotes(written: str) -> None:
    attributes = f"kind: activity\nsource: acts\nasset_key: room/acts\npartitions: {{start: {written}}}"
    with folder(acts=attributes) as definitions:
        partitions = definitions.resolve_assets_def(dg.AssetKey(["room", "acts"])).partitions_def

    assert partitions is not None
    assert partitions.get_first_partition_key() == "2025-03-01"


def test_freshness_is_set_in_hours() -> None:
    policy = spec_of("freshness: {fail_after_hours: 26, warn_after_hours: 2.5}").freshness_policy

    assert policy == dg.FreshnessPolicy.time_window(timedelta(hours=26), timedelta(hours=2.5))


def test_a_sync_runs_after_its_source_was_updated_unless_a_run_is_in_progress(location: Location) -> None:
    written = "kind: contact\nsource: people\nasset_key: common_room/people\nautomation_condition: on_source_update"
    with folder(people=written) as definitions:
        before = dg.evaluate_automation_conditions(definitions, instance=location.instance)
        location.instance.report_runless_asset_event(dg.AssetMaterialization("people"))
        after = dg.evaluate_automation_conditions(definitions, instance=location.instance, cursor=before.cursor)
        later = dg.evaluate_automation_conditions(definitions, instance=location.instance, cursor=after.cursor)

    assert [asked.total_requested for asked in (before, after, later)] == [0, 1, 0]


def test_the_choices_of_a_sync_reach_the_engine() -> None:
    with folder(
        tags="kind: tag\nsource: tags\nasset_key: room/tags\non_source_delete: delete\nmax_deletions: 3\n"
        "recreate_deleted: true",
        members="kind: segment_member\nsource: members\nasset_key: room/members\nbatch_size: 50\nmax_not_found_runs: 2",
    ) as definitions:
        found = sorted(syncs_of(definitions), key=lambda sync: sync.name)

    assert found == [
        Sync("members", "segment_member", "members", batch_size=50, max_not_found_runs=2),
        Sync("tags", "tag", "tags", on_source_delete="delete", max_deletions=3, recreate_deleted=True),
    ]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("kind: contacts", "there is no kind 'contacts'; the kinds are contact"),
        ("frame: models/people", "name either a source or a frame"),
        ("{source: null}", "name either a source or a frame"),
        ("{source: null, frame: models/people, dbt_model: people}", "the frame is the upstream asset"),
        ("partitions: {start: '2025-01-01'}", "a contact has no timestamp to partition by"),
        ("{kind: activity, partitions: {start: yesterday}}", "start\n  Input should be a valid date"),
        ("automation_condition: eager", "neither on_source_update nor a condition"),
        ("freshness: {fail_after_hours: 2, warn_after_hours: 3}", "must be less than fail_after_hours"),
        ("batch_size: 10", "each contact is sent in its own request"),
        ("on_source_delete: delete", "are for tags only"),
        ("source: my table", "is neither a table name"),
        ("name: my-contacts", "must consist of letters, digits and _"),
        ("schedule: {cron: '0 * * * *', status: paused}", "'stopped' or 'running'"),
        ("schedule: {cron: hourly}", "invalid cron schedule 'hourly'"),
        ("schedule: {cron: '0 * * * *', timezone: Mars/Base}", "Mars/Base"),
        ("rejections: {warn_above: 0.5, fail_above: 0.1}", "must not exceed fail_above"),
        ("rejections: {fail_above: 10}", "less than or equal to 1"),
        ("source: common_room.people", "is the key of the sync and of its source"),
        ("owners: [bob]", "Invalid owner 'bob'"),
        ("colour: blue", "colour"),
    ],
)
def test_a_wrong_attribute_is_refused_by_name(attributes: str, expected: str) -> None:
    written = {"kind": "contact", "source": "people", "asset_key": "common_room/people"}
    written |= yaml.safe_load(attributes)

    with pytest.raises(Exception) as refused, folder(people=yaml.safe_dump(written)):  # noqa: PT011
        pass

    assert expected in cause(refused.value)


def test_syncs_are_found_in_the_definitions_from_yaml_and_from_the_factory() -> None:
    by_factory = build_sync_definitions(Sync("leads", "contact", "SELECT 1 AS id", clear_nulls=True))
    with folder(people="kind: contact\nsource: crm.people\nasset_key: room/people\nname: crm_people") as by_yaml:

        @dg.asset
        def something_else() -> None: ...

        found = syncs_of(dg.Definitions.merge(by_yaml, by_factory, dg.Definitions(assets=[something_else])))

    assert sorted(found, key=lambda sync: sync.name) == [
        Sync("crm_people", "contact", "crm.people"),
        Sync("leads", "contact", "SELECT 1 AS id", clear_nulls=True),
    ]


class CarefulSync(CommonRoomSync):
    """A sync whose runs are all dry runs."""

    def get_asset_spec(self) -> dg.AssetSpec:
        return super().get_asset_spec().replace_attributes(metadata={"contact": "growth"}, kinds={"careful"})

    def execute(
        self,
        context: dg.AssetExecutionContext,
        config: SyncRunConfig,
        common_room: CommonRoomResource,
        warehouse: WarehouseResource,
    ) -> SyncEvents:
        context.log.info("looking first")
        return super().execute(context, SyncRunConfig(dry_run=True), common_room, warehouse)


def test_a_subclass_changes_the_asset_and_what_a_run_does(location: Location) -> None:
    careful = CarefulSync(kind="contact", source="common_room_contacts", asset_key=dg.AssetKey(["careful"]))
    location.definitions = dg.Definitions.merge(careful.build_defs(dg.ComponentTree.for_test().load_context), RESOURCES)

    outcome = location.run("sync_careful")

    assert location.room == {}
    assert outcome.observations[0]["dry_run"] is True
    [spec] = location.definitions.resolve_assets_def(dg.AssetKey(["careful"])).specs
    assert spec.kinds == {"careful"}
    assert spec.metadata["contact"] == "growth"
    assert syncs_of(location.definitions) == [Sync("careful", "contact", "common_room_contacts")]


def test_the_upstream_table_carries_its_name_and_the_columns_of_the_contract(tmp_path: Path) -> None:
    definitions = dg.Definitions.merge(build_sync_definitions(Sync("people", "contact", "crm.people")), RESOURCES)

    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}

    table, sync = specs[dg.AssetKey(["crm", "people"])], specs[dg.AssetKey(["common_room", "people"])]
    assert [dep.asset_key for dep in sync.deps] == [table.key]
    assert table.metadata["dagster/table_name"] == "crm.people"
    columns = table.metadata["dagster/column_schema"].columns
    assert [column.name for column in columns if not column.constraints.nullable] == ["id"]
    assert {"email", "custom_fields"} <= {column.name for column in columns}
    fields = {column.name for column in sync.metadata["dagster/column_schema"].columns}
    lineage = sync.metadata["dagster/column_lineage"].deps_by_column
    assert set(lineage) == fields
    assert [(dep.asset_key, dep.column_name) for dep in lineage["titleAtCompany"]] == [(table.key, "title_at_company")]

"""The first page is short, and the examples and links of README.md and docs work."""

import re
from functools import cache
from importlib import import_module
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster.components.testing import create_defs_folder_sandbox

import cr_pipelines
from cr_pipelines import definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource

# Dagster's own YAML parsing calls what pydantic deprecates.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.PydanticDeprecatedSince20")

PROJECT = Path(cr_pipelines.__file__).parent.parent
PAGES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md"))]

ENGINES = [
    page
    for page in sorted((PROJECT / "docs" / "warehouses").glob("*.md"))
    if page.stem not in ("index", "writing-a-source")
]
ENGINE_HEADINGS = ["URL", "Install", "Grants", "Costs", "Tested on"]


def blocks(language: str) -> list[object]:
    return [
        pytest.param(block, id=f"{page.stem}-{number}")
        for page in PAGES
        for number, block in enumerate(re.findall(rf"```{language}\n(.*?)```", page.read_text(), flags=re.DOTALL))
        if language != "yaml" or block.startswith("type:")
    ]


def test_the_first_page_is_short_and_has_the_two_commands() -> None:
    lines = PAGES[0].read_text().splitlines()
    assert len(lines) <= 150
    assert {"make demo", "make test"} <= set(lines)


def test_every_check_is_documented() -> None:
    text = (PROJECT / "docs" / "reference" / "checks.md").read_text()
    graph = definitions.defs().get_repository_def().asset_graph
    names = {key.name for key in graph.asset_check_keys}
    assert names
    assert [name for name in sorted(names) if f"`{name}`" not in text] == []


def test_every_component_is_documented() -> None:
    text = (PROJECT / "docs" / "reference" / "yaml.md").read_text()
    for folder in (PROJECT / "cr_pipelines" / "components").iterdir():
        for found in re.findall(r"^class (CommonRoom\w+)\(dg\.Component", _read(folder / "component.py"), re.MULTILINE):
            assert f"## {found}\n" in text


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@pytest.mark.parametrize("written", blocks("yaml"))
def test_a_yaml_example_gives_definitions(written: str) -> None:
    with create_defs_folder_sandbox() as sandbox:
        folder = sandbox.defs_folder_path / "example"
        folder.mkdir()
        (folder / "defs.yaml").write_text(written)
        with sandbox.build_all_defs() as definitions:
            given = definitions.resources or {}
            defaults = {"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}
            resources = {key: resource for key, resource in defaults.items() if key not in given}
            loaded = dg.Definitions.merge(definitions, dg.Definitions(resources=resources))
            assert loaded.resolve_all_asset_specs() or definitions.resources or definitions.sensors


def test_the_files_of_the_first_page_are_a_whole_project() -> None:
    written = re.findall(r"```yaml\n(type:.*?)```", PAGES[0].read_text(), flags=re.DOTALL)
    assert len(written) == 2
    with create_defs_folder_sandbox() as sandbox:
        for number, text in enumerate(written):
            folder = sandbox.defs_folder_path / f"file{number}"
            folder.mkdir()
            (folder / "defs.yaml").write_text(text)
        with sandbox.build_all_defs() as definitions:
            definitions.get_repository_def().load_all_definitions()
            keys = {spec.key.to_user_string() for spec in definitions.resolve_all_asset_specs()}
    assert "common_room/contacts" in keys


@pytest.mark.parametrize("written", blocks("python"))
def test_a_python_example_can_be_run_or_loaded(written: str) -> None:
    names: dict[str, object] = {"__name__": "example"}
    exec(compile(written.replace("asyncio.run(main())", ""), "example", "exec"), names)  # noqa: S102
    defs = names.get("defs")
    if isinstance(defs, dg.Definitions):
        dg.Definitions.validate_loadable(defs)


def test_the_location_of_dagster_plus_names_a_module_that_loads() -> None:
    page = (PROJECT / "docs" / "deploy.md").read_text()
    [written] = re.findall(r'^```yaml title="dagster_cloud.yaml"\n(.*?)^```', page, flags=re.DOTALL | re.MULTILINE)
    [location] = yaml.safe_load(written)["locations"]
    assert location["location_name"] == "cr_pipelines"
    assert import_module(location["code_source"]["module_name"]).defs


@pytest.mark.parametrize("page", ENGINES, ids=lambda page: page.stem)
def test_the_page_of_an_engine_says_what_a_user_has_to_know(page: Path) -> None:
    headings = re.findall(r"^## (.*)$", page.read_text(), flags=re.MULTILINE)
    assert [name for name in headings if name in ENGINE_HEADINGS] == ENGINE_HEADINGS
    assert f"({page.name})" in (page.parent / "index.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", page.read_text()):
        address, _, anchor = (target[0] or target[1]).partition("#")
        if address.startswith("http"):
            continue
        linked = (page.parent / address).resolve() if address else page
        assert linked.exists(), address
        if anchor:
            assert anchor in anchors(linked)


@cache
def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}

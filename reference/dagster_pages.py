"""The pages about what Dagster shows: YAML attributes, run config and checks.

Goes in: the components. Comes out: Markdown.
"""

import json
import types
from collections.abc import Iterator
from typing import Any, get_args, get_origin

import dagster as dg
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import cr_pipelines.components as components
from cr_pipelines.components import (
    DailyPartitions,
    DeliveryThresholds,
    RejectionThresholds,
    RemovalRunConfig,
    SyncRunConfig,
)
from cr_pipelines.components.catalog.checks import catalog_check_specs
from cr_pipelines.components.pii_removals.checks import removal_check_specs
from cr_pipelines.components.sync.checks import check_specs
from cr_pipelines.sync import CATALOG_TABLES
from reference.markdown import as_code, code, first_paragraph, page, table


def yaml_page() -> str:
    """Return the page of components and their attributes."""
    intro = (
        "`dg scaffold defs cr_pipelines.components.CommonRoomSync NAME` writes a `defs.yaml`. `dg check yaml` checks "
        "one. **Bold** attributes are required."
    )
    return page("YAML attributes", intro, *map(_component, all_components()))


def all_components() -> list[type[Any]]:
    """Return every public component."""
    public = (getattr(components, name) for name in components.__all__)
    return [
        thing
        for thing in public
        if isinstance(thing, type) and issubclass(thing, dg.Component) and issubclass(thing, dg.Model)
    ]


def _component(component: type[Any]) -> str:
    blocks = [f"## {component.__name__}", as_code(first_paragraph(component)), _attributes(component)]
    for name, nested in _nested(component):
        blocks += [f"### {component.__name__}: {name}", as_code(first_paragraph(nested)), _attributes(nested)]
    return "\n\n".join(blocks)


def _attributes(model: type[BaseModel]) -> str:
    rows = [
        (f"**`{name}`**" if field.is_required() else code(name), as_code(field.description or ""), _default(field))
        for name, field in model.model_fields.items()
    ]
    return table(("attribute", "meaning", "default"), rows)


def _nested(model: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name, field in model.model_fields.items():
        for kind in _types(field.annotation):
            if isinstance(kind, type) and issubclass(kind, dg.Model):
                yield name, kind


def _types(annotation: object) -> Iterator[object]:
    if isinstance(annotation, types.UnionType) or get_origin(annotation) is not None:
        for argument in get_args(annotation):
            yield from _types(argument)
    else:
        yield annotation


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined or value is None or value in ((), {}, []):
        return ""
    if isinstance(value, BaseModel):
        return "as below"
    return code(json.dumps(value))


def run_config_page() -> str:
    """Return the page of run config."""
    blocks = [
        "What one run does differently, in the launchpad or in a job. The defaults are right for every scheduled run.",
        "## Syncs",
        _attributes(SyncRunConfig),
        "```yaml\nops:\n  common_room__contacts:\n    config:\n      dry_run: true\n      limit: 10\n```",
        "## Privacy requests",
        _attributes(RemovalRunConfig),
    ]
    return page("Run config", *blocks)


def checks_page() -> str:
    """Return the page of checks."""
    key = dg.AssetKey("asset")
    partitions = DailyPartitions(start="2025-01-01").definition()
    groups = {
        "Syncs": check_specs(key, RejectionThresholds(), DeliveryThresholds(), partitions),
        "Privacy requests": removal_check_specs(key),
        "Catalog": catalog_check_specs(dict.fromkeys(CATALOG_TABLES, key)),
    }
    intro = (
        "No check blocks downstream assets: valid rows are sent whatever the result is. The thresholds are attributes "
        "of the component, here with their defaults."
    )
    blocks = [intro]
    for title, specs in groups.items():
        described = {spec.name: spec.description or "" for spec in specs}
        rows = [(code(name), description) for name, description in described.items()]
        blocks += [f"## {title}", table(("check", "what it checks, and what to do"), rows)]
    return page("Checks", *blocks)

"""Every asset, check, job and schedule of the code location, as plain JSON.

After an intended change, renew the committed file and read its diff:

    python -m cr_pipelines_tests.dagster.snapshot
"""

import json
from pathlib import Path
from typing import Any

import dagster as dg

from cr_pipelines.definitions import defs

FILE = Path(__file__).with_name("definitions.json")

_LOCAL = {"dagster/code_references", "dagster/component_origin"}


def snapshot() -> dict[str, Any]:
    """The definitions, without metadata that differs between machines."""
    definitions = defs()
    graph = definitions.resolve_asset_graph()
    repository = definitions.get_repository_def()
    return {
        "assets": {
            spec.key.to_user_string(): _asset(spec)
            for spec in sorted(definitions.resolve_all_asset_specs(), key=lambda spec: spec.key)
        },
        "checks": {
            key.to_user_string(): {"description": graph.get_check_spec(key).description}
            for key in sorted(graph.asset_check_keys)
        },
        "jobs": {
            job.name: {
                "description": job.description,
                "executor": job.executor_def.name,
                "ops": {
                    node.name: {
                        "pool": node.definition.pool,
                        "config": sorted(getattr(node.definition.config_field.config_type, "fields", ())),
                        "resources": sorted(node.definition.required_resource_keys),
                    }
                    for node in sorted(job.nodes, key=lambda node: node.name)
                },
            }
            for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
        },
        "schedules": {
            schedule.name: {
                "cron": schedule.cron_schedule,
                "timezone": schedule.execution_timezone,
                "job": schedule.job_name,
                "status": schedule.default_status.value,
                "description": schedule.description,
            }
            for schedule in sorted(repository.schedule_defs, key=lambda schedule: schedule.name)
        },
        "sensors": {
            sensor.name: {
                "interval_seconds": sensor.minimum_interval_seconds,
                "job": sensor.job_name,
                "status": sensor.default_status.value,
                "description": sensor.description,
            }
            for sensor in sorted(repository.sensor_defs, key=lambda sensor: sensor.name)
        },
    }


def _asset(spec: dg.AssetSpec) -> dict[str, Any]:
    return {
        "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
        "description": spec.description,
        "group": spec.group_name,
        "kinds": sorted(spec.kinds),
        "owners": list(spec.owners),
        "automation_condition": spec.automation_condition and spec.automation_condition.get_label(),
        "partitions": spec.partitions_def and str(spec.partitions_def),
        "freshness": spec.freshness_policy and str(spec.freshness_policy),
        "metadata": {name: _plain(entry) for name, entry in sorted(spec.metadata.items()) if name not in _LOCAL},
    }


def _plain(entry: Any) -> Any:
    value = getattr(entry, "value", entry)
    match value:
        case dg.TableSchema():
            return {
                column.name: f"{column.type}{'' if column.constraints.nullable else ', required'}: {column.description}"
                for column in value.columns
            }
        case dg.TableColumnLineage():
            return {
                field: [f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps]
                for field, deps in value.deps_by_column.items()
            }
        case _:
            return value


def written() -> str:
    """The snapshot as text of the file."""
    return json.dumps(snapshot(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")

"""The code location run in process, and what its runs leave in Dagster."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from cr_pipelines.definitions import defs
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support.duckdb_file import run_sql

CONTACTS = dg.AssetKey(["common_room", "contacts"])


@cache
def ready_made() -> dg.Definitions:
    """The definitions of the code location, loaded once for all tests."""
    return defs()


@dataclass
class Outcome:
    """What a run left in Dagster."""

    result: dg.ExecuteInProcessResult

    @property
    def succeeded(self) -> bool:
        return self.result.success

    @property
    def materializations(self) -> list[dict[str, Any]]:
        return [
            plain(event.step_materialization_data.materialization.metadata)
            for event in self.result.get_asset_materialization_events()
        ]

    @property
    def observations(self) -> list[dict[str, Any]]:
        return [
            plain(event.asset_observation_data.asset_observation.metadata)
            for event in self.result.get_asset_observation_events()
        ]

    @property
    def checks(self) -> dict[str, dg.AssetCheckEvaluation]:
        return {check.check_name: check for check in self.result.get_asset_check_evaluations()}

    @property
    def check_outcomes(self) -> dict[str, str]:
        return {name: "passed" if check.passed else check.severity.value.lower() for name, check in self.checks.items()}

    @property
    def failure(self) -> str:
        """What the failed step says."""
        [event] = self.result.get_step_failure_events()
        data = event.step_failure_data
        if data.user_failure_data is not None:
            return data.user_failure_data.description
        assert data.error is not None
        return data.error.to_string()

    @property
    def failure_metadata(self) -> dict[str, Any]:
        [event] = self.result.get_step_failure_events()
        return plain(event.step_failure_data.user_failure_data.metadata)

    @property
    def was_retried(self) -> bool:
        return any(event.event_type_value == "STEP_UP_FOR_RETRY" for event in self.result.all_events)


def plain(metadata: Any) -> dict[str, Any]:
    """The values of metadata entries, tables as they are."""
    return {
        name: entry if isinstance(entry, dg.TableMetadataValue) else entry.value for name, entry in metadata.items()
    }


@dataclass
class Location:
    """The code location as the environment sets it up: a warehouse file, a room, and an instance to run in."""

    path: Path
    sandbox: SandboxServer
    instance: dg.DagsterInstance
    definitions: dg.Definitions = field(default_factory=ready_made)

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        return run_sql(self.path, statement)

    def run(self, job: str = "sync_contacts", *, partition_key: str | None = None, **config: Any) -> Outcome:
        resolved = self.definitions.resolve_job_def(job)
        [node] = resolved.nodes
        return Outcome(
            resolved.execute_in_process(
                instance=self.instance,
                partition_key=partition_key,
                run_config={"ops": {node.name: {"config": config}}} if config else {},
                raise_on_error=False,
            )
        )

    def posted(self) -> list[str]:
        """The key of every contact that was posted, in order."""
        requests = self.sandbox.control.requests(operation="addUpdateUserToSource")
        return [request["body"]["id"] for request in requests]

    @property
    def room(self) -> dict[str, dict[str, Any]]:
        return self.sandbox.control.users(source=self.sandbox.source_id)

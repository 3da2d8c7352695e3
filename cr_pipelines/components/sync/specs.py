"""The specs of a sync's asset and of its source.

Goes in: a sync. Comes out: asset specs with descriptions, column schemas and column lineage; and from the specs of a
code location, the syncs again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

import dagster as dg

from cr_pipelines.api import current_way
from cr_pipelines.components.shared.assets import GROUP, asset_kinds, to_asset_key, upstream_keys, warehouse_kind
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection, connection_of_spec
from cr_pipelines.components.shared.metadata import metadata_value
from cr_pipelines.components.sync.options import DailyPartitions, SyncFreshness
from cr_pipelines.components.sync.upstream import upstream_deps
from cr_pipelines.sync import Sync
from cr_pipelines.sync.contract import CONTACT, Column, Contract

_METADATA = {field.name: f"common_room/{'sync' if field.name == 'name' else field.name}" for field in fields(Sync)}
"""The metadata that holds each attribute of a sync that is not at its default."""

_FRAME = "common_room/data_frame"

LEGACY_TAG = "common_room/legacy_operation"
"""The tag of a sync whose operation the vendor no longer documents."""


def build_sync_spec(
    sync: Sync,
    *,
    asset_key: dg.AssetKey | str | Sequence[str] | None = None,
    upstream: Iterable[dg.AssetKey | str | Sequence[str]] | None = None,
    partition_mapping: dg.PartitionMapping | None = None,
    description: str | None = None,
    group_name: str | None = None,
    owners: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    kinds: Iterable[str] | None = None,
    automation_condition: dg.AutomationCondition[Any] | None = None,
    partitions: DailyPartitions | None = None,
    freshness: SyncFreshness | None = None,
    frame: dg.AssetKey | None = None,
    known: Mapping[dg.AssetKey, dg.AssetSpec] | None = None,
    connection: Connection = DEFAULT_CONNECTION,
) -> dg.AssetSpec:
    """Return the asset of a sync, as it is before any run.

    Args:
        sync: what to sync.
        asset_key: a string is split at slashes; default `common_room/` and the sync's name.
        upstream: the assets that the source is or reads, such as a dbt model. Default: the source's table, with the key
            that dbt would give it: `table`, or `schema/table`. A query has none unless you name them.
        partition_mapping: how days depend on the partitions of the upstream assets. Default: what suits those in
            `known`, and `dg.AllPartitionMapping` for others, which any partitions allow.
        description: Markdown; by default it says what is synced where.
        group_name: the group of the asset; by default, `common_room` or the name of the connection.
        owners: email addresses, or `team:name`.
        tags: names and values of Dagster tags.
        kinds: by default `commonroom` and the engine in the scheme of CR_WAREHOUSE_URL.
        automation_condition: when Dagster runs the sync because of upstream changes, in addition to or instead of a
            schedule; such as `on_source_update(partitions)`.
        partitions: sync the source day by day; only for kinds with a timestamp.
        freshness: maximum age of the latest materialization.
        frame: the asset whose data frame is read instead of the sync's source; it is the one upstream asset.
        known: specs of upstream assets that the code location defines.
        connection: the resources of the sync; its name begins the default keys.

    Returns:
        a spec with the API's fields as column schema, and each field's source column as column lineage.

    Raises:
        ValueError: for an invalid kind or source, a sync that would be its own source, or partitions of a kind that
            has no timestamp.
    """
    key = to_asset_key(asset_key) if asset_key is not None else dg.AssetKey([connection.group, sync.name])
    tables = upstream_keys(sync.relation, sync.source, upstream, prefix=connection.name)
    keys = tables if frame is None else [frame]
    _check_spec(sync, key, keys, partitions)
    days = partitions.definition() if partitions else None
    known = known or {}
    # Unlike a table, an unknown data frame is not read as a whole for each day.
    mapped = days if frame is None or frame in known else None
    return dg.AssetSpec(
        key=key,
        deps=upstream_deps(keys, mapped, known, partition_mapping),
        description=description or _describe(sync, frame),
        group_name=group_name or connection.group,
        owners=list(owners),
        tags={**_legacy_tag(sync), **(tags or {})},
        kinds=set(kinds) if kinds is not None else asset_kinds(connection.url),
        automation_condition=automation_condition,
        partitions_def=days,
        freshness_policy=freshness.policy() if freshness else None,
        metadata={
            **sync_metadata(sync, frame),
            "dagster/column_schema": _field_schema(sync.contract),
            **column_lineage(sync, keys, sync.contract.columns),
        },
    )


def build_source_specs(
    sync: Sync,
    *,
    upstream: Iterable[dg.AssetKey | str | Sequence[str]] | None = None,
    group_name: str | None = None,
    connection: Connection = DEFAULT_CONNECTION,
) -> list[dg.AssetSpec]:
    """Return the source's table as an external asset, with the contract's columns.

    There is none for a query, and none when `upstream` names the assets, which other code defines.
    """
    if upstream is not None or sync.relation.is_query:
        return []
    [key] = upstream_keys(sync.relation, sync.source, prefix=connection.name)
    contract = sync.contract
    required = [column.name for column in contract.columns if column.required and column.unless is None]
    either = ", and user_id or else social_type and value" if contract.person_key else ""
    return [
        dg.AssetSpec(
            key=key,
            group_name=group_name or connection.group,
            kinds={warehouse_kind(connection.url)},
            description=(
                f"Your table or view with rows for {contract.endpoint}. The column names are the contract. Required: "
                f"{', '.join(required)}{either}. All other columns are optional."
            ),
            metadata={
                "dagster/table_name": sync.source,
                "dagster/column_schema": dg.TableSchema(
                    columns=[
                        dg.TableColumn(
                            column.name,
                            column.kind,
                            column.about,
                            dg.TableColumnConstraints(
                                nullable=not column.required or column.unless is not None,
                                unique=contract.key == (column.name,),
                            ),
                        )
                        for column in contract.columns
                    ]
                ),
            },
        )
    ]


def syncs_of(definitions: dg.Definitions, connection: Connection | None = None) -> list[Sync]:
    """Return every sync of the definitions, whether from YAML, the factory or a subclass; or those of a connection.

    Syncs of data frames are left out: only a run has their rows.
    """
    return [
        sync
        for spec in definitions.resolve_all_asset_specs()
        if (sync := _sync_of(spec)) is not None and connection in (None, connection_of_spec(spec))
    ]


def connections_of(definitions: dg.Definitions) -> list[Connection]:
    """Return the connections of all syncs."""
    specs = definitions.resolve_all_asset_specs()
    return list(dict.fromkeys(connection_of_spec(spec) for spec in specs if _sync_of(spec) is not None))


def first_days_of(definitions: dg.Definitions, connection: Connection | None = None) -> dict[str, date]:
    """Return the first day of every sync that is partitioned by day, by the sync's name; or those of a connection."""
    found = {}
    for spec in definitions.resolve_all_asset_specs():
        sync = _sync_of(spec)
        if connection not in (None, connection_of_spec(spec)):
            continue
        if sync is not None and spec.partitions_def is not None:
            first = spec.partitions_def.get_first_partition_key()
            found[sync.name] = date.fromisoformat(first) if first else date.min
    return found


def sync_metadata(sync: Sync, frame: dg.AssetKey | None = None) -> dict[str, Any]:
    """Return metadata that shows what a sync does, and from which `syncs_of` makes the sync again."""
    values = ((field, getattr(sync, field.name)) for field in fields(Sync))
    metadata = {_METADATA[field.name]: value for field, value in values if value != field.default}
    return metadata if frame is None else {**metadata, _FRAME: frame.to_user_string()}


def frame_of_spec(spec: dg.AssetSpec) -> dg.AssetKey | None:
    """Return the asset whose data frame a sync reads, if it reads one."""
    name = metadata_value(spec, _FRAME)
    return None if name is None else dg.AssetKey.from_user_string(name)


def describe_source(sync: Sync, frame: dg.AssetKey | None = None) -> str:
    """Return what a sync reads, in Markdown."""
    if frame is not None:
        return f"the data frame of `{frame.to_user_string()}`"
    return "a query" if sync.relation.is_query else f"`{sync.source}`"


def built_in_source(kind: str) -> str:
    """Return the table that the built-in sync of a kind reads, such as `common_room_activities`."""
    return f"{GROUP}_{f'{kind[:-1]}ies' if kind.endswith('y') else f'{kind}s'}"


def column_lineage(
    sync: Sync, upstream: Iterable[dg.AssetKey], columns: Iterable[Column]
) -> dict[str, dg.TableColumnLineage]:
    """Return metadata that says which source columns fill each field of the API.

    It is empty for a query or several upstream assets, as it is then unknown whose columns they are.
    """
    keys = list(upstream)
    if len(keys) != 1 or sync.relation.is_query:
        return {}
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for column in columns:
        deps.setdefault(column.field, []).append(dg.TableColumnDep(keys[0], column.name))
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def _check_spec(sync: Sync, key: dg.AssetKey, deps: Sequence[dg.AssetKey], partitions: DailyPartitions | None) -> None:
    if partitions is not None and sync.contract.partition_by is None:
        raise ValueError(f"sync {sync.name}: a {sync.kind} has no timestamp to partition by; leave partitions out")
    if key in deps:
        raise ValueError(
            f"sync {sync.name}: {key.to_user_string()} is the key of the sync and of its source; give the sync "
            "another asset_key, or name the source's asset in upstream"
        )


def _field_schema(contract: Contract) -> dg.TableSchema:
    columns: dict[str, list[Column]] = {}
    for column in contract.columns:
        columns.setdefault(column.field, []).append(column)
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                field,
                filled_by[0].kind,
                f"{filled_by[0].about} From {', '.join(column.name for column in filled_by)}.",
                dg.TableColumnConstraints(nullable=not any(column.required for column in filled_by)),
            )
            for field, filled_by in columns.items()
        ]
    )


def _describe(sync: Sync, frame: dg.AssetKey | None) -> str:
    return (
        f"Keeps Common Room in sync with {describe_source(sync, frame)}. {_requests(sync.contract)} Rows that could "
        f"not be sent are in `rejected_rows`, with the field and the reason.{_legacy_note(sync)}"
    )


def _legacy_tag(sync: Sync) -> dict[str, str]:
    return {LEGACY_TAG: "true"} if current_way(sync.contract.endpoint) else {}


def _legacy_note(sync: Sync) -> str:
    way = current_way(sync.contract.endpoint)
    if way is None:
        return ""
    endpoint = sync.contract.endpoint
    return f"\n\n**Legacy operation:** Common Room's newest API description no longer has `{endpoint}`. Instead, {way}."


def _requests(contract: Contract) -> str:
    endpoint = f"`{contract.endpoint}`"
    if contract.person_key:
        return (
            f"New and changed rows of one person share a request if they have `user_id` (`{CONTACT.endpoint}`, with "
            f"nothing else of the contact). Rows without it use {endpoint}."
        )
    if not contract.repeatable:
        return f"Each row is sent at most once ({endpoint}), because Common Room would add a second one."
    if contract.batching:
        return f"New and changed rows of the same {', '.join(contract.batching.by)} share requests ({endpoint})."
    return f"Each new or changed row is one request ({endpoint})."


def _sync_of(spec: dg.AssetSpec) -> Sync | None:
    attributes = {name: value for name, key in _METADATA.items() if (value := metadata_value(spec, key)) is not None}
    if _FRAME in spec.metadata or any(
        field.default is MISSING and field.name not in attributes for field in fields(Sync)
    ):
        return None
    return Sync(**attributes)

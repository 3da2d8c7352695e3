import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

import dagster as dg

from cr_pipelines.components.sync.options import DailyPartitions, SyncFreshness
from cr_pipelines.settings import DEMO_WAREHOUSE_URL
from cr_pipelines.sync import Sync
from cr_pipelines.sync.contract import Column, Contract

GROUP = "common_room"

_METADATA = {field.name: f"common_room/{'sync' if field.name == 'name' else field.name}" for field in fields(Sync)}
"""The metadata that holds each of a sync's attributes, but for those that are at their default."""

_FRAME = "common_room/data_frame"


def build_sync_spec(
    sync: Sync,
    *,
    asset_key: dg.AssetKey | str | Sequence[str] | None = None,
    upstream: Iterable[dg.AssetKey | str | Sequence[str]] | None = None,
    description: str | None = None,
    group_name: str | None = GROUP,
    owners: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    kinds: Iterable[str] | None = None,
    automation_condition: dg.AutomationCondition[Any] | None = None,
    partitions: DailyPartitions | None = None,
    freshness: SyncFreshness | None = None,
    frame: dg.AssetKey | None = None,
) -> dg.AssetSpec:
    """The asset of a sync, as it is before any run.

    Args:
        sync: what to sync.
        asset_key: a text is split at slashes; default `common_room/` and the sync's name.
        upstream: the assets that the source is or reads, such as a dbt model; by default the source's table,
            keyed as dbt does: `table`, or `schema/table`. A query has none unless you name them.
        description: Markdown; by default it says what goes where.
        group_name: the box in the lineage.
        owners: addresses of colleagues, or `team:name`.
        tags: names and values of Dagster tags.
        kinds: by default `commonroom` and the warehouse that CR_WAREHOUSE_URL names.
        automation_condition: when Dagster runs the sync on its own, beside or instead of a schedule; such as
            `on_source_update(partitions)`.
        partitions: sync the source day by day; of kinds with a moment to go by only.
        freshness: how old the latest materialization may become.
        frame: the asset whose data frame is read in place of the sync's source; it is what is upstream.

    Returns:
        a spec with the API's fields as column schema, and each field's source column as column lineage.

    Raises:
        ValueError: a kind or a source that cannot be, a sync that would be its own source, or partitions of a kind
            that has no moment to go by.
    """
    contract = sync.contract
    if partitions is not None and contract.partition_by is None:
        raise ValueError(f"sync {sync.name}: a {sync.kind} has no moment to make days of; leave partitions out")
    key = _to_asset_key(asset_key) if asset_key is not None else dg.AssetKey([GROUP, sync.name])
    deps = _upstream_keys(sync, upstream) if frame is None else [frame]
    if key in deps:
        raise ValueError(
            f"sync {sync.name}: {key.to_user_string()} is the key of the sync and of its source; give the sync "
            "another asset_key, or name the source's asset in upstream"
        )
    return dg.AssetSpec(
        key=key,
        deps=deps,
        description=description or _describe(sync, frame),
        group_name=group_name,
        owners=list(owners),
        tags=dict(tags or {}),
        kinds=set(kinds) if kinds is not None else {"commonroom", warehouse_kind()},
        automation_condition=automation_condition,
        partitions_def=partitions.definition() if partitions else None,
        freshness_policy=freshness.policy() if freshness else None,
        metadata={
            **describing(sync, frame),
            "dagster/column_schema": _field_schema(contract),
            **column_lineage(sync, deps, contract.columns),
        },
    )


def build_source_specs(
    sync: Sync, *, upstream: Iterable[dg.AssetKey | str | Sequence[str]] | None = None, group_name: str | None = GROUP
) -> list[dg.AssetSpec]:
    """The source's table as an external asset, with the contract's columns.

    Gives none for a query, and none when `upstream` names the assets: those belong to somebody else.
    """
    if upstream is not None or sync.relation.is_query:
        return []
    [key] = _upstream_keys(sync, None)
    contract = sync.contract
    required = [column.name for column in contract.columns if column.required]
    return [
        dg.AssetSpec(
            key=key,
            group_name=group_name,
            kinds={warehouse_kind()},
            description=(
                f"A table or view of yours with rows for {contract.endpoint}. Its column names are the contract: "
                f"{', '.join(required)} must be there, the others may be."
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
                                nullable=not column.required, unique=contract.key == (column.name,)
                            ),
                        )
                        for column in contract.columns
                    ]
                ),
            },
        )
    ]


def syncs_of(definitions: dg.Definitions) -> list[Sync]:
    """Every sync that the definitions hold, whoever wrote it: by YAML, by the factory, or by a subclass.

    But for those of data frames: only a run has their rows.
    """
    found = (_read_back(spec) for spec in definitions.resolve_all_asset_specs())
    return [sync for sync in found if sync is not None]


def partitioned_syncs_of(definitions: dg.Definitions) -> set[str]:
    """The names of the syncs that go day by day."""
    specs = [spec for spec in definitions.resolve_all_asset_specs() if spec.partitions_def is not None]
    return {sync.name for sync in map(_read_back, specs) if sync is not None}


def describing(sync: Sync, frame: dg.AssetKey | None = None) -> dict[str, Any]:
    """Metadata from which `syncs_of` reads the sync back, and a person sees what it does."""
    values = ((field, getattr(sync, field.name)) for field in fields(Sync))
    metadata = {_METADATA[field.name]: value for field, value in values if value != field.default}
    return metadata if frame is None else {**metadata, _FRAME: frame.to_user_string()}


def source_in_words(sync: Sync, frame: dg.AssetKey | None = None) -> str:
    """What a sync reads, in Markdown."""
    if frame is not None:
        return f"the data frame of `{frame.to_user_string()}`"
    return "a query" if sync.relation.is_query else f"`{sync.source}`"


def ready_made_source(kind: str) -> str:
    """The table that the ready-made sync of a kind reads, such as `common_room_activities`."""
    return f"{GROUP}_{f'{kind[:-1]}ies' if kind.endswith('y') else f'{kind}s'}"


def dbt_model_key(model: str) -> dg.AssetKey:
    """The asset key that dagster-dbt gives a model unless told otherwise.

    Args:
        model: its name; with `schema.` before it when dbt's `schema` config is set for it.
    """
    return dg.AssetKey(model.split("."))


def column_lineage(
    sync: Sync, upstream: Iterable[dg.AssetKey], columns: Iterable[Column]
) -> dict[str, dg.TableColumnLineage]:
    """Metadata: which source columns fill each field of the API.

    Empty for a query, or several upstream assets: whose columns they are is then not known.
    """
    keys = list(upstream)
    if len(keys) != 1 or sync.relation.is_query:
        return {}
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for column in columns:
        deps.setdefault(column.field, []).append(dg.TableColumnDep(keys[0], column.name))
    return {"dagster/column_lineage": dg.TableColumnLineage(deps)}


def _to_asset_key(key: dg.AssetKey | str | Sequence[str]) -> dg.AssetKey:
    """The asset key that a user wrote; a text is split at slashes."""
    return dg.AssetKey.from_user_string(key) if isinstance(key, str) else dg.AssetKey.from_coercible(key)


def warehouse_kind() -> str:
    """The warehouse's engine by the URL in the environment, which loading a location may read but not connect to."""
    url = os.environ.get("CR_WAREHOUSE_URL") or DEMO_WAREHOUSE_URL
    return url.partition(":")[0].partition("+")[0].lower()


def _upstream_keys(sync: Sync, upstream: Iterable[dg.AssetKey | str | Sequence[str]] | None) -> list[dg.AssetKey]:
    if upstream is not None:
        return [_to_asset_key(key) for key in upstream]
    return [] if sync.relation.is_query else [dg.AssetKey(sync.source.split("."))]


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
        f"Keeps Common Room in step with {source_in_words(sync, frame)}. {_requests(sync.contract)} What could not be "
        "sent is in `rejected_rows`, with the field and the reason."
    )


def _requests(contract: Contract) -> str:
    endpoint = f"`{contract.endpoint}`"
    if not contract.repeatable:
        return f"Each row is sent once, {endpoint}, and never again on doubt, as Common Room would add a second one."
    if contract.batching:
        return f"New and changed rows of the same {', '.join(contract.batching.by)} share requests, {endpoint}."
    return f"Each new or changed row is one request, {endpoint}."


def _read_back(spec: dg.AssetSpec) -> Sync | None:
    kept = {
        name: value.value if isinstance(value, dg.MetadataValue) else value
        for name, key in _METADATA.items()
        if (value := spec.metadata.get(key)) is not None
    }
    if _FRAME in spec.metadata or any(field.default is MISSING and field.name not in kept for field in fields(Sync)):
        return None
    return Sync(**kept)

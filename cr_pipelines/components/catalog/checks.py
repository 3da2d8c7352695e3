"""The check of the catalog: does the room have everything that the syncs name?

Goes in: the syncs of a project, and the catalog as it was last read. Comes out: a result for each table of the catalog,
with the number of unknown names, and those that resemble a known one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dagster as dg

from cr_pipelines.components.shared.checks import WARN, check_result
from cr_pipelines.components.shared.metadata import MOST_SHOWN, metadata_table
from cr_pipelines.resources import WarehouseResource
from cr_pipelines.sync import Sync, SyncError, UnknownName, rows, unknown_names
from cr_pipelines.sync.contract import CatalogPart
from cr_pipelines.warehouse import SourceMissing, WarehouseError

NAMES_KNOWN = "names_known"

_TABLES = {
    CatalogPart.ACTIVITY_TYPES: "room_activity_types",
    CatalogPart.CUSTOM_FIELDS: "room_custom_fields",
    CatalogPart.SEGMENTS: "room_segments",
    CatalogPart.SEGMENT_STATUSES: "room_segment_statuses",
}
"""The table with the names of each part of the catalog. There is none for tags: an unknown tag is created when used."""

_COLUMNS = {"sync": "string", "column": "string", "name": "string", "rows": "int", "message": "string"}

_Unknown = Sequence[tuple[Sync, UnknownName]]


def catalog_check_specs(keys: Mapping[str, dg.AssetKey]) -> list[dg.AssetCheckSpec]:
    """Return the checks of the catalog; `keys` are the assets by their table."""
    return [
        dg.AssetCheckSpec(
            NAMES_KNOWN,
            asset=keys[table],
            description="The room has every name of this kind that the syncs' sources use. If this fails, the rows "
            "with unknown names are invalid: fix the name in the view, or create it in Common Room.",
        )
        for table in _TABLES.values()
    ]


def names_known(
    context: dg.AssetExecutionContext,
    syncs: Sequence[Sync],
    warehouse: WarehouseResource,
    keys: Mapping[str, dg.AssetKey],
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of the checks that the run executes."""
    selected = {check.asset_key for check in context.selected_asset_check_keys}
    unknown = _unknown_by_table(context, syncs, warehouse) if selected else {}
    yield from (_result(keys[table], unknown.get(table, [])) for table in _TABLES.values() if keys[table] in selected)


def _unknown_by_table(
    context: dg.AssetExecutionContext, syncs: Sequence[Sync], warehouse: WarehouseResource
) -> dict[str, list[tuple[Sync, UnknownName]]]:
    """Return the names that each sync uses and the room lacks, by the table that would contain them."""
    found: dict[str, list[tuple[Sync, UnknownName]]] = {}
    for sync in syncs:
        try:
            names = unknown_names(sync, warehouse.get_warehouse(), schema=warehouse.get_state_schema())
        except SourceMissing:
            continue
        except (SyncError, WarehouseError) as error:
            context.log.warning("the names of %s were not checked: %s", sync.name, error)
            continue
        needs = {column.name: column.needs for column in sync.contract.columns}
        for unknown in names:
            found.setdefault(_TABLES[needs[unknown.column][-1]], []).append((sync, unknown))
    return found


def _result(key: dg.AssetKey, unknown: _Unknown) -> dg.AssetCheckResult:
    message = "the room has every name that the syncs use"
    metadata: dict[str, Any] = {"names_unknown": len(unknown)}
    if unknown:
        listed = [f"{sync.name}: {_shown(name)} ({rows(name.rows)})" for sync, name in unknown[:MOST_SHOWN]]
        message = f"the room does not have {len(unknown)} of the names that the syncs use: {'; '.join(listed)}"
        metadata["unknown_names"] = metadata_table(
            _COLUMNS, ((sync.name, name.column, _shown(name), name.rows, name.message) for sync, name in unknown)
        )
    return check_result(key, NAMES_KNOWN, WARN if unknown else None, message, metadata)


def _shown(unknown: UnknownName) -> str:
    """Return the name if it is similar to one in the room, or else only its column: it may be personal data."""
    is_safe = unknown.similar is not None and "@" not in unknown.name
    return unknown.name[:60] if is_safe else f"a value of {unknown.column}"

"""How the partitions of a sync depend on those of its upstream assets.

Goes in: upstream keys, and the specs of those that are known. Comes out: dependencies with a partition mapping.
"""

import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg
from dagster._core.definitions.partitions.utils import infer_partition_mapping

from cr_pipelines.components.shared.beta import without_beta_warnings

_log = logging.getLogger(__name__)


def time_window(start_offset: int = 0, end_offset: int = 0) -> dg.PartitionMapping:
    """Return Dagster's mapping by time; a day that the upstream asset does not have, such as today, needs none."""
    with without_beta_warnings():
        return dg.TimeWindowPartitionMapping(start_offset, end_offset, allow_nonexistent_upstream_partitions=True)


MAPPINGS: Mapping[str, dg.PartitionMapping] = {
    "all": dg.AllPartitionMapping(),
    "last": dg.LastPartitionMapping(),
    "time_window": time_window(),
}
"""The partition mappings that YAML can name."""


def upstream_deps(
    keys: Iterable[dg.AssetKey],
    partitions: dg.PartitionsDefinition[Any] | None,
    known: Mapping[dg.AssetKey, dg.AssetSpec],
    mapping: dg.PartitionMapping | None = None,
) -> list[dg.AssetDep]:
    """Return the upstream assets of a sync, each with a mapping that its partitions allow if the sync has some.

    Args:
        keys: of the upstream assets.
        partitions: the days of the sync.
        known: the specs of upstream assets, as far as this code location defines them.
        mapping: for all of them, instead of the default.
    """
    if mapping is None and partitions is not None:
        return [dg.AssetDep(key, partition_mapping=_default_mapping(known.get(key), partitions)) for key in keys]
    return [dg.AssetDep(key, partition_mapping=mapping) for key in keys]


def dbt_model_key(model: str) -> dg.AssetKey:
    """Return the asset key that dagster-dbt gives a model by default.

    Args:
        model: its name; `schema.name` if dbt's `schema` config is set for it.
    """
    return dg.AssetKey(model.split("."))


def warn_of_missing_model(sync: str, model: str, known: Mapping[dg.AssetKey, dg.AssetSpec]) -> None:
    """Warn if no asset has the key of a dbt model: Dagster would make an asset from it that nothing updates.

    In a code location without dbt, another one may have the model, so that is only logged.
    """
    key = dbt_model_key(model)
    if key in known:
        return
    similar = sorted(".".join(other.path) for other in known if other.path[-1] == key.path[-1])
    fix = (
        f"write dbt_model: {' or '.join(similar)}"
        if similar
        else "write schema.model if dbt's schema config is set for it, or name the asset in upstream"
    )
    message = (
        f"sync {sync}: no asset of the code location has the key {key.to_user_string()} of dbt_model {model}, so no "
        f"update of the model would be seen; {fix}"
    )
    if similar or any("dbt" in spec.kinds for spec in known.values()):
        warnings.warn(message, stacklevel=2)
    else:
        _log.warning(message)


def _default_mapping(
    upstream: dg.AssetSpec | None, partitions: dg.PartitionsDefinition[Any]
) -> dg.PartitionMapping | None:
    """Return the closest mapping that Dagster accepts; None to let it infer one.

    Every day depends on all partitions of an unknown asset, since Dagster may refuse any other mapping.
    """
    if upstream is None:
        return MAPPINGS["all"]
    if upstream.partitions_def is None:
        return None
    # Dagster infers the mapping to the days of an asset with several dimensions.
    inferred = infer_partition_mapping(None, partitions, upstream.partitions_def)
    for mapping, checked in ((MAPPINGS["time_window"],) * 2, (None, inferred)):
        try:
            checked.validate_partition_mapping(upstream.partitions_def, partitions)
        except dg.DagsterInvalidDefinitionError:
            continue
        return mapping
    return MAPPINGS["all"]

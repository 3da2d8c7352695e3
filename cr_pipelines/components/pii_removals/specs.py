"""The specs of the removals' asset and of the table of requests.

Goes in: where requests arrive. Comes out: asset specs.
"""

from collections.abc import Iterable, Sequence

import dagster as dg

from cr_pipelines.components.shared.assets import asset_kinds, upstream_keys, warehouse_kind
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.requests import removals_metadata
from cr_pipelines.removal import RequestSource


def build_removal_spec(
    source: RequestSource,
    asset_key: dg.AssetKey,
    *,
    upstream: Iterable[dg.AssetKey] | None = None,
    description: str | None = None,
    group_name: str | None = None,
    owners: Sequence[str] = (),
    connection: Connection = DEFAULT_CONNECTION,
) -> dg.AssetSpec:
    """Return the asset of the removals, as it is before any run; `upstream` replaces the source's table."""
    return dg.AssetSpec(
        key=asset_key,
        deps=upstream_keys(source.relation, source.source, upstream, prefix=connection.name),
        description=description
        or f"Removes everyone who asked for it in `{source.relation}` from Common Room: DELETE /user/{{email}}, once "
        "per person, after every sync has stopped sending them. The outcome of each request is in `pii_removals`; "
        "`cr-pipelines pii report` shows it.",
        group_name=group_name or connection.group,
        owners=list(owners),
        kinds=asset_kinds(connection.url),
        metadata=removals_metadata(source),
        skippable=True,
    )


def build_request_specs(
    source: RequestSource, *, group_name: str | None = None, connection: Connection = DEFAULT_CONNECTION
) -> list[dg.AssetSpec]:
    """Return the table of requests as an external asset; none for a query."""
    columns = [
        dg.TableColumn(source.request_id, "text", "Id of the request; not an email address or a name of a person."),
        dg.TableColumn(source.email, "text", "Email address of the person to remove."),
        dg.TableColumn(source.requested_at, "timestamp", "When the request was made; for the report."),
    ]
    return [
        dg.AssetSpec(
            key=key,
            group_name=group_name or connection.group,
            kinds={warehouse_kind(connection.url)},
            description="Your table or view with a row for each privacy request. Rows can arrive late, out of order or "
            "backdated.",
            metadata={
                "dagster/table_name": source.source,
                "dagster/column_schema": dg.TableSchema(columns=columns),
            },
        )
        for key in upstream_keys(source.relation, source.source, prefix=connection.name)
    ]

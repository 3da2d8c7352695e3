"""A code location with one asset that does what none of ours may: it logs an address."""

import dagster as dg
import duckdb


@dg.asset
def leaky(context: dg.AssetExecutionContext) -> None:
    with duckdb.connect(".demo/warehouse.duckdb") as connection:
        [(email,)] = connection.execute(
            "SELECT email FROM common_room_contacts WHERE email IS NOT NULL LIMIT 1"
        ).fetchall()
    context.log.info("sending %s", email)


defs = dg.Definitions(assets=[leaky])

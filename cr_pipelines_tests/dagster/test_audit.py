"""The check `delivered_rows_stored` and its job."""

import dagster as dg

from cr_pipelines.components import DeliveryAudit, build_sync_definitions
from cr_pipelines.resources import CommonRoomResource, WarehouseResource
from cr_pipelines_tests.support.flow import CONTACTS
from cr_pipelines_tests.support.location import Location


def audit(location: Location, **options: float) -> dg.AssetCheckEvaluation:
    definitions = dg.Definitions.merge(
        build_sync_definitions(CONTACTS, audit=DeliveryAudit(settled_minutes=0, **options)),
        dg.Definitions(resources={"common_room": CommonRoomResource(), "warehouse": WarehouseResource()}),
    )
    result = definitions.resolve_job_def("audit_contacts").execute_in_process(instance=location.instance)
    [evaluation] = result.get_asset_check_evaluations()
    return evaluation


def test_it_is_green_while_everything_was_stored_and_red_once_records_are_lost_or_changed(location: Location) -> None:
    location.sql(
        "CREATE OR REPLACE TABLE common_room_contacts AS SELECT 'c' || i AS id, 'Ada Lovelace' || i AS full_name, "
        "'ada' || i || '@example.com' AS email FROM range(100) AS numbers(i)"
    )
    assert audit(location).passed
    assert "delivered_rows_stored" not in location.run().checks
    assert audit(location).passed
    location.sandbox.control.reset()
    location.sandbox.control.set_faults(lose_every=10, change_every=20)
    location.run(resync="all")

    found = audit(location, sample=100)

    assert not found.passed
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert found.metadata["rows_absent"].value == 10
    assert found.metadata["rows_different"].value == 5
    records = found.metadata["keys"].records
    assert {record.data["finding"] for record in records} == {"absent", "different"}
    assert "@" not in str(records)
    assert "Lovelace" not in str(records)


def test_the_sample_is_as_large_as_was_asked_for(location: Location) -> None:
    location.run()
    assert audit(location, sample=3).metadata["rows_sampled"].value == 3

"""The check that what Common Room accepted was stored, with its own job.

Goes in: a sync of contacts. Comes out: the check `delivered_rows_stored` of its asset, the job `audit_NAME`, and a
schedule if there is one.
"""

from datetime import timedelta

import dagster as dg

from cr_pipelines.components.shared.checks import ERROR, WARN, check_result
from cr_pipelines.components.shared.connections import DEFAULT_CONNECTION, Connection
from cr_pipelines.components.shared.failures import NO_RUN_RETRY, failing_in_dagster
from cr_pipelines.components.shared.metadata import metadata_table
from cr_pipelines.components.shared.schedules import build_schedule
from cr_pipelines.components.sync.options import DeliveryAudit
from cr_pipelines.components.sync.schedule import job_name
from cr_pipelines.sync import AUDITED_KINDS, AuditReport, Sync, audit_sync

DELIVERED_ROWS_STORED = "delivered_rows_stored"


def build_audit_definitions(
    sync: Sync, key: dg.AssetKey, audit: DeliveryAudit, connection: Connection = DEFAULT_CONNECTION
) -> dg.Definitions:
    """Return the check of a sync's asset, its job, and its schedule if it has one; nothing for another kind."""
    if sync.kind not in AUDITED_KINDS:
        return dg.Definitions()

    @dg.asset_check(
        asset=key,
        name=DELIVERED_ROWS_STORED,
        required_resource_keys=connection.resource_keys,
        pool=connection.pool,
        description=f"Common Room stored what it accepted: each of {audit.sample} contacts that were delivered at "
        f"least {audit.settled_minutes:g} minutes ago is found by its email or account, and its fields match the "
        "source where the API shows them. If this fails, resend the keys in the metadata with resync: all; if many "
        "are absent, contact Common Room.",
    )
    def delivered_rows_stored(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        with failing_in_dagster(context):
            warehouse = connection.open(context.resources)
            report = audit_sync(
                sync,
                warehouse.get_warehouse(),
                connection.room(context.resources).destination(audit.rate_share),
                schema=warehouse.get_state_schema(),
                sample=audit.sample,
                settled_for=timedelta(minutes=audit.settled_minutes),
            )
        context.log.info(report.summary())
        return _result(report, key)

    job = dg.define_asset_job(
        job_name("audit", sync, key, connection),
        selection=dg.AssetSelection.checks(dg.AssetCheckKey(key, DELIVERED_ROWS_STORED)),
        tags=NO_RUN_RETRY,
        description=f"Checks that Common Room stored what it accepted from {key.to_user_string()}.",
    )
    schedules = [build_schedule(job, audit.schedule)] if audit.schedule else []
    return dg.Definitions(asset_checks=[delivered_rows_stored], jobs=[job], schedules=schedules)


def _result(report: AuditReport, key: dg.AssetKey) -> dg.AssetCheckResult:
    severity = ERROR if not report.passed else WARN if report.unreadable and not report.looked_up else None
    found = [*((row, "absent", "") for row in report.absent)]
    found += [(row, "different", ", ".join(names)) for row, names in report.different.items()]
    metadata = {
        "rows_sampled": report.sampled,
        "rows_found": report.found,
        "rows_absent": len(report.absent),
        "rows_different": len(report.different),
        "rows_changed_since": report.changed_since,
        "rows_unreadable": report.unreadable.total(),
    }
    if found:
        metadata["keys"] = metadata_table(dict.fromkeys(("key", "finding", "fields"), "string"), found)  # type: ignore[assignment]
    return check_result(key, DELIVERED_ROWS_STORED, severity, report.summary(), metadata)

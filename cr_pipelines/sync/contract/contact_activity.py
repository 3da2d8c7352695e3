"""Activities of existing contacts: POST /activities, deprecated by the vendor. Each call appends one more."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import ContactActivity
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.columns import CONTACT_REFERENCE, LEDGER_ID, activity_type_column, contact_reference
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value


def _build(read: Mapping[str, Any], _context: Context) -> ContactActivity:
    fields = {name: value for name, value in read.items() if name != "id"}
    return ContactActivity(**fields | contact_reference(read))


CONTACT_ACTIVITY = Contract(
    kind="contact_activity",
    endpoint="POST /activities",
    key=("id",),
    columns=(
        LEDGER_ID,
        Column("source", "source", "text", "Where the activity is from.", by_value(values.written), required=True),
        *CONTACT_REFERENCE,
        activity_type_column(),
        Column(
            "activity_body",
            "activityBody",
            "text",
            "What was said, or what happened.",
            by_value(values.prose),
            required=True,
        ),
        Column(
            "occurred_at",
            "occurredAt",
            "timestamp",
            "When it happened; without a time zone, in UTC.",
            by_value(values.as_timestamp),
        ),
        Column("tags", "tags", "list, or comma-separated text", "Names of tags to add.", by_value(values.names)),
    ),
    build=_build,
    send=lambda client, _source_id, activity: client.add_activity_to_contacts(activity),
    repeatable=False,
)

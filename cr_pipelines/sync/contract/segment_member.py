"""Members of segments: POST /segments/{id}, which puts many existing contacts into one segment in one request."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cr_pipelines.api import SegmentMembers
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.columns import CONTACT_REFERENCE, contact_reference, segment_column
from cr_pipelines.sync.contract.row_reader import checked
from cr_pipelines.sync.contract.types import Batching, Column, Context, Contract, by_value


@dataclass(frozen=True)
class Admission:
    """Contacts to put into one segment."""

    segment_id: int
    members: SegmentMembers

    def wire_json(self) -> bytes:
        """Return the body as it is sent."""
        return self.members.wire_json()


def _build(read: Mapping[str, Any], context: Context) -> Admission:
    found = contact_reference(read)
    status = {}
    if "status" in read:
        statuses = context.catalog.statuses[read["segment"]]
        status["status_id"] = checked("status", statuses.find, read["status"])
    members = SegmentMembers(social_type=found["social_type"], values=[found["value"]], **status)
    return Admission(read["segment"], members)


def _combine(admissions: Sequence[Admission]) -> Admission:
    first = admissions[0]
    everybody = [value for admission in admissions for value in admission.members.values]
    return Admission(first.segment_id, first.members.model_copy(update={"values": everybody}))


SEGMENT_MEMBER = Contract(
    kind="segment_member",
    endpoint="POST /segments/{id}",
    key=("segment", "social_type", "value"),
    columns=(
        segment_column("id"),
        *CONTACT_REFERENCE,
        Column(
            "status",
            "statusId",
            "text",
            "A status of the segment, by name or id.",
            by_value(values.written),
            needs=(CatalogPart.SEGMENTS, CatalogPart.SEGMENT_STATUSES),
        ),
    ),
    build=_build,
    send=lambda client, _source_id, admission: client.add_contacts_to_segment(admission.segment_id, admission.members),
    batching=Batching(by=("segment", "social_type", "status"), most=100, combine=_combine),
)

"""Tags of existing contacts: POST /members/tags, which adds all tags of one contact in one request."""

from collections.abc import Mapping, Sequence
from typing import Any

from cr_pipelines.api import ContactTags
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.columns import CONTACT_REFERENCE, contact_reference
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.types import Batching, Column, Context, Contract


def _tag_of_contacts(value: Any, context: Context) -> str:
    name = values.listed(value)
    known = context.catalog.tags.get(name)
    if known and known.entity_types and "member" not in known.entity_types:
        raise InvalidValue("wrong_entity_type", f"is a tag of the room for {', '.join(known.entity_types)} only")
    return name


def _combine(requests: Sequence[ContactTags]) -> ContactTags:
    tags = dict.fromkeys(tag for request in requests for tag in request.tags)
    return ContactTags(social_type=requests[0].social_type, value=requests[0].value, tags=list(tags))


def _build(read: Mapping[str, Any], _context: Context) -> ContactTags:
    return ContactTags(**contact_reference(read), tags=[read["tag"]])


CONTACT_TAG = Contract(
    kind="contact_tag",
    endpoint="POST /members/tags",
    key=("social_type", "value", "tag"),
    columns=(
        *CONTACT_REFERENCE,
        Column(
            "tag",
            "tags",
            "text",
            "Name of the tag to add; it is created if it does not exist.",
            _tag_of_contacts,
            required=True,
            needs=(CatalogPart.TAGS,),
        ),
    ),
    build=_build,
    send=lambda client, _source_id, tags: client.add_contact_tags(tags),
    batching=Batching(by=("social_type", "value"), most=100, combine=_combine),
)

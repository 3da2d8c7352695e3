"""Tags of contacts, with one request for all tags of a contact.

For a person in the API signal, POST /source/{destinationSourceId}/user sends only the id and the tags. An existing
contact uses the legacy POST /members/tags.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cr_pipelines.api import CommonRoomClient, ContactTags, TagByName, User
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.columns import PERSON, PERSON_OR_CONTACT, contact_reference
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.types import Batching, Column, Context, Contract, to_source_or_contact


def _tag_of_contacts(value: Any, context: Context) -> str:
    name = values.listed(value)
    known = context.catalog.tags.get(name)
    if known and known.entity_types and "member" not in known.entity_types:
        raise InvalidValue(
            "wrong_entity_type", f"is a tag that the room allows only for {', '.join(known.entity_types)}"
        )
    return name


def _combine(requests: Sequence[ContactTags] | Sequence[User]) -> ContactTags | User:
    first = requests[0]
    tags = [tag for request in requests for tag in request.tags]
    if isinstance(first, User):
        return first.model_copy(update={"tags": tags})
    return ContactTags(social_type=first.social_type, value=first.value, tags=list(dict.fromkeys(tags)))


def _build(read: Mapping[str, Any], _context: Context) -> ContactTags | User:
    if PERSON.name in read:
        return User(id=read[PERSON.name], tags=[TagByName(name=read["tag"])])
    return ContactTags(**contact_reference(read), tags=[read["tag"]])


CONTACT_TAG = Contract(
    kind="contact_tag",
    endpoint="POST /members/tags",
    key=("social_type", "value", "tag"),
    person_key=(PERSON.name, "tag"),
    columns=(
        *PERSON_OR_CONTACT,
        Column(
            "tag",
            "tags",
            "text",
            "Name of the tag to add; it is created if it does not exist.",
            _tag_of_contacts,
            required=True,
            needs=(CatalogPart.TAGS,),
            key_form="line",
        ),
    ),
    build=_build,
    send=to_source_or_contact(CommonRoomClient.add_contact_tags),
    batching=Batching(by=(PERSON.name, "social_type", "value"), most=100, combine=_combine),
)

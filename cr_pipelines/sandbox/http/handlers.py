"""What each operation does to the room.

Goes in: a routed `Call` with its checked body. Comes out: the body of the response, None for `{"status": "ok"}`. Each
function here is the `act` of one operation in `http.operations`; each raises WorkspaceError for what the room refuses.
"""

from cr_pipelines.sandbox.http import responses
from cr_pipelines.sandbox.http.responses import (
    describe_contact,
    describe_custom_field,
    describe_observed_contact,
    describe_tag,
)
from cr_pipelines.sandbox.http.routing import Call, integer
from cr_pipelines.sandbox.workspace import inputs
from cr_pipelines.sandbox.workspace.errors import InvalidInput, NotFound

LOOKUPS = ("email", "twitter", "github", "linkedin")


def token_status(call: Call) -> responses.TokenStatus:
    """Return which room the token belongs to."""
    return {"jti": "sandbox", "communityName": call.room.name, "communityId": call.room.id}


def _source_id(call: Call) -> int:
    source_id = call.integer()
    if source_id is None:
        raise NotFound("destination-source-not-found", "the id of a destination source is a number")
    return source_id


def put_user(call: Call) -> None:
    """Accept a user of a destination source."""
    call.room.accept_user(_source_id(call), call.body)


def put_activity(call: Call) -> None:
    """Accept an activity of a destination source."""
    call.room.accept_activity(_source_id(call), call.body)


def put_contact(call: Call) -> None:
    """Create or update a legacy contact."""
    call.room.put_legacy_contact(call.body)


def note_contact(call: Call) -> responses.NoteIds | None:
    """Add a note to contacts."""
    ids = call.room.note_contact(call.body)
    return {"id": ids} if call.room.behavior.note == "id" else None


def custom_fields(call: Call) -> list[responses.CustomFieldDescription]:
    """Return the custom fields, or those that one destination source may write."""
    fields = call.room.catalog.custom_fields.values()
    source = call.queried().get("destinationSourceId")
    if source is None:
        return [describe_custom_field(field) for field in fields]
    id_ = integer(source)
    if id_ is None or id_ not in call.room.catalog.sources:
        return []
    return [describe_custom_field(field) for field in fields if field.writable_by(id_)]


def set_custom_field(call: Call) -> None:
    """Set a custom field of contacts."""
    call.room.set_custom_field(call.body)


def tag_contact(call: Call) -> None:
    """Add tags to contacts."""
    call.room.tag_contact(call.body)


def contact_by_email(call: Call) -> responses.ContactIds | list[responses.CommunityMember]:
    """Return the ids of the contacts with an e-mail address."""
    ids = [contact.id for contact in call.room.contacts("email", call.parameter)]
    return {"ids": ids} if call.room.behavior.lookup == "ids" else [{"id": id_} for id_ in ids]


def find_contacts(call: Call) -> list[responses.Member]:
    """Return the contacts that have every given address and account."""
    lookups = [(network, value) for network, value in call.queried().items() if network in LOOKUPS]
    if not lookups:
        raise InvalidInput(f"give one of the parameters {', '.join(LOOKUPS)}", "parameter-error")
    found = call.room.contacts(*lookups[0])
    for lookup in lookups[1:]:
        also = call.room.contacts(*lookup)
        found = [contact for contact in found if contact in also]
    if not found:
        raise NotFound("contact-not-found", "no contact has all of these")
    describe = describe_observed_contact if call.room.behavior.profile == "arrays" else describe_contact
    return [describe(call.room, contact, f"{call.origin}/contacts/") for contact in found]


def anonymize(call: Call) -> responses.Status:
    """Queue the anonymization of a contact."""
    call.room.request_removal(call.parameter)
    return {"status": "success"}


def add_legacy_activity(call: Call) -> None:
    """Append an activity to contacts."""
    call.room.add_legacy_activity(call.body)


def activity_types(call: Call) -> list[responses.ActivityTypeDescription]:
    """Return the activity types."""
    types = call.room.catalog.activity_types.values()
    return [{"id": type_.id, "displayName": type_.name, "name": type_.id} for type_ in types]


def segments(call: Call) -> list[responses.SegmentName]:
    """Return the segments."""
    return [{"id": segment.id, "name": segment.name} for segment in call.room.catalog.segments.values()]


def _segment_id(call: Call) -> int:
    segment_id = call.integer()
    if segment_id is None:
        raise NotFound("segment-not-found", "the id of a segment is a number")
    return segment_id


def segment_statuses(call: Call) -> list[responses.StatusName]:
    """Return the statuses of a segment."""
    statuses = call.room.catalog.segment(_segment_id(call)).statuses
    return [{"id": id_, "name": name} for id_, name in statuses.items()]


def add_to_segment(call: Call) -> None:
    """Add contacts to a segment."""
    call.room.add_to_segment(_segment_id(call), call.body)


def note_segment(call: Call) -> None:
    """Add a note to a segment."""
    call.room.note_segment(call.body)


def tags(call: Call) -> responses.TagList:
    """Return the tags that are not deleted."""
    return {"labels": [describe_tag(tag) for tag in call.room.catalog.live_tags()]}


def create_tag(call: Call) -> responses.Tag:
    """Create a tag, or return the one of that name."""
    sent: inputs.TagCreation = call.body
    now = call.room.clock.now()
    taken = call.room.behavior.taken_tag == "refused"
    if taken and any(tag.name == sent["name"].strip() for tag in call.room.catalog.live_tags()):
        raise InvalidInput("name: another tag has it")
    return describe_tag(call.room.catalog.add_tag(sent["name"], now, sent.get("description"), sent["entityTypes"]))


def tag(call: Call) -> responses.Tag:
    """Return a tag, deleted or not."""
    return describe_tag(call.room.catalog.tag(call.parameter))


def update_tag(call: Call) -> responses.Tag:
    """Update a tag, undeleting it."""
    tag = call.room.catalog.tag(call.parameter)
    deleted_at = tag.deleted_at
    if deleted_at is not None and call.room.behavior.deleted_tag == "refused":
        raise NotFound("tag-not-found", "the tag was deleted")
    call.room.catalog.update_tag(tag, call.body)
    if deleted_at is not None and call.room.behavior.deleted_tag == "stays_deleted":
        call.room.catalog.delete_tag(tag, deleted_at)
    return describe_tag(tag)


def delete_tag(call: Call) -> None:
    """Delete a tag."""
    if call.room.behavior.deleted_twice == "refused" and call.room.catalog.tag(call.parameter).deleted_at is not None:
        raise NotFound("tag-not-found", "the tag was deleted")
    call.room.delete_tag(call.parameter)

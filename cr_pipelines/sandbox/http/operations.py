"""Every operation of the v1 API: where it is, what it takes and answers, and what it does to the room.

The table here is what requests are routed by and what the OpenAPI description is made from.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from pydantic import TypeAdapter, ValidationError

from cr_pipelines.sandbox.workspace import wire
from cr_pipelines.sandbox.workspace.errors import InvalidRequest, NotFound
from cr_pipelines.sandbox.workspace.room import Room

PREFIX = "/community/v1"
_LOOKUPS = ("email", "twitter", "github", "linkedin")


@dataclass(slots=True)
class Call:
    """A request that was routed: `parameter` is the one in its path, `body` what the operation's model made of it."""

    room: Room
    origin: str
    parameter: str = ""
    query: bytes = b""
    body: Any = None

    def integer(self) -> int | None:
        """The path parameter as an integer, or None when it is none."""
        return int(self.parameter) if self.parameter.isascii() and self.parameter.isdigit() else None

    def queried(self) -> dict[str, str]:
        """The query's parameters, the first value of each."""
        return {name: values[0] for name, values in parse_qs(self.query.decode("latin-1")).items()}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API. `body` checks what it takes, `answer` is the type of what a success answers."""

    id: str
    method: str
    path: str
    summary: str
    act: Callable[[Call], Any]
    body: TypeAdapter[Any] | None = None
    answer: Any = wire.Status
    success: int = 200
    refusals: tuple[int, ...] = ()
    query: tuple[str, ...] = ()
    integer_parameter: bool = True
    deprecated: bool = False

    def run(self, call: Call, raw_body: bytes) -> Any:
        """Checks the body and does the work. Raises a `Refusal`."""
        if self.body is not None:
            try:
                call.body = self.body.validate_json(raw_body)
            except ValidationError:
                raise InvalidRequest from None
        return self.act(call)


@dataclass(slots=True)
class Router:
    """Finds the operation for a method and a path; a trailing slash makes no difference."""

    operations: tuple[Operation, ...]
    _fixed: dict[tuple[str, str], Operation] = field(default_factory=dict)
    _open: dict[tuple[str, str, str], Operation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for operation in self.operations:
            before, brace, rest = operation.path.rstrip("/").partition("{")
            if brace:
                self._open[operation.method, before, rest.partition("}")[2]] = operation
            else:
                self._fixed[operation.method, before] = operation

    def find(self, method: str, path: str) -> tuple[Operation, str] | None:
        """The operation and its path parameter, percent-decoded; `path` as it was sent, without the prefix."""
        path = path.rstrip("/")
        fixed = self._fixed.get((method, path))
        if fixed is not None:
            return fixed, ""
        start = path.find("/", 1) + 1
        end = path.find("/", start)
        parameter, after = (path[start:], "") if end < 0 else (path[start:end], path[end:])
        found = self._open.get((method, path[:start], after))
        if found is None or not start or not parameter:
            return None
        return found, unquote(parameter) if "%" in parameter else parameter


def _token_status(call: Call) -> wire.TokenStatus:
    return {"jti": "sandbox", "communityName": call.room.name, "communityId": "sandbox"}


def _source_id(call: Call) -> int:
    source_id = call.integer()
    if source_id is None:
        raise NotFound("destination-source-not-found")
    return source_id


def _put_user(call: Call) -> None:
    call.room.accept_user(_source_id(call), call.body)


def _put_activity(call: Call) -> None:
    call.room.accept_activity(_source_id(call), call.body)


def _put_contact(call: Call) -> None:
    call.room.put_legacy_contact(call.body)


def _note_contact(call: Call) -> None:
    call.room.note_contact(call.body)


def _custom_fields(call: Call) -> list[wire.CustomFieldDescription]:
    fields = call.room.catalog.custom_fields.values()
    source = call.queried().get("destinationSourceId")
    if source is None:
        return [field.described() for field in fields]
    known = source.isascii() and source.isdigit() and int(source) in call.room.catalog.sources
    return [field.described() for field in fields if known and field.writable_by(int(source))]


def _set_custom_field(call: Call) -> None:
    call.room.set_custom_field(call.body)


def _tag_contact(call: Call) -> None:
    call.room.tag_contact(call.body)


def _contact_by_email(call: Call) -> list[wire.CommunityMember]:
    return [{"id": contact.id} for contact in call.room.contacts("email", call.parameter)]


def _find_contacts(call: Call) -> list[wire.Member]:
    lookups = [(network, value) for network, value in call.queried().items() if network in _LOOKUPS]
    if not lookups:
        raise InvalidRequest("parameter-error")
    found = call.room.contacts(*lookups[0])
    for lookup in lookups[1:]:
        also = call.room.contacts(*lookup)
        found = [contact for contact in found if contact in also]
    if not found:
        raise NotFound("contact-not-found")
    return [call.room.described(contact, f"{call.origin}/contacts/") for contact in found]


def _anonymize(call: Call) -> wire.Status:
    call.room.ask_removal(call.parameter)
    return {"status": "success"}


def _add_legacy_activity(call: Call) -> None:
    call.room.add_legacy_activity(call.body)


def _activity_types(call: Call) -> list[wire.ActivityTypeDescription]:
    types = call.room.catalog.activity_types.values()
    return [{"id": type_.id, "displayName": type_.name, "name": type_.id} for type_ in types]


def _segments(call: Call) -> list[wire.SegmentName]:
    return [{"id": segment.id, "name": segment.name} for segment in call.room.catalog.segments.values()]


def _segment_id(call: Call) -> int:
    segment_id = call.integer()
    if segment_id is None:
        raise NotFound("segment-not-found")
    return segment_id


def _segment_statuses(call: Call) -> list[wire.StatusName]:
    statuses = call.room.catalog.segment(_segment_id(call)).statuses
    return [{"id": id_, "name": name} for id_, name in statuses.items()]


def _add_to_segment(call: Call) -> None:
    call.room.add_to_segment(_segment_id(call), call.body)


def _note_segment(call: Call) -> None:
    call.room.note_segment(call.body)


def _tags(call: Call) -> wire.TagList:
    return {"labels": [tag.described() for tag in call.room.catalog.live_tags()]}


def _create_tag(call: Call) -> wire.Tag:
    sent: wire.TagCreation = call.body
    now = call.room.clock.now()
    return call.room.catalog.add_tag(sent["name"], now, sent.get("description"), sent["entityTypes"]).described()


def _tag(call: Call) -> wire.Tag:
    return call.room.catalog.tag(call.parameter).described()


def _update_tag(call: Call) -> wire.Tag:
    tag = call.room.catalog.tag(call.parameter)
    call.room.catalog.update_tag(tag, call.body)
    return tag.described()


def _delete_tag(call: Call) -> None:
    call.room.delete_tag(call.parameter)


OPERATIONS = (
    Operation(
        "getApiTokenStatus",
        "GET",
        "/api-token-status",
        "API token status",
        _token_status,
        answer=wire.TokenStatus,
    ),
    Operation(
        "addUpdateUserToSource",
        "POST",
        "/source/{destinationSourceId}/user",
        "Add or edit a user",
        _put_user,
        wire.user,
        success=202,
        refusals=(400, 404),
    ),
    Operation(
        "addUpdateActivityToSource",
        "POST",
        "/source/{destinationSourceId}/activity",
        "Add or edit an activity",
        _put_activity,
        wire.activity,
        success=202,
        refusals=(400, 404),
    ),
    Operation(
        "createOrUpdateContact",
        "POST",
        "/members/",
        "Create or update a contact",
        _put_contact,
        wire.legacy_contact,
        refusals=(400,),
        deprecated=True,
    ),
    Operation(
        "addNoteToContact",
        "POST",
        "/members/note",
        "Add a note to a contact",
        _note_contact,
        wire.contact_note,
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "getContactCustomFields",
        "GET",
        "/members/customFields",
        "List the custom fields of contacts",
        _custom_fields,
        answer=list[wire.CustomFieldDescription],
        query=("destinationSourceId",),
    ),
    Operation(
        "setContactCustomFieldValue",
        "POST",
        "/members/customFields",
        "Set a custom field of a contact",
        _set_custom_field,
        wire.field_value,
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "addTagsToContact",
        "POST",
        "/members/tags",
        "Add tags to a contact",
        _tag_contact,
        wire.contact_tags,
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "getContactByEmail",
        "GET",
        "/user/{email}",
        "Find contacts by e-mail address",
        _contact_by_email,
        answer=list[wire.CommunityMember],
        refusals=(404,),
        integer_parameter=False,
        deprecated=True,
    ),
    Operation(
        "anonymizeContact",
        "DELETE",
        "/user/{email}",
        "Anonymize a contact within 15 days",
        _anonymize,
        refusals=(404,),
        integer_parameter=False,
    ),
    Operation(
        "getContactBySocials",
        "GET",
        "/members",
        "Find contacts by e-mail address or account",
        _find_contacts,
        answer=list[wire.Member],
        refusals=(400, 404),
        query=_LOOKUPS,
        deprecated=True,
    ),
    Operation(
        "createUserInputActivity",
        "POST",
        "/activities",
        "Add an activity to existing contacts",
        _add_legacy_activity,
        wire.legacy_activity,
        refusals=(400,),
        deprecated=True,
    ),
    Operation(
        "getActivityTypes",
        "GET",
        "/activityTypes",
        "List the activity types",
        _activity_types,
        answer=list[wire.ActivityTypeDescription],
    ),
    Operation("getSegments", "GET", "/segments", "List the segments", _segments, answer=list[wire.SegmentName]),
    Operation(
        "getSegmentStatuses",
        "GET",
        "/segments/{id}/status",
        "List the statuses of a segment",
        _segment_statuses,
        answer=list[wire.StatusName],
        refusals=(404,),
    ),
    Operation(
        "addContactsToSegment",
        "POST",
        "/segments/{id}",
        "Add contacts to a segment",
        _add_to_segment,
        wire.segment_members,
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "addNoteToSegment",
        "POST",
        "/segments/note",
        "Add a note to a segment",
        _note_segment,
        wire.segment_note,
        refusals=(400,),
        deprecated=True,
    ),
    Operation("listTags", "GET", "/tags", "List the tags", _tags, answer=wire.TagList),
    Operation(
        "createTag",
        "POST",
        "/tags",
        "Create a tag",
        _create_tag,
        wire.tag_creation,
        answer=wire.Tag,
        refusals=(400,),
    ),
    Operation(
        "getTag",
        "GET",
        "/tags/{id}",
        "Get a tag",
        _tag,
        answer=wire.Tag,
        refusals=(404,),
        integer_parameter=False,
    ),
    Operation(
        "updateTag",
        "POST",
        "/tags/{id}",
        "Update a tag, undeleting it",
        _update_tag,
        wire.tag_update,
        answer=wire.Tag,
        refusals=(400, 404),
        integer_parameter=False,
    ),
    Operation(
        "deleteTag",
        "DELETE",
        "/tags/{id}",
        "Delete a tag, taking it off everything",
        _delete_tag,
        refusals=(404,),
        integer_parameter=False,
    ),
)

"""Every operation of the v1 API: where it is, what it takes and sends, and what it does to the room.

Goes in: the handlers and the models. Comes out: `OPERATIONS`, the table that requests are routed by and that the
OpenAPI description is made from.
"""

from typing import Any

from pydantic import TypeAdapter

from cr_pipelines.sandbox.http import handlers, responses
from cr_pipelines.sandbox.http.routing import Operation
from cr_pipelines.sandbox.workspace import inputs


def _body(type_: Any) -> TypeAdapter[Any]:
    return TypeAdapter(type_)


OPERATIONS = (
    Operation(
        "getApiTokenStatus",
        "GET",
        "/api-token-status",
        "API token status",
        handlers.token_status,
        response=responses.TokenStatus,
    ),
    Operation(
        "addUpdateUserToSource",
        "POST",
        "/source/{destinationSourceId}/user",
        "Add or edit a user",
        handlers.put_user,
        _body(inputs.ApiUser),
        success=202,
        refusals=(400, 404),
    ),
    Operation(
        "addUpdateActivityToSource",
        "POST",
        "/source/{destinationSourceId}/activity",
        "Add or edit an activity",
        handlers.put_activity,
        _body(inputs.ApiActivity),
        success=202,
        refusals=(400, 404),
    ),
    Operation(
        "createOrUpdateContact",
        "POST",
        "/members/",
        "Create or update a contact",
        handlers.put_contact,
        _body(inputs.LegacyContact),
        refusals=(400,),
        deprecated=True,
    ),
    Operation(
        "addNoteToContact",
        "POST",
        "/members/note",
        "Add a note to a contact",
        handlers.note_contact,
        _body(inputs.ContactNote),
        response=responses.NoteIds | responses.Status,
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "getContactCustomFields",
        "GET",
        "/members/customFields",
        "List the custom fields of contacts",
        handlers.custom_fields,
        response=list[responses.CustomFieldDescription],
        query=("destinationSourceId",),
    ),
    Operation(
        "setContactCustomFieldValue",
        "POST",
        "/members/customFields",
        "Set a custom field of a contact",
        handlers.set_custom_field,
        _body(inputs.SingleFieldValue | inputs.MultiFieldValue),
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "addTagsToContact",
        "POST",
        "/members/tags",
        "Add tags to a contact",
        handlers.tag_contact,
        _body(inputs.ContactTags),
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "getContactByEmail",
        "GET",
        "/user/{email}",
        "Find contacts by e-mail address",
        handlers.contact_by_email,
        response=responses.ContactIds | list[responses.CommunityMember],
        refusals=(404,),
        integer_parameter=False,
        deprecated=True,
    ),
    Operation(
        "anonymizeContact",
        "DELETE",
        "/user/{email}",
        "Anonymize a contact within 15 days",
        handlers.anonymize,
        refusals=(404,),
        integer_parameter=False,
    ),
    Operation(
        "getContactBySocials",
        "GET",
        "/members",
        "Find contacts by e-mail address or account",
        handlers.find_contacts,
        response=list[responses.Member],
        refusals=(400, 404),
        query=handlers.LOOKUPS,
        deprecated=True,
    ),
    Operation(
        "createUserInputActivity",
        "POST",
        "/activities",
        "Add an activity to existing contacts",
        handlers.add_legacy_activity,
        _body(inputs.LegacyActivity),
        refusals=(400,),
        deprecated=True,
    ),
    Operation(
        "getActivityTypes",
        "GET",
        "/activityTypes",
        "List the activity types",
        handlers.activity_types,
        response=list[responses.ActivityTypeDescription],
    ),
    Operation(
        "getSegments", "GET", "/segments", "List the segments", handlers.segments, response=list[responses.SegmentName]
    ),
    Operation(
        "getSegmentStatuses",
        "GET",
        "/segments/{id}/status",
        "List the statuses of a segment",
        handlers.segment_statuses,
        response=list[responses.StatusName],
        refusals=(404,),
    ),
    Operation(
        "addContactsToSegment",
        "POST",
        "/segments/{id}",
        "Add contacts to a segment",
        handlers.add_to_segment,
        _body(inputs.SegmentMembers),
        refusals=(400, 404),
        deprecated=True,
    ),
    Operation(
        "addNoteToSegment",
        "POST",
        "/segments/note",
        "Add a note to a segment",
        handlers.note_segment,
        _body(inputs.SegmentNote),
        refusals=(400,),
        deprecated=True,
    ),
    Operation("listTags", "GET", "/tags", "List the tags", handlers.tags, response=responses.TagList),
    Operation(
        "createTag",
        "POST",
        "/tags",
        "Create a tag",
        handlers.create_tag,
        _body(inputs.TagCreation),
        response=responses.Tag,
        refusals=(400,),
    ),
    Operation(
        "getTag",
        "GET",
        "/tags/{id}",
        "Get a tag",
        handlers.tag,
        response=responses.Tag,
        refusals=(404,),
        integer_parameter=False,
    ),
    Operation(
        "updateTag",
        "POST",
        "/tags/{id}",
        "Update a tag, undeleting it",
        handlers.update_tag,
        _body(inputs.TagUpdate),
        response=responses.Tag,
        refusals=(400, 404),
        integer_parameter=False,
    ),
    Operation(
        "deleteTag",
        "DELETE",
        "/tags/{id}",
        "Delete a tag, taking it off everything",
        handlers.delete_tag,
        refusals=(404,),
        integer_parameter=False,
    ),
)

OPERATION_IDS = frozenset(operation.id for operation in OPERATIONS)

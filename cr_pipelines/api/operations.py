"""The operations of the Common Room API v1.

Each has a method, a path, its success status, and whether it is safe to repeat. Six are legacy: the vendor's newest
description omits them, so each says what to use instead.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the API.

    Attributes:
        name: the client's method for it.
        method: HTTP method.
        path: path below the base address, with `{}` where a parameter goes.
        repeatable: False for an operation that appends: repeating it without knowing its outcome could write twice.
        success: the status of a success.
        response: the type at the top level of the body, if it is read; `any` if the API was seen to vary it.
        plain_text: whether the body of a success may be a plain word.
        instead: for a legacy operation, the current way to do the same.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    repeatable: bool = True
    success: int = 200
    response: Literal["object", "list", "any"] = "object"
    plain_text: bool = False
    instead: str | None = None


_NOTES = "write notes with Common Room's own command line or MCP server (neither is REST), or send an activity"
_THROUGH_A_SIGNAL = "POST /source/{destinationSourceId}/user of an API signal"

TOKEN_STATUS = Operation("token_status", "GET", "/api-token-status")
ADD_OR_EDIT_USER = Operation("add_or_edit_user", "POST", "/source/{}/user", success=202)
ADD_OR_EDIT_ACTIVITY = Operation("add_or_edit_activity", "POST", "/source/{}/activity", success=202)
CREATE_OR_UPDATE_CONTACT = Operation(
    "create_or_update_contact", "POST", "/members/", instead=f"send contacts with {_THROUGH_A_SIGNAL}"
)
ADD_CONTACT_NOTE = Operation("add_contact_note", "POST", "/members/note", repeatable=False, instead=_NOTES)
LIST_CUSTOM_FIELDS = Operation("list_custom_fields", "GET", "/members/customFields", response="list")
SET_CUSTOM_FIELD = Operation(
    "set_custom_field",
    "POST",
    "/members/customFields",
    instead=f"send custom fields with the contact, using {_THROUGH_A_SIGNAL} (the column user_id of a sync)",
)
ADD_CONTACT_TAGS = Operation(
    "add_contact_tags",
    "POST",
    "/members/tags",
    instead=f"send tags with the contact, using {_THROUGH_A_SIGNAL} (the column user_id of a sync)",
)
CONTACT_BY_EMAIL = Operation("contact_by_email", "GET", "/user/{}", response="any")
FIND_CONTACTS = Operation("find_contacts", "GET", "/members", response="any")
REMOVE_PII = Operation("remove_pii", "DELETE", "/user/{}", plain_text=True)
ADD_ACTIVITY_TO_CONTACTS = Operation(
    "add_activity_to_contacts",
    "POST",
    "/activities",
    repeatable=False,
    instead="send activities with POST /source/{destinationSourceId}/activity of an API signal",
)
LIST_ACTIVITY_TYPES = Operation("list_activity_types", "GET", "/activityTypes", response="list")
LIST_SEGMENTS = Operation("list_segments", "GET", "/segments", response="list")
LIST_SEGMENT_STATUSES = Operation("list_segment_statuses", "GET", "/segments/{}/status", response="list")
ADD_CONTACTS_TO_SEGMENT = Operation("add_contacts_to_segment", "POST", "/segments/{}")
ADD_SEGMENT_NOTE = Operation("add_segment_note", "POST", "/segments/note", repeatable=False, instead=_NOTES)
LIST_TAGS = Operation("list_tags", "GET", "/tags")
CREATE_TAG = Operation("create_tag", "POST", "/tags")
GET_TAG = Operation("get_tag", "GET", "/tags/{}")
UPDATE_TAG = Operation("update_tag", "POST", "/tags/{}")
DELETE_TAG = Operation("delete_tag", "DELETE", "/tags/{}")

_LEGACY = (
    CREATE_OR_UPDATE_CONTACT,
    ADD_CONTACT_NOTE,
    SET_CUSTOM_FIELD,
    ADD_CONTACT_TAGS,
    ADD_ACTIVITY_TO_CONTACTS,
    ADD_SEGMENT_NOTE,
)


def current_way(name: str) -> str | None:
    """Return the current way to do what a legacy operation does; None for an operation that is not legacy.

    `name` is the client's method, or a method and path such as `POST /members/note`.
    """
    found = (operation for operation in _LEGACY if name in (operation.name, f"{operation.method} {operation.path}"))
    return next((operation.instead for operation in found), None)

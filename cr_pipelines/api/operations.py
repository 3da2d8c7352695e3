"""The operations of the Common Room API v1.

Each has a method, a path, and a flag that says whether repeating it does harm.
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
        repeatable: False for what appends: repeating it without knowing its outcome could write it twice.
    """

    name: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    repeatable: bool = True


TOKEN_STATUS = Operation("token_status", "GET", "/api-token-status")
ADD_OR_EDIT_USER = Operation("add_or_edit_user", "POST", "/source/{}/user")
ADD_OR_EDIT_ACTIVITY = Operation("add_or_edit_activity", "POST", "/source/{}/activity")
CREATE_OR_UPDATE_CONTACT = Operation("create_or_update_contact", "POST", "/members/")
ADD_CONTACT_NOTE = Operation("add_contact_note", "POST", "/members/note", repeatable=False)
LIST_CUSTOM_FIELDS = Operation("list_custom_fields", "GET", "/members/customFields")
SET_CUSTOM_FIELD = Operation("set_custom_field", "POST", "/members/customFields")
ADD_CONTACT_TAGS = Operation("add_contact_tags", "POST", "/members/tags")
CONTACT_BY_EMAIL = Operation("contact_by_email", "GET", "/user/{}")
FIND_CONTACTS = Operation("find_contacts", "GET", "/members")
REMOVE_PII = Operation("remove_pii", "DELETE", "/user/{}")
ADD_ACTIVITY_TO_CONTACTS = Operation("add_activity_to_contacts", "POST", "/activities", repeatable=False)
LIST_ACTIVITY_TYPES = Operation("list_activity_types", "GET", "/activityTypes")
LIST_SEGMENTS = Operation("list_segments", "GET", "/segments")
LIST_SEGMENT_STATUSES = Operation("list_segment_statuses", "GET", "/segments/{}/status")
ADD_CONTACTS_TO_SEGMENT = Operation("add_contacts_to_segment", "POST", "/segments/{}")
ADD_SEGMENT_NOTE = Operation("add_segment_note", "POST", "/segments/note", repeatable=False)
LIST_TAGS = Operation("list_tags", "GET", "/tags")
CREATE_TAG = Operation("create_tag", "POST", "/tags")
GET_TAG = Operation("get_tag", "GET", "/tags/{}")
UPDATE_TAG = Operation("update_tag", "POST", "/tags/{}")
DELETE_TAG = Operation("delete_tag", "DELETE", "/tags/{}")

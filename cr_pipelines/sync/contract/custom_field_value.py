"""Custom fields of contacts.

All fields of a person in the API signal share one POST /source/{destinationSourceId}/user, which sends only the id and
the fields. Each field of an existing contact takes one legacy POST /members/customFields.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cr_pipelines.api import (
    ClearContactCustomField,
    ClearCustomField,
    CommonRoomClient,
    ContactCustomFieldValue,
    ContactCustomFieldValues,
    CustomField,
    CustomFieldValue,
    TypedValue,
    User,
)
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.columns import PERSON, PERSON_OR_CONTACT, contact_reference
from cr_pipelines.sync.contract.custom_fields import is_empty, named_field, typed_value
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.row_reader import checked
from cr_pipelines.sync.contract.types import Batching, Column, Context, Contract, by_value, to_source_or_contact


def _field(value: Any, context: Context) -> CustomField:
    try:
        return named_field(context.catalog, value)
    except InvalidValue as fault:
        raise InvalidValue(fault.reason_code, fault.message) from None


_Change = ContactCustomFieldValue | ContactCustomFieldValues | ClearContactCustomField
"""A change of one field of an existing contact."""


def _build(read: Mapping[str, Any], context: Context) -> User | _Change:
    field, value = read["field"], read.get("field_value")
    clears = value is None or checked("field_value", is_empty, field, value)
    if clears:
        checked("field_value", _check_clear_nulls, context.clear_nulls)
    if PERSON.name in read:
        typed = None if clears else checked("field_value", typed_value, field, value)
        change = ClearCustomField(id=field.id) if typed is None else CustomFieldValue(id=field.id, value=typed)
        return User(id=read[PERSON.name], custom_fields=[change])
    found = {**contact_reference(read), "custom_field_id": field.id}
    if clears:
        checked("field_value", _check_clearable, field)
        return ClearContactCustomField(**found, custom_field_values=[])
    typed = checked("field_value", typed_value, field, value)
    if isinstance(typed.value, list):
        entries = [TypedValue(type=typed.type, value=entry) for entry in typed.value]
        return ContactCustomFieldValues(**found, custom_field_values=entries)
    return ContactCustomFieldValue(**found, custom_field_value=typed)


def _check_clear_nulls(clear_nulls: bool) -> None:
    if not clear_nulls:
        raise InvalidValue("blank", "is an empty list; to clear the field, make the value null and set clear_nulls")


def _check_clearable(field: CustomField) -> None:
    if not field.multivalue:
        raise InvalidValue(
            "cannot_clear",
            "is null, and this operation cannot clear a field of a single value; leave such rows out of the view, or "
            "give user_id instead of social_type and value",
        )


def _combine(requests: Sequence[User]) -> User:
    # A field may be named twice, by name and by id.
    changes = {change.id: change for request in requests for change in request.custom_fields}
    return requests[0].model_copy(update={"custom_fields": list(changes.values())})


CUSTOM_FIELD_VALUE = Contract(
    kind="custom_field_value",
    endpoint="POST /members/customFields",
    key=("social_type", "value", "field"),
    person_key=(PERSON.name, "field"),
    columns=(
        *PERSON_OR_CONTACT,
        Column(
            "field",
            "customFieldId",
            "text",
            "A custom field of the room, by name or id.",
            _field,
            required=True,
            needs=(CatalogPart.CUSTOM_FIELDS,),
            key_form="name",
        ),
        Column(
            "field_value",
            "customFieldValue",
            "whatever the field takes, or its text; a list for several",
            "The value. With clear_nulls, a null clears the field; without user_id, only one that takes several.",
            by_value(lambda value: value),
            required=True,
            clears=True,
        ),
    ),
    build=_build,
    send=to_source_or_contact(CommonRoomClient.set_custom_field),
    batching=Batching(by=(PERSON.name,), most=100, combine=_combine),
)

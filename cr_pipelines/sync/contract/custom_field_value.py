"""Custom fields of existing contacts: POST /members/customFields, which sets one field of one contact."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import (
    ClearContactCustomField,
    ContactCustomFieldValue,
    ContactCustomFieldValues,
    CustomField,
    TypedValue,
)
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.columns import CONTACT_REFERENCE, contact_reference
from cr_pipelines.sync.contract.custom_fields import is_empty, named_field, typed_value
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.row_reader import checked
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value


def _field(value: Any, context: Context) -> CustomField:
    try:
        return named_field(context.catalog, value)
    except InvalidValue as fault:
        raise InvalidValue(fault.reason_code, fault.message) from None


def _build(
    read: Mapping[str, Any], context: Context
) -> ContactCustomFieldValue | ContactCustomFieldValues | ClearContactCustomField:
    field = read["field"]
    found = {**contact_reference(read), "custom_field_id": field.id}
    value = read.get("field_value")
    if value is None or checked("field_value", is_empty, field, value):
        checked("field_value", _check_clearable, field, context.clear_nulls)
        return ClearContactCustomField(**found, custom_field_values=[])
    typed = checked("field_value", typed_value, field, value)
    if isinstance(typed.value, list):
        entries = [TypedValue(type=typed.type, value=entry) for entry in typed.value]
        return ContactCustomFieldValues(**found, custom_field_values=entries)
    return ContactCustomFieldValue(**found, custom_field_value=typed)


def _check_clearable(field: CustomField, clear_nulls: bool) -> None:
    if not clear_nulls:
        raise InvalidValue("blank", "is an empty list; to take all values away, make it null and set clear_nulls")
    if not field.multivalue:
        raise InvalidValue(
            "cannot_clear",
            "is null, and this operation cannot clear a field of a single value; leave such rows out of the view, or "
            "clear the field through custom_fields of a contacts sync",
        )


CUSTOM_FIELD_VALUE = Contract(
    kind="custom_field_value",
    endpoint="POST /members/customFields",
    key=("social_type", "value", "field"),
    columns=(
        *CONTACT_REFERENCE,
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
            "The value. With clear_nulls, a null takes all values off a field that takes several.",
            by_value(lambda value: value),
            required=True,
            clears=True,
        ),
    ),
    build=_build,
    send=lambda client, _source_id, change: client.set_custom_field(change),
)

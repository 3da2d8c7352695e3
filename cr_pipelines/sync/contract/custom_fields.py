"""Values of custom fields, checked against the field in the room: its type, its enum, and how many values it takes."""

from collections.abc import Callable, Mapping
from typing import Any

from cr_pipelines.api import ClearCustomField, CustomField, CustomFieldValue, TypedValue
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.catalog import Catalog, shown
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.names import did_you_mean, nearest


def named_field(catalog: Catalog, name: object) -> CustomField:
    """Return the custom field with this name or id. Raises InvalidValue with the nearest name."""
    try:
        return catalog.custom_fields.find(name)
    except InvalidValue as fault:
        raise InvalidValue(fault.reason_code, fault.message, part=shown(name)) from None


Change = CustomFieldValue | ClearCustomField


def changes(
    catalog: Catalog,
    value: Any,
    *,
    clear_nulls: bool,
    on_invalid: Callable[[InvalidValue], None] | None = None,
) -> list[Change] | None:
    """Return the changes that a struct, map or JSON object (field name or id to value) asks for.

    A null value is left out, unless `clear_nulls`: then the field is cleared, which cannot be undone. For a field that
    takes several values, an empty list counts as null. A bad value is left out too if `on_invalid` takes it.
    """
    expected = "a struct, map or JSON object of custom field name to value"
    if isinstance(value, str) and not value.strip():
        return None
    found: list[Change] = []
    struct = values.parsed(value, expected)
    named: dict[int, object] = {}
    for name, entry in () if struct is None else values.pairs(struct, expected):
        if entry is None and not clear_nulls:
            continue
        try:
            found += _change(catalog, name, entry, named, clear_nulls=clear_nulls)
        except InvalidValue as fault:
            if on_invalid is None:
                raise
            on_invalid(fault)
    return found or None


def _change(catalog: Catalog, name: object, entry: Any, named: dict[int, object], *, clear_nulls: bool) -> list[Change]:
    """Return the change of one field, if any, and note the name that the source used for it."""
    custom_field = named_field(catalog, name)
    if custom_field.id in named:
        raise InvalidValue(
            "duplicate_field",
            f"is the same custom field as {shown(named[custom_field.id])}; keep one of them",
            part=custom_field.name,
        )
    named[custom_field.id] = name
    if entry is None or is_empty(custom_field, entry):
        return [ClearCustomField(id=custom_field.id)] if clear_nulls else []
    return [CustomFieldValue(id=custom_field.id, value=typed_value(custom_field, entry))]


def is_empty(custom_field: CustomField, value: Any) -> bool:
    """Return whether the value for a field that takes several is empty in any form, which counts as null."""
    if not custom_field.multivalue:
        return False
    if isinstance(value, str):
        text = value.strip()
        value = _listed(text) if text[:1] in ("[", "{") else [text or None]
    entries = value if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else [value]
    return all(entry is None or (isinstance(entry, str) and not entry.strip()) for entry in entries)


def _listed(text: str) -> Any:
    """Return a list from its JSON or from `{}`, PostgreSQL's empty array; return anything else unchanged."""
    return [] if text == "{}" else values.parsed(text, "a list") if text.startswith("[") else text


_READERS: dict[str, Callable[[Any], Any]] = {
    "string": values.text(values.PROSE),
    "enum": values.line,
    "url": values.url,
    "date": values.as_date,
    "int": values.as_integer,
    "number": values.as_number,
    "boolean": values.as_boolean,
}


def typed_value(custom_field: CustomField, value: Any) -> TypedValue:
    """Return the value in the form that the custom field takes: its type, enum values, and one value or several.

    For a field that takes several values, a single value counts as a list of one, and text may be a JSON array.
    Raises InvalidValue that names the field.
    """
    try:
        if custom_field.type not in _READERS:
            raise InvalidValue(
                "unknown_type", f"is a custom field of type {custom_field.type}, which cannot be written"
            )
        if custom_field.multivalue:
            if isinstance(value, str) and value.lstrip().startswith("["):
                value = _listed(value.strip())
            entries = value if isinstance(value, list) else [value]
            read = [_single_value(custom_field, entry) for entry in entries if entry is not None]
            return TypedValue(type=custom_field.type, value=read)
        if isinstance(value, list):
            raise InvalidValue("wrong_type", "is a list, and the custom field takes a single value")
        return TypedValue(type=custom_field.type, value=_single_value(custom_field, value))
    except InvalidValue as fault:
        raise InvalidValue(fault.reason_code, fault.message, part=custom_field.name) from None


def _single_value(custom_field: CustomField, value: Any) -> Any:
    read = _READERS[custom_field.type](value)
    if read is None:
        raise InvalidValue("wrong_value", f"is blank; give a {custom_field.type}, or make it null")
    if custom_field.type == "enum" and read not in (custom_field.values or ()):
        accepted = list(custom_field.values or ())
        listed = ", ".join(accepted[:12]) + (", …" if len(accepted) > 12 else "")
        raise InvalidValue(
            "wrong_enum_value",
            f"is not one of the values that the custom field accepts ({listed})"
            + did_you_mean(nearest(read, accepted)),
        )
    return read

"""What the room itself says, read before anything is sent: which custom fields it has, and what they take."""

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cr_pipelines.api import (
    ClearCustomField,
    CommonRoomClient,
    CustomField,
    CustomFieldValue,
    TypedValue,
)
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.values import InvalidValue


def shown(name: object) -> str:
    """A name that came in a row, fit for messages: a struct keyed by address must not show whom."""
    text = str(name)
    return text if len(text) <= 60 and text.isprintable() and "@" not in text else "(a name of its own)"


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the known name that is most alike, else nothing."""
    by_folded = {values.folded(other): other for other in known}
    found = difflib.get_close_matches(values.folded(name), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[found[0]]}?" if found else ""


@dataclass(frozen=True)
class Room:
    """A room's custom fields, by folded name and by id in text."""

    custom_fields: Mapping[str, CustomField] = field(default_factory=dict)

    @staticmethod
    async def read(client: CommonRoomClient, source_id: int | None) -> "Room":
        """Ask the room (GET /members/customFields), for the fields that the source may write."""
        by_name: dict[str, CustomField] = {}
        for custom_field in await client.list_custom_fields(source_id):
            by_name[values.folded(custom_field.name)] = custom_field
            by_name[str(custom_field.id)] = custom_field
        return Room(by_name)

    def custom_field(self, name: object) -> CustomField:
        """The custom field of this name or id. Raises InvalidValue with the nearest name there is."""
        found = self.custom_fields.get(values.folded(str(name)))
        if found is None:
            known = sorted({custom_field.name for custom_field in self.custom_fields.values()})
            raise InvalidValue(
                "unknown_custom_field",
                "is no custom field that the room lets this source write" + nearest(str(name), known),
                part=shown(name),
            )
        return found

    def custom_field_changes(
        self, value: Any, *, clear_nulls: bool
    ) -> list[CustomFieldValue | ClearCustomField] | None:
        """The changes that a struct, map or JSON object of field name (or id) to value asks for.

        A null value is left out, unless `clear_nulls`: then the field is cleared, which cannot be undone.
        """
        expected = "a struct, map or JSON object of custom field name to value"
        if isinstance(value, str) and not value.strip():
            return None
        changes: list[CustomFieldValue | ClearCustomField] = []
        struct = values.parsed(value, expected)
        for name, entry in () if struct is None else values.pairs(struct, expected):
            if entry is None and not clear_nulls:
                continue
            custom_field = self.custom_field(name)
            if entry is None:
                changes.append(ClearCustomField(id=custom_field.id))
            else:
                changes.append(CustomFieldValue(id=custom_field.id, value=typed_value(custom_field, entry)))
        return changes or None


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
    """The value as the custom field takes it: type, enum values, one or several.

    A single value stands for a list of one where several are taken. Raises InvalidValue that names the field.
    """
    try:
        if custom_field.type not in _READERS:
            raise InvalidValue(
                "unknown_type", f"is a custom field of type {custom_field.type}, which cannot be written"
            )
        if custom_field.multivalue:
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
        raise InvalidValue("wrong_value", f"is blank; give a {custom_field.type} or null")
    if custom_field.type == "enum" and read not in (custom_field.values or ()):
        accepted = list(custom_field.values or ())
        shown = ", ".join(accepted[:12]) + (", …" if len(accepted) > 12 else "")
        raise InvalidValue(
            "wrong_enum_value",
            f"is none of the values that the custom field accepts ({shown})" + nearest(read, accepted),
        )
    return read

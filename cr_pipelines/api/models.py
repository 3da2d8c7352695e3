"""The base classes of every request and response model.

They map Python names to the API's, keep unset fields out of requests, and never print their values. In a response, they
skip what is unreadable and not needed, and count the skipped list items.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator
from pydantic.alias_generators import to_camel

_T = TypeVar("_T")


class _Hidden:
    def __repr__(self) -> str:
        return "…"


_HIDDEN = _Hidden()


class _Discreet(BaseModel):
    """A model that prints only field names, because its values are personal data."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
    )

    def __repr_args__(self) -> Iterator[tuple[str | None, object]]:
        for name in type(self).model_fields:
            if name in self.model_fields_set:
                yield name, _HIDDEN


class RequestModel(_Discreet):
    """A request body. Unknown fields are an error; fields that were never set are not sent."""

    model_config = ConfigDict(extra="forbid")

    def wire_json(self) -> bytes:
        """Return the body as it is sent: UTF-8 JSON under the API's names; an explicit None becomes null."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True, exclude_unset=True)


class TaggedRequestModel(RequestModel):
    """An object inside a request whose constant `type` is always sent, even though nobody sets it."""

    def model_post_init(self, context: object, /) -> None:
        """Count the constant as set, so that it is not left out with the unset fields."""
        self.__pydantic_fields_set__.add("type")


class ResponseModel(_Discreet):
    """A response body. Fields that the API adds later are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


@dataclass(slots=True)
class Omitted:
    """The validation context of a response: how many items of lists were left out."""

    items: int = 0


def _or_none(value: Any, read: ValidatorFunctionWrapHandler) -> Any:
    try:
        return read(value)
    except ValidationError:
        return None


def _readable(value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    if value is None or value == "":
        return []
    kept = []
    for item in value if isinstance(value, list) else [value]:
        try:
            kept += read([item])
        except ValidationError:
            if isinstance(info.context, Omitted):
                info.context.items += 1
    return kept


def _readable_unless_all_odd(value: Any, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    kept = _readable(value, read, info) if isinstance(value, list) else read(value)
    # A list without any readable item has another shape: it must not count as empty.
    return kept if kept or not value else read(value)


OrNone = Annotated[_T | None, WrapValidator(_or_none)]
"""A field that no caller needs: None if it cannot be read."""

Readable = Annotated[list[_T], WrapValidator(_readable)]
"""A list without its unreadable items; a single value is a list of one, and null or "" is an empty list."""

ReadableList = Annotated[list[_T], WrapValidator(_readable_unless_all_odd)]
"""A response that is a list, without its unreadable items; an error if it has items and all are unreadable."""

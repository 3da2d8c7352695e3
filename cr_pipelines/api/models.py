"""The base classes of every request and response model.

They map Python names to the API's, keep unset fields out of requests, and never print the values they hold.
"""

from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class _Hidden:
    def __repr__(self) -> str:
        return "…"


_HIDDEN = _Hidden()


class _Discreet(BaseModel):
    """A model that prints only field names, as its values are personal data."""

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
    """An object inside a request whose constant `type` is always sent, though nobody sets it."""

    def model_post_init(self, context: object, /) -> None:
        """Count the constant as set, so that it is not left out with the unset fields."""
        self.__pydantic_fields_set__.add("type")


class ResponseModel(_Discreet):
    """A response body. Fields that the API adds later are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

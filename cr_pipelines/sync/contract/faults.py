"""Faults of values: what is wrong with one, and how to fix it, without the value.

Goes in: a value and what was expected. Comes out: an `InvalidValue`, whose message is safe to show where personal data
must not appear.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal


class Unreadable:
    """What is spooled for a value that Python cannot hold: a date outside the years 1 to 9999."""


class InvalidValue(Exception):
    """A value that cannot be sent.

    Attributes:
        reason_code: short snake_case, for tables and counts.
        message: what is wrong and how to fix it, without the value.
        part: what within the column, such as a custom field's name.
        similar: for a name that the room does not have, the most similar name that it has.
    """

    def __init__(self, reason_code: str, message: str, part: str | None = None, similar: str | None = None):
        super().__init__(reason_code, message)
        self.reason_code = reason_code
        self.message = message
        self.part = part
        self.similar = similar


def describe_type(value: object) -> str:
    """Return what a value is, in an analyst's words."""
    match value:
        case bool():
            return "a boolean"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "text"
        case datetime():
            return "a timestamp"
        case date():
            return "a date"
        case bytes():
            return "binary data"
        case None:
            return "a null"
        case Mapping():
            return "a struct"
        case list():
            return "a list"
        case Unreadable():
            return "a date outside the years 1 to 9999"
        case _:
            return f"a value of the type {type(value).__name__}"


def wrong_type(value: object, expected: str) -> InvalidValue:
    """Return the error for a value of a type that the field cannot take."""
    return InvalidValue("wrong_type", f"is {describe_type(value)}; it must be {expected}, so cast it in the source")


def wrong_value(value: object, expected: str) -> InvalidValue:
    """Return the error for a value that a typed field cannot take."""
    return InvalidValue("wrong_value", f"is {describe_type(value)} that is not {expected}")

"""How a room behaves where the vendor's description leaves it open, or where rooms were seen to differ.

Goes in: plain values, such as those that `cr-pipelines probe` found in a real room. Comes out: a checked `Behavior`;
its defaults are what the sandbox does, and what the client of this package expects.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

Shapes = Literal["observed", "documented"]
DATE_FORMS = ("date_time", "without_offset", "date", "rfc_1123", "month_day_year")
ACCEPTED_DATES = ("date_time", "rfc_1123", "month_day_year")

SHAPE = re.compile(
    r"(?P<method>GET|POST|DELETE) (?P<path>/\S+) (?P<refused>4xx )?(?P<place>\S+): "
    r"(?P<type>string|number|boolean|array|object|null|missing)"
)
"""A part of a success, or of a refusal (4xx), and the type that it has in a room."""


@dataclass(frozen=True, slots=True)
class Behavior:
    """What a room does with what the description leaves open.

    Attributes:
        lookup: what GET /user/{email} sends: an object of ids, or a list of objects.
        profile: whether the accounts of GET /members are arrays of strings or strings.
        note: what POST /members/note sends: the ids of the notes, or a status.
        forbidden: what a 403 sends: a reason, or a status.
        accepted: what a 202 sends: JSON, or nothing.
        omitted: what an upsert does with a field that it leaves out.
        omitted_tags: what an upsert does with the contact's tags when it sends none.
        omitted_custom_fields: what an upsert does with custom fields when it sends none.
        sent_tags: whether the tags of an upsert are added to those of the contact, or replace them.
        null: what an upsert does with a field that it sends as null.
        field_without_value: what an upsert does with a custom field that it sends without `value`.
        unknown_fields: what happens to a request with an unknown field.
        lookup_case: whether the case of an address matters in a look-up.
        removal_case: whether the case of an address matters in a removal.
        lookup_plus: whether a look-up of ada@ finds ada+work@ too.
        removal_plus: whether a removal of ada@ removes ada+work@ too.
        same_email: whether two users with one address become one contact.
        same_linkedin: whether two users with one LinkedIn account become one contact.
        taken_tag: what creating a tag of a taken name does.
        deleted_twice: what deleting a deleted tag does.
        deleted_tag: what updating a deleted tag does.
        segment_batch: who is added when one address of several is unknown.
        dates: the forms of date that a timestamp may have.
        longest_value: the longest text that is accepted, in characters; None for any.
        retired: ids of operations that are no longer there.
        retry_after: the form of a 429's Retry-After.
        limit_headers: what the names of the rate limit's headers begin with.
        limit_body: whether the body of a 429 has `rateLimit`, or only a reason.
        shapes: parts of responses that have another type, such as `GET /segments [].id: string`.
    """

    lookup: Literal["ids", "list"] = "ids"
    profile: Literal["arrays", "strings"] = "arrays"
    note: Literal["id", "status"] = "id"
    forbidden: Literal["reason", "status"] = "reason"
    accepted: Literal["json", "empty"] = "json"
    omitted: Literal["kept", "cleared"] = "kept"
    omitted_tags: Literal["kept", "cleared"] = "kept"
    omitted_custom_fields: Literal["kept", "cleared"] = "kept"
    sent_tags: Literal["added", "replaced"] = "added"
    null: Literal["cleared", "kept"] = "cleared"
    field_without_value: Literal["cleared", "kept", "refused"] = "cleared"
    unknown_fields: Literal["refused", "ignored"] = "refused"
    lookup_case: Literal["ignored", "matters"] = "ignored"
    removal_case: Literal["ignored", "matters"] = "ignored"
    lookup_plus: Literal["matters", "ignored"] = "matters"
    removal_plus: Literal["matters", "ignored"] = "matters"
    same_email: Literal["merged", "separate"] = "merged"
    same_linkedin: Literal["merged", "separate"] = "merged"
    taken_tag: Literal["same", "refused"] = "same"
    deleted_twice: Literal["accepted", "refused"] = "accepted"
    deleted_tag: Literal["undeleted", "stays_deleted", "refused"] = "undeleted"
    segment_batch: Literal["none", "known_ones"] = "none"
    dates: tuple[str, ...] = ACCEPTED_DATES
    longest_value: int | None = None
    retired: tuple[str, ...] = ()
    retry_after: Literal["date_time", "seconds", "http_date", "none"] = "date_time"
    limit_headers: Literal["x-ratelimit", "ratelimit", "none"] = "x-ratelimit"
    limit_body: Literal["rate_limit", "reason"] = "rate_limit"
    shapes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            choices = get_args(field.type)
            if choices and isinstance(choices[0], str) and value not in choices:
                raise ValueError(f"behavior {field.name} must be one of {', '.join(choices)}, not {value!r}")
        if not isinstance(self.dates, tuple) or not set(self.dates) <= set(DATE_FORMS):
            raise ValueError(f"behavior dates must be a list of {', '.join(DATE_FORMS)}")
        if not isinstance(self.retired, tuple) or not all(isinstance(id_, str) for id_ in self.retired):
            raise ValueError("behavior retired must be a list of operation ids")
        if not isinstance(self.shapes, tuple) or not all(SHAPE.fullmatch(str(shape)) for shape in self.shapes):
            raise ValueError("behavior shapes must be a list such as GET /segments [].id: string")
        longest = self.longest_value
        if longest is not None and (isinstance(longest, bool) or not isinstance(longest, int) or longest < 1):
            raise ValueError("behavior longest_value must be a number of characters, or null for any")

    @classmethod
    def of(cls, given: Mapping[str, Any], shapes: Shapes = "observed") -> "Behavior":
        """Make a behavior from JSON-like values; what is left out is as the shapes say.

        Raises ValueError for an unknown name or a value that is not allowed.
        """
        if shapes not in get_args(Shapes):
            raise ValueError(f"shapes must be observed or documented, not {shapes!r}")
        unknown = sorted(set(given) - {field.name for field in fields(cls)})
        if unknown:
            raise ValueError(f"unknown behavior {', '.join(unknown)}")
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        documented: dict[str, Any] = {"lookup": "list", "profile": "strings", "note": "status", "forbidden": "status"}
        return cls(**(documented if shapes == "documented" else {}) | values)

    def plain(self) -> dict[str, Any]:
        """Return the behavior as JSON-like values, which `of` reads back."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

"""Every assumption about a room, as a table.

Goes in: the checks of `reading` and `writing`. Comes out: for each assumption its name (a field of the sandbox's
`Behavior`, `visible_after` or `shapes`), what is assumed, how it is tried, and what that needs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cr_pipelines.probe import reading, writing
from cr_pipelines.probe.room import ProbedRoom


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something that client and sandbox assume about a room.

    Attributes:
        name: the field of `Behavior` that it is.
        assumed: what is assumed, in words.
        how: how it is tried.
        check: finds out what the room does; returns a value of that field, or raises Unclear.
        read_only: whether trying it writes nothing.
        needs: an option of the probe without which it is not tried.
    """

    name: str
    assumed: str
    how: str
    check: Callable[..., Any]
    read_only: bool = False
    needs: str | None = None


def _retired(room: ProbedRoom, read_only: bool) -> list[str]:
    return reading.retired(room, may_write=not read_only)


ASSUMPTIONS = (
    Assumption("retired", "every operation is there", "each, with a body that none accepts", _retired, read_only=True),
    Assumption("forbidden", "a 403 has a reason", "a token that nobody has", reading.forbidden, read_only=True),
    Assumption(
        "limit_headers", "X-RateLimit-… in every response", "the token's status", reading.limit_headers, read_only=True
    ),
    Assumption("accepted", "a 202 has JSON", "a new person", writing.accepted),
    Assumption(
        "visible_after", "a person is visible soon after a 202", "look-ups of a new person", writing.visible_after
    ),
    Assumption("lookup", "GET /user/{email} sends an object of ids", "a new person", writing.lookup),
    Assumption("profile", "GET /members sends accounts as arrays", "a person with an account", writing.profile),
    Assumption("omitted", "fields that are left out stay", "a change of one field only", writing.omitted),
    Assumption("omitted_tags", "tags stay when none are sent", "a tag, then a change without", writing.omitted_tags),
    Assumption("sent_tags", "tags that are sent are added", "a tag, then another one", writing.sent_tags),
    Assumption(
        "omitted_custom_fields",
        "custom fields stay when none are sent",
        "a custom field, then a change without",
        writing.omitted_custom_fields,
    ),
    Assumption("null", "a field sent as null is cleared", "a title, then null", writing.null),
    Assumption(
        "field_without_value",
        "a custom field without value is cleared",
        "a custom field, then the same without value",
        writing.field_without_value,
    ),
    Assumption("unknown_fields", "an unknown field is refused", "a person with one", writing.unknown_fields),
    Assumption("lookup_case", "a look-up ignores case", "a look-up in upper case", writing.lookup_case),
    Assumption("lookup_plus", "+work belongs to an address", "a look-up without it", writing.lookup_plus),
    Assumption("same_email", "one address is one contact", "two users with it", writing.same_email),
    Assumption("same_linkedin", "one LinkedIn account is one contact", "two users with it", writing.same_linkedin),
    Assumption("taken_tag", "a tag whose name is taken is the same tag", "a tag, created twice", writing.taken_tag),
    Assumption("deleted_twice", "deleting a deleted tag succeeds", "a tag, deleted twice", writing.deleted_twice),
    Assumption("deleted_tag", "an update undeletes a tag", "a tag, deleted and updated", writing.deleted_tag),
    Assumption(
        "segment_batch",
        "one unknown address keeps all out of a segment",
        "a known and an unknown address",
        writing.segment_batch,
        needs="segment",
    ),
    Assumption("dates", "dates in ISO 8601, RFC 1123 and Dec 4, 2023", "an activity for each form", writing.dates),
    Assumption("longest_value", "text of any length", "longer and longer text", writing.longest_value),
    Assumption("note", "a note's response has ids", "a note on a new person", writing.note),
    Assumption("removal_case", "a removal ignores case", "a removal in upper case", writing.removal_case),
    Assumption("removal_plus", "+work belongs to an address", "a removal without it", writing.removal_plus),
    # The last one that reads: it is about every response so far.
    Assumption(
        "shapes",
        "responses have known shapes",
        "every response, each list, a 400, a 404",
        reading.shapes,
        read_only=True,
    ),
    Assumption(
        "retry_after",
        "Retry-After is a date-time",
        "requests until a 429",
        reading.retry_after,
        read_only=True,
        needs="rate_limit",
    ),
    Assumption(
        "limit_body",
        "a 429 has rateLimit",
        "requests until a 429",
        reading.limit_body,
        read_only=True,
        needs="rate_limit",
    ),
)

"""What is wrong with a value, in words.

Goes in: an error of pydantic. Comes out: one line that names each field and what it should be, without the values.
"""

from pydantic import ValidationError

_SHOWN = 5


def explain(error: ValidationError) -> str:
    """Return what is wrong, field by field; only the first five fields if there are many."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = []
    for each in found[:_SHOWN]:
        place = ".".join(str(step) for step in each["loc"])
        message = each["msg"].removeprefix("Value error, ")
        lines.append(f"{place}: {message}" if place else message)
    more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(lines) + more

"""From a warehouse value to an API value.

Each reader takes a value that is not null and gives what the request holds, or None for a blank that counts
as null. It raises InvalidValue with a message that says what is wrong and what to do, and that never
repeats the value: messages go where personal data may not.
"""

import contextlib
import difflib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from cr_pipelines.api import DiscordAccount, ExternalProfile, Handle, TagByName

LINE = 1_000
"""Longest value of a one-line field, in characters. The API publishes no limit; this is ours."""
PROSE = 20_000
"""Longest value of a field that holds prose, in characters. The API publishes no limit; this is ours."""
EMAIL = 254
"""Longest e-mail address, in characters (RFC 5321, section 4.5.3.1.3 less the angle brackets)."""

# Tab, line feed and carriage return are ordinary; every other control character is a fault of the data.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_EMAIL = re.compile(r"[^\s@<>()\[\]\\,;:\"]+@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_](?:[\w-]{0,61}[^\W_])?")

_LARGEST_EXPONENT = 300
"""Of a number: beyond it, writing the number out takes seconds, and most readers take it for infinite."""

Reader = Callable[[Any], object | None]


class InvalidValue(Exception):
    """A value that cannot be sent.

    Attributes:
        reason_code: short snake_case, for tables and counts.
        message: what is wrong and how to mend it, without the value.
        part: what within the column, such as a custom field's name.
    """

    def __init__(self, reason_code: str, message: str, part: str | None = None):
        super().__init__(reason_code, message)
        self.reason_code = reason_code
        self.message = message
        self.part = part


def describe_type(value: object) -> str:
    """What a value is, in an analyst's words."""
    match value:
        case bool():
            return "a boolean"
        case int() | float() | Decimal():
            return "a number"
        case str():
            return "a text"
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
        case _:
            return f"a value of the type {type(value).__name__}"


def wrong_type(value: object, expected: str) -> InvalidValue:
    """The error for a value of a type that the field cannot take."""
    return InvalidValue("wrong_type", f"is {describe_type(value)}; it must be {expected}, so cast it in the source")


def text(longest: int = LINE) -> Reader:
    """A reader of texts up to so many characters; numbers and UUIDs are written out."""

    def read(value: Any) -> str:
        if type(value) is not str:
            value = _written_out(value)
        if len(value) > longest:
            raise InvalidValue(
                "too_long",
                f"has {len(value):,} characters, more than the {longest:,} that are sent; "
                f"shorten it in the source, as with left(…, {longest})",
            )
        if value.isascii() and value.isprintable():
            return str(value)
        if found := _SURROGATE.search(value):
            raise InvalidValue(
                "broken_character", f"has half of a character at character {found.start() + 1}; mend its encoding"
            )
        if found := _CONTROL.search(value):
            raise InvalidValue(
                "control_character",
                f"has the control character U+{ord(found[0]):04X} at character {found.start() + 1}; "
                "remove it in the source, as with regexp_replace",
            )
        return str(value)

    return read


def _written_out(value: object) -> str:
    match value:
        case bool():
            raise wrong_type(value, "a text")
        case int() | UUID() | str():
            return str(value)
        case float() if value.is_integer():
            return str(int(value))
        case Decimal() if value.is_finite():
            written = format(value, "f")
            return written.rstrip("0").rstrip(".") if "." in written else written
        case float() if value == value and abs(value) != float("inf"):
            return repr(value)
        case _:
            raise wrong_type(value, "a text")


_line = text(LINE)
_prose = text(PROSE)


def line(value: Any) -> str:
    """A text of one field, such as a name."""
    return _line(value)  # type: ignore[return-value]


def written(value: Any) -> str:
    """A text of one field that is not blank, trimmed."""
    return _not_blank(line(value)).strip()


def prose(value: Any) -> str:
    """A longer text that is not blank, such as a note."""
    return _not_blank(_prose(value))  # type: ignore[arg-type]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise InvalidValue("blank", "is blank; give it a text, or leave such rows out of the view")
    return text


def listed(value: Any) -> str:
    """A text that goes into a list with commas between its entries, and so holds none."""
    entry = written(value)
    if "," in entry:
        raise InvalidValue("comma", "has a comma, which is what the API separates entries by; send it without one")
    return entry


def one_of(*accepted: str) -> Callable[[Any], str]:
    """A reader of texts that takes only these, in any case."""

    def read(value: Any) -> str:
        choice = folded(line(value))
        if choice not in accepted:
            raise InvalidValue("wrong_value", f"is none of {', '.join(accepted)}" + nearest(choice, accepted))
        return choice

    return read


def key(value: Any) -> str:
    """A key: a text that is not blank."""
    written = line(value)
    if not written.strip():
        raise InvalidValue("blank_key", "is blank; give every row a key of its own")
    return written


def email(value: Any) -> str | None:
    """An e-mail address, trimmed; a blank one counts as null."""
    if not isinstance(value, str):
        raise wrong_type(value, "a text with an e-mail address")
    address = value.strip()
    if not address:
        return None
    line(address)
    if "@" not in address:
        raise InvalidValue("bad_email", "is not an e-mail address: it has no @; correct it or make it null")
    if len(address) > EMAIL or not _EMAIL.fullmatch(address):
        raise InvalidValue(
            "bad_email",
            "is not one e-mail address of the form name@domain.tld; correct it or make it null",
        )
    return address


def url(value: Any) -> str | None:
    """A web address, trimmed; a blank one counts as null."""
    address = line(value).strip()
    if not address:
        return None
    if not re.match(r"https?://[^\s/]+", address, re.IGNORECASE) or re.search(r"\s", address):
        raise InvalidValue("bad_url", "is not a web address that begins with http:// or https:// and has no spaces")
    return address


def account(value: Any) -> str | None:
    """An account name or profile address, trimmed; a blank one counts as null."""
    return line(value).strip() or None


def handle(value: Any) -> Handle | None:
    """An account name or profile address of LinkedIn, GitHub or Twitter; a blank one counts as null."""
    name = account(value)
    return Handle(value=name) if name else None


def discord(value: Any) -> DiscordAccount | None:
    """A Discord account as `username#discriminator`, or as the newer bare `username`.

    Discord gave accounts without a discriminator the discriminator 0, which the API requires.
    """
    name = account(value)
    if not name:
        return None
    username, _, discriminator = name.partition("#")
    if not username or re.search(r"\s", username) or (discriminator and not discriminator.isdigit()):
        raise InvalidValue("bad_discord", "is not a Discord account of the form username or username#1234")
    return DiscordAccount(username=username, discriminator=discriminator or "0")


def parsed(value: Any, expected: str) -> Any:
    """A nested value: as the warehouse has it, or parsed from JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise InvalidValue(
            "bad_json", f"is a text that is not JSON; it must be {expected}, nested or as JSON"
        ) from None


def pairs(value: Any, expected: str) -> list[tuple[Any, Any]]:
    """The entries of a struct, a map or a JSON object."""
    match value:
        case Mapping():
            return list(value.items())
        case list() if all(isinstance(entry, tuple) and len(entry) == 2 for entry in value):
            return value
        case _:
            raise wrong_type(value, expected)


def external_profiles(value: Any) -> list[ExternalProfile] | None:
    """A list of structs of url and name, or of addresses; nested or as JSON. A blank one counts as null."""
    expected = "a list of structs of url and name"
    if isinstance(value, str) and not value.strip():
        return None
    entries = parsed(value, expected)
    if entries is None:
        return None
    if not isinstance(entries, list):
        raise wrong_type(entries, expected)
    profiles = []
    for position, entry in enumerate(entries, start=1):
        fields = {"url": entry} if isinstance(entry, str) else dict(pairs(entry, expected))
        address = fields.get("url")
        if address is None or set(fields) - {"url", "name"}:
            raise InvalidValue(
                "bad_profile", f"entry {position} must be a struct of url and name, of which url is required"
            )
        try:
            address = url(address)
            name = fields.get("name")
            named = {} if name is None else {"name": line(name)}
        except InvalidValue as fault:
            raise InvalidValue(fault.reason_code, f"entry {position} {fault.message}") from None
        if address is not None:
            profiles.append(ExternalProfile(url=address, **named))
    return profiles or None


def names(value: Any) -> list[str] | None:
    """A list of names, or one text that separates them by commas; blanks and repetitions are dropped."""
    expected = "a list of texts or a text with commas between the names"
    if isinstance(value, str):
        value = parsed(value, expected) if value.lstrip().startswith(("[", '"')) else value.split(",")
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list):
        raise wrong_type(value, expected)
    found: dict[str, None] = {}
    for entry in value:
        if entry is None:
            continue
        if name := line(entry).strip():
            found[name] = None
    return list(found) or None


def tags(value: Any) -> list[TagByName] | None:
    """Tags by name; the API creates those that it does not have."""
    found = names(value)
    return [TagByName(name=name) for name in found] if found else None


def as_boolean(value: Any) -> bool:
    """A boolean, or the text of one."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise wrong_value(value, "a boolean")


def as_number(value: Any) -> float | int:
    """A finite number, or the text of one."""
    if isinstance(value, str):
        try:
            value = Decimal(value.strip())
        except ArithmeticError:
            raise wrong_value(value, "a number") from None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong_value(value, "a number")
    if isinstance(value, int):
        return value
    number = value if isinstance(value, Decimal) else Decimal(value)
    if not number.is_finite() or number.adjusted() > _LARGEST_EXPONENT:
        raise InvalidValue("wrong_value", "is not a finite number of ordinary size, the only kind that can be sent")
    return int(number) if number == number.to_integral_value() else float(value)


def as_integer(value: Any) -> int:
    """A whole number, or the text of one."""
    number = as_number(value)
    if not isinstance(number, int):
        raise wrong_value(value, "a whole number")
    return number


def as_date(value: Any) -> str:
    """A date as YYYY-MM-DD, the only form that the API takes."""
    if isinstance(value, datetime):
        raise InvalidValue("wrong_value", "is a timestamp, and the field takes dates; cast it to a date")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()).isoformat()
        except ValueError:
            pass
    raise wrong_value(value, "a date as YYYY-MM-DD")


def as_moment(value: Any) -> datetime:
    """A moment in UTC. One without a time zone is taken as UTC; a date is none, as midnight would be made up."""
    if isinstance(value, str) and ":" in value:
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        hint = "; it must be a timestamp, so cast it in the source"
        if type(value) is date:
            hint += ", as with CAST(… AS TIMESTAMP) for midnight UTC"
        raise InvalidValue("wrong_type", f"is {describe_type(value)} that is no moment{hint}")
    # Rebuilt, as a subclass of datetime may count nanoseconds, which nothing after this understands.
    moment = datetime.combine(value.date(), value.timetz())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue("wrong_value", "is outside of the years 1 to 9999") from None


def wrong_value(value: object, expected: str) -> InvalidValue:
    """The error for a value that a typed field cannot take."""
    return InvalidValue("wrong_value", f"is {describe_type(value)} that is not {expected}")


def folded(name: str) -> str:
    """A name as it is looked up: without regard to case, width and outer blanks."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean X?` for the known name that is most alike, else nothing."""
    by_folded = {folded(other): other for other in known}
    found = difflib.get_close_matches(folded(name), by_folded, n=1, cutoff=0.6)
    return f"; did you mean {by_folded[found[0]]}?" if found else ""

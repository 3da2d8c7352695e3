"""Turn a warehouse value into an API value.

Goes in: a value that is not null. Comes out: its value in the request, or None for a blank that counts as null. Readers
raise InvalidValue with a message that says what is wrong and what to do. The message never repeats the value, because
messages are shown where personal data must not appear.
"""

import contextlib
import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from cr_pipelines.api import DiscordAccount, ExternalProfile, Handle, TagByName
from cr_pipelines.sync.contract.faults import InvalidValue, describe_type, wrong_type, wrong_value
from cr_pipelines.sync.contract.identity import canonical_id, spelled_address, trimmed
from cr_pipelines.sync.contract.names import did_you_mean, folded, nearest
from cr_pipelines.warehouse.dialect import SUBSTITUTE

LINE = 1_000
"""Longest value of a one-line field, in characters. The API publishes no limit; this is ours."""
PROSE = 20_000
"""Longest value of a field that holds prose, in characters. The API publishes no limit; this is ours."""
# Tab, line feed and carriage return are ordinary; every other control character is a fault of the data.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")

# An entry whose quotation mark is never closed extends to the end, so the rest is read only once.
_ARRAY_ENTRY = re.compile(r'"((?:[^"\\]|\\.)*+)"?|([^,"{}]+)')
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,6})?")

_LARGEST_EXPONENT = 300
"""Largest exponent of a number. Beyond it, writing out the number takes seconds, and most readers see infinity."""

Reader = Callable[[Any], object | None]


def text(longest: int = LINE) -> Reader:
    """Return a reader of text up to this length; numbers and UUIDs are written out."""

    def read(value: Any) -> str:
        if type(value) is not str:
            value = canonical_id(value)
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
                "broken_character", f"contains an unpaired surrogate at position {found.start() + 1}; fix the encoding"
            )
        if found := _CONTROL.search(value):
            reason = f"has the control character U+{ord(found[0]):04X} at character {found.start() + 1}"
            if found[0] == SUBSTITUTE:
                reason += ", which replaces what is not text, such as a NUL, broken UTF-8 or binary data; correct it"
            else:
                reason += "; remove it"
            raise InvalidValue("control_character", f"{reason} in the source, as with regexp_replace")
        return str(value)

    return read


_line = text(LINE)
_prose = text(PROSE)


def line(value: Any) -> str:
    """Return the text of a one-line field, such as a name."""
    return _line(value)  # type: ignore[return-value]


def written(value: Any) -> str:
    """Return the text of a one-line field, trimmed; it must not be blank."""
    return _not_blank(line(value)).strip()


def prose(value: Any) -> str:
    """Return a longer text, such as a note; it must not be blank."""
    return _not_blank(_prose(value))  # type: ignore[arg-type]


def _not_blank(text: str) -> str:
    if not text.strip():
        raise InvalidValue("blank", "is blank; give it a value, or leave such rows out of the view")
    return text


def listed(value: Any) -> str:
    """Return text for a comma-separated list; it must not contain a comma."""
    entry = written(value)
    if "," in entry:
        raise InvalidValue("comma", "has a comma, which separates entries in the API; remove it")
    return entry


def one_of(*accepted: str) -> Callable[[Any], str]:
    """Return a reader that accepts only these words, in any case."""

    def read(value: Any) -> str:
        choice = folded(line(value))
        if choice not in accepted:
            raise InvalidValue(
                "wrong_value", f"is not one of {', '.join(accepted)}" + did_you_mean(nearest(choice, accepted))
            )
        return choice

    return read


def key(value: Any) -> str:
    """Return a key: text that is not blank."""
    written = line(value)
    if not written.strip():
        raise InvalidValue("blank_key", "is blank; give every row a unique key")
    return written


def email(value: Any) -> str | None:
    """Return an e-mail address as it is sent; a blank one counts as null."""
    if not isinstance(value, str):
        raise wrong_type(value, "text with an e-mail address")
    address = trimmed(value)
    if not address:
        return None
    line(address)
    return spelled_address(address)


def url(value: Any) -> str | None:
    """Return a web address, trimmed; a blank one counts as null."""
    address = line(value).strip()
    if not address:
        return None
    if not re.match(r"https?://[^\s/]+", address, re.IGNORECASE) or re.search(r"\s", address):
        raise InvalidValue("bad_url", "is not a web address that begins with http:// or https:// and has no spaces")
    return address


def account(value: Any) -> str | None:
    """Return an account name or profile address, trimmed; a blank one counts as null."""
    return line(value).strip() or None


def handle(value: Any) -> Handle | None:
    """Return an account name or profile address of LinkedIn, GitHub or Twitter; a blank one counts as null."""
    name = account(value)
    return Handle(value=name) if name else None


def discord(value: Any) -> DiscordAccount | None:
    """Return a Discord account, from `username#discriminator`, or as the newer bare `username`.

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
    """Return a nested value, unchanged or parsed from JSON text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise InvalidValue("bad_json", f"is text that is not JSON; it must be {expected}, nested or as JSON") from None


def pairs(value: Any, expected: str) -> list[tuple[Any, Any]]:
    """Return the entries of a struct, a map or a JSON object."""
    match value:
        case Mapping():
            return list(value.items())
        case list() if all(isinstance(entry, tuple) and len(entry) == 2 for entry in value):
            return value
        case _:
            raise wrong_type(value, expected)


def external_profiles(value: Any) -> list[ExternalProfile] | None:
    """Return profiles from structs of url and name, or from URLs; nested or as JSON. A blank list counts as null."""
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
    """Return the names in a list or in comma-separated text, without blanks and duplicates."""
    expected = "a list of names or text with commas between the names"
    if isinstance(value, str):
        value = _listed_names(value.strip(), expected)
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


def _listed_names(text: str, expected: str) -> Any:
    """Return the content of text with names: JSON, a PostgreSQL array in text form, or else the text itself."""
    if text.startswith("{") and text.endswith("}"):
        with contextlib.suppress(InvalidValue):
            return parsed(text, expected)
        entries = _ARRAY_ENTRY.findall(text[1:-1])
        return [
            re.sub(r"\\(.)", r"\1", quoted) if quoted else bare.strip() for quoted, bare in entries if bare != "NULL"
        ]
    if text.startswith("["):
        # A name may begin with a bracket, as in [Beta] testers.
        try:
            return parsed(text, expected)
        except InvalidValue:
            if re.match(r"\[\s*[\"\]\[{]", text):
                raise
            return text
    return parsed(text, expected) if text.startswith('"') else text


def tags(value: Any) -> list[TagByName] | None:
    """Return tags by name; the API creates those that do not exist."""
    found = names(value)
    return [TagByName(name=name) for name in found] if found else None


def as_boolean(value: Any) -> bool:
    """Return a boolean from a boolean or its text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise wrong_value(value, "a boolean")


def as_number(value: Any) -> float | int:
    """Return a finite number from a number or its text."""
    if isinstance(value, str):
        if not _NUMBER.fullmatch(value.strip()):
            raise wrong_value(value, "a number")
        value = Decimal(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise wrong_value(value, "a number")
    if isinstance(value, int):
        return value
    number = value if isinstance(value, Decimal) else Decimal(value)
    if not number.is_finite() or number.adjusted() > _LARGEST_EXPONENT:
        raise InvalidValue("wrong_value", "is not a finite number, or is too large to send")
    return int(number) if number == number.to_integral_value() else float(value)


def as_integer(value: Any) -> int:
    """Return a whole number from a number or its text."""
    number = as_number(value)
    if not isinstance(number, int) or (isinstance(value, str) and "e" in value.lower()):
        raise wrong_value(value, "a whole number")
    return number


def as_date(value: Any) -> str:
    """Return a date as YYYY-MM-DD, the only form that the API accepts."""
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


def as_timestamp(value: Any) -> datetime:
    """Return a timestamp in UTC, assuming UTC if it has no time zone. A date is rejected: it has no time."""
    if isinstance(value, str) and ":" in value:
        with contextlib.suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        hint = "; it must be a timestamp, so cast it in the source"
        if isinstance(value, str):
            hint = "; write it as 2026-01-31 08:00:00, or cast it in the source"
        elif type(value) is date:
            hint += ", as with CAST(… AS TIMESTAMP) for midnight UTC"
        raise InvalidValue("wrong_type", f"is {describe_type(value)}, not a timestamp{hint}")
    # Rebuilt because a subclass of datetime may have nanoseconds, which no later step understands.
    moment = datetime.combine(value.date(), value.timetz())
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise InvalidValue("wrong_value", "is outside of the years 1 to 9999") from None

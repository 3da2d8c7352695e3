"""Punycode (RFC 3492), which spells a label of a domain in ASCII.

Goes in: a label that is not ASCII. Comes out: the same as `label.encode("punycode")`, in a fraction of the time, or
None as soon as it is too long.
"""

from bisect import bisect_left, insort

_DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789"
_FIRST_BIAS, _FIRST_DAMP, _DAMP, _SKEW = 72, 700, 2, 38


def punycode(label: str, longest: int) -> str | None:
    """Return a label in Punycode, without the prefix `xn--`; None for more than `longest` characters."""
    basic = [letter for letter in label if letter < "\x80"]
    written = [*basic, "-"] if basic else []
    # The positions of the letters that the decoder has inserted so far.
    places = [place for place, letter in enumerate(label) if letter < "\x80"]
    coded = sorted([(ord(letter), place) for place, letter in enumerate(label) if letter >= "\x80"])
    if len(written) + len(coded) > longest:
        return None
    before, at, bias, damp = 128, 0, _FIRST_BIAS, _FIRST_DAMP
    for code, place in coded:
        handled = len(places) + 1
        inserted_at = bisect_left(places, place)
        delta = (code - before) * handled + inserted_at - at
        _write(delta, bias, written)
        if len(written) > longest:
            return None
        insort(places, place)
        delta = delta // damp
        bias, damp = _adapted(delta, handled), _DAMP
        before, at = code, inserted_at + 1
    return "".join(written)


def _write(number: int, bias: int, written: list[str]) -> None:
    base = 36
    while True:
        least = 1 if base <= bias else 26 if base >= bias + 26 else base - bias
        if number < least:
            written.append(_DIGITS[number])
            return
        number, digit = divmod(number - least, 36 - least)
        written.append(_DIGITS[least + digit])
        base += 36


def _adapted(delta: int, handled: int) -> int:
    delta += delta // handled
    divisions = 0
    while delta > 455:
        delta //= 35
        divisions += 36
    return divisions + 36 * delta // (delta + _SKEW)

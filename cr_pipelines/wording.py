"""How counts are written in messages.

Goes in: a number and a noun. Comes out: both in English, such as `1 row` or `2,000 rows`.
"""


def count(number: int, noun: str) -> str:
    """Return the number and its noun, in the plural unless the number is one."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

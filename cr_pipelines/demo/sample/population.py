"""The people of the sample, whichever tables they are in.

Goes in: names, places and companies from the data files. Comes out: the same people and companies each time.
"""

import random
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

SIZE = 500
_SEED = 20261123
_WITHOUT_COMPANY = 0.08

# Letters that Unicode does not decompose into a Latin letter and an accent.
_LATIN = str.maketrans({"ł": "l", "ß": "ss", "ø": "o", "ı": "i", "đ": "d", "æ": "ae", "ð": "d", "þ": "th"})  # noqa: RUF001

_JOBS: dict[str, tuple[str, ...]] = {
    "Engineering": (
        "Data Engineer", "Senior Data Engineer", "Analytics Engineer", "Platform Engineer", "Software Engineer",
        "Head of Data Platform", "Staff Engineer", "Site Reliability Engineer",
    ),
    "Data": ("Data Analyst", "Senior Data Analyst", "Head of Analytics", "Data Scientist", "BI Developer"),
    "Product": ("Product Manager", "Senior Product Manager", "VP Product", "Product Designer"),
    "Marketing": ("Growth Marketing Manager", "Developer Advocate", "Community Manager", "Head of Marketing"),
    "Sales": ("Account Executive", "Sales Operations Manager", "Revenue Operations Analyst"),
    "Customer Success": ("Customer Success Manager", "Support Engineer", "Implementation Lead"),
    "Leadership": ("Chief Technology Officer", "Chief Data Officer", "Co-founder", "Chief Executive Officer"),
}  # fmt: skip
_JOB_WEIGHTS = (34, 24, 13, 11, 7, 6, 5)


@dataclass(frozen=True)
class Company:
    """A company; `plan` and `seats` are None if it is not a customer."""

    name: str
    slug: str
    people: int
    plan: str | None = None
    seats: int | None = None

    @property
    def domain(self) -> str:
        """The web domain, which cannot exist."""
        return f"{self.slug}.example"


@dataclass(frozen=True)
class Person:
    """Someone who could be in a company's warehouse.

    Attributes:
        number: from 1001.
        full_name: as people write it where the person lives.
        handle: the name in Latin letters, for addresses and accounts; unique.
        company: None for people without one.
    """

    number: int
    full_name: str
    first_name: str
    last_name: str
    handle: str
    country: str
    city: str
    region: str
    company: Company | None
    role: str
    title: str

    @property
    def key(self) -> str:
        """The key of the person in every table."""
        return f"usr_{self.number}"

    @property
    def email(self) -> str:
        """A unique address that cannot exist."""
        return f"{self.handle}@{self.company.domain if self.company else 'mailbox.example'}"

    def dice(self, purpose: str) -> random.Random:
        """Return a random generator that is repeatable, and independent for each purpose."""
        return random.Random(f"{purpose} {self.number}")


@cache
def companies() -> tuple[Company, ...]:
    """Return all companies of the sample."""
    return tuple(Company(**company) for company in _data("companies.toml")["company"])


@cache
def population() -> tuple[Person, ...]:
    """Return the same `SIZE` people each time, in the order of their numbers."""
    dice = random.Random(_SEED)
    countries = _data("people.toml")["country"]
    handles: dict[str, int] = {}
    people = []
    for number in range(1001, 1001 + SIZE):
        [country] = dice.choices(countries, [country["weight"] for country in countries])
        first, latin_first = _spelled(dice.choice(country["given"]))
        last, latin_last = _spelled(dice.choice(country["family"]))
        written = (last, first) if country.get("family_first") else (first, last)
        # Chinese and Japanese names are written without a space.
        full_name = ("" if _is_han(last) else " ").join(written)
        base = f"{latin_first}.{latin_last}"
        handles[base] = handles.get(base, 0) + 1
        city, region = dice.choice(country["cities"])
        [role] = dice.choices(list(_JOBS), _JOB_WEIGHTS)
        [company] = dice.choices(companies(), [company.people for company in companies()])
        people.append(
            Person(
                number=number,
                full_name=full_name,
                first_name=first,
                last_name=last,
                handle=base if handles[base] == 1 else f"{base}{handles[base]}",
                country=country["name"],
                city=city,
                region=region,
                company=None if dice.random() < _WITHOUT_COMPANY else company,
                role=role,
                title=dice.choice(_JOBS[role]),
            )
        )
    return tuple(people)


def _spelled(name: str) -> tuple[str, str]:
    """Return a name of the data file as it is written, and in plain Latin letters."""
    written, _, latin = name.partition("/")
    folded = unicodedata.normalize("NFKD", (latin or written).lower().translate(_LATIN))
    return written, "".join(letter for letter in folded if letter.isascii() and letter.isalnum())


def _is_han(name: str) -> bool:
    return unicodedata.name(name[0]).startswith("CJK")


def _data(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))

"""`common_room_contacts`: everyone, with what sales, product and the community know about them.

Goes in: the sample's people. Comes out: the rows, and the ids of those that a sandbox has.
"""

import random
from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from cr_pipelines.demo.sample.population import Company, Person, population
from cr_pipelines.sandbox import SandboxClient

_TEXTS = pa.list_(pa.string())

SCHEMA = pa.schema(
    {
        "id": pa.string(),
        "full_name": pa.string(),
        "first_name": pa.string(),
        "last_name": pa.string(),
        "username": pa.string(),
        "avatar_url": pa.string(),
        "bio": pa.string(),
        "email": pa.string(),
        "linkedin": pa.string(),
        "github": pa.string(),
        "twitter": pa.string(),
        "discord": pa.string(),
        "external_profiles": pa.list_(pa.struct([("url", pa.string()), ("name", pa.string())])),
        "role_at_company": pa.string(),
        "title_at_company": pa.string(),
        "company_name": pa.string(),
        "company_domain": pa.string(),
        "country": pa.string(),
        "city": pa.string(),
        "region": pa.string(),
        "raw_location": pa.string(),
        "tags": _TEXTS,
        # The custom fields of the sandbox's room, by name.
        "custom_fields": pa.struct(
            [
                ("Plan", pa.string()),
                ("Products used", _TEXTS),
                ("Account owner", pa.string()),
                ("Renewal date", pa.date32()),
                ("Seats", pa.int32()),
                ("Health score", pa.float64()),
                ("CRM record", pa.string()),
                ("Marketing opt-in", pa.bool_()),
                ("Teams", _TEXTS),
            ]
        ),
    }
)

_PRODUCTS = ("Analytics", "Automations", "Connectors", "Dashboards", "API")
_ACCOUNT_OWNERS = ("Dana Whitlock", "Mateus Prado", "田辺ゆき", "Sofie Lindqvist")
_TEAMS = ("Data platform", "Growth", "Finance", "Operations", "Customer insights", "Field marketing")
_COMMUNITY_TAGS = ("newsletter", "meetup guest", "meetup speaker", "beta tester", "open source contributor")
_INTERESTS = ("warehouses", "dbt", "orchestration", "data contracts", "lifecycle marketing", "forecasting", "SQL")
_PASTIMES = ("long walks", "trail running", "sourdough", "choir", "chess", "birdwatching", "old synthesizers", "go")


def table() -> pa.Table:
    """Make a row for each person. The sandbox accepts all of them."""
    return pa.Table.from_pylist([_row(person) for person in population()], schema=SCHEMA)


def arrived(room: SandboxClient) -> Collection[str]:
    """Return the ids of the sandbox's contacts that came from the warehouse."""
    return room.users().keys()


def _row(person: Person) -> dict[str, Any]:
    dice = person.dice("contact")

    def mostly(share: float, value: Any) -> Any:
        return value if dice.random() < share else None

    account = f"{person.handle.replace('.', '-')}-{person.number}"
    company = person.company
    # Some came by the newsletter's form, which asks for little.
    scant = dice.random() < 0.06
    row = {
        "id": person.key,
        "email": person.email,
        "username": mostly(0.7, account),
        "tags": _tags(company, dice),
        "custom_fields": _custom_fields(company, dice),
    }
    if scant:
        return row
    return row | {
        "full_name": person.full_name,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "avatar_url": mostly(0.4, f"https://pictures.example/people/{person.number}.jpg"),
        "bio": mostly(0.45, _bio(person, dice)),
        "linkedin": mostly(0.6, f"in/{account}"),
        "github": mostly(0.35, account),
        "twitter": mostly(0.2, f"@{account.replace('-', '_')}"),
        "discord": mostly(0.15, f"{person.handle}#{person.number}"),
        "external_profiles": mostly(0.25, _external_profiles(person, account, dice)),
        "role_at_company": person.role if company else None,
        "title_at_company": person.title if company else None,
        "company_name": company.name if company else None,
        "company_domain": company.domain if company else None,
        "country": mostly(0.95, person.country),
        "city": mostly(0.85, person.city),
        "region": mostly(0.7, person.region),
        "raw_location": mostly(0.3, f"{person.city}, {person.country}"),
    }


def _bio(person: Person, dice: random.Random) -> str:
    where = f"{person.title} at {person.company.name}." if person.company else "Between jobs, never between books."
    first, second = dice.sample(_INTERESTS, 2)
    return f"{where} Writes about {first} and {second}. Else: {dice.choice(_PASTIMES)}."


def _external_profiles(person: Person, account: str, dice: random.Random) -> list[dict[str, Any]]:
    forum: dict[str, Any] = {"url": f"https://forum.example/u/{account}", "name": f"{person.first_name} on the forum"}
    blog: dict[str, Any] = {"url": f"https://{account}.blog.example/", "name": None}
    return dice.choice([[forum], [blog], [forum, blog]])


def _tags(company: Company | None, dice: random.Random) -> list[str]:
    if company is None:
        tags = ["community"]
    elif company.plan is None:
        tags = ["prospect"]
    elif company.plan == "Free":
        tags = ["trial"]
    else:
        tags = ["customer", *(["champion"] if dice.random() < 0.1 else [])]
    return tags + dice.sample(_COMMUNITY_TAGS, dice.choice((0, 0, 1, 1, 2)))


def _custom_fields(company: Company | None, dice: random.Random) -> dict[str, Any]:
    opted_in = {"Marketing opt-in": dice.random() < 0.6}
    if company is None:
        return opted_in
    account = random.Random(f"account {company.slug}")
    known = opted_in | {
        "Account owner": account.choice(_ACCOUNT_OWNERS),
        "CRM record": f"https://crm.example/accounts/{company.slug}",
    }
    if company.plan is None:
        return known
    paying = company.plan != "Free"
    renewal = date(2027, 1, 1) + timedelta(days=account.randrange(365))
    return known | {
        "Plan": company.plan,
        "Products used": sorted(dice.sample(_PRODUCTS, dice.randint(1, 4))),
        "Renewal date": renewal if paying else None,
        "Seats": company.seats,
        "Health score": round(dice.triangular(20, 100, 80), 1),
        "Teams": sorted(dice.sample(_TEAMS, dice.choice((1, 1, 2)))),
    }

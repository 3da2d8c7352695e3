"""What the programs have in common. Only the standard library, because some run in the peers' environment.

Goes in: a job, as JSON on the command line. Comes out: the time and CPU that it took, as JSON.
"""

import json
import logging
import resource
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Job(NamedTuple):
    """What to send, where to, and how many rows at once."""

    path: str
    address: str
    base_url: str
    token: str
    rows: int
    parallel: int

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}


def body(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row of the source as a body for the API."""
    return {
        "id": row["id"],
        "fullName": row["full_name"],
        "firstName": row["first_name"],
        "lastName": row["last_name"],
        "username": row["username"],
        "avatarUrl": row["avatar_url"],
        "bio": row["bio"],
        "email": row["email"],
        "linkedin": {"type": "handle", "value": row["linkedin"]},
        "github": {"type": "handle", "value": row["github"]},
        "twitter": {"type": "handle", "value": row["twitter"]},
        "discord": {"type": "username", "username": row["username"], "discriminator": "1234"},
        "roleAtCompany": row["role_at_company"],
        "titleAtCompany": row["title_at_company"],
        "companyName": row["company_name"],
        "companyDomain": row["company_domain"],
        "country": row["country"],
        "city": row["city"],
        "region": row["region"],
        "rawLocation": row["raw_location"],
        "tags": [{"type": "name", "name": name} for name in row["tags"]],
    }


def main(deliver: Callable[[Job], None]) -> None:
    """Run the job on the command line, and print what it took."""
    logging.disable(logging.ERROR)
    job = Job(**json.loads(sys.argv[1]))
    wall, error = time.perf_counter(), None
    began = _cpu()
    try:
        deliver(job)
    except Exception as fault:
        error = f"{type(fault).__name__}: {str(fault)[:300]}"
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": _cpu() - began, "error": error}))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)

"""What all of this is for: no request about a removed person is later than that person's removal."""

from collections import defaultdict
from typing import Any
from urllib.parse import unquote

from cr_pipelines.sandbox import SandboxServer

_PERSONAL = {"addUpdateUserToSource", "addUpdateActivityToSource"}


def requests_later_than_removal(sandbox: SandboxServer) -> list[dict[str, Any]]:
    """Every write about a person that the sandbox received after the first removal request for them, by arrival.

    A write is about a person by the address in it, and by its id when an earlier write had that id with the address.
    """
    received = sorted(sandbox.control.requests(), key=lambda request: (request["at"], request["seq"]))
    removed: dict[str, float] = {}
    for request in received:
        if request["operation"] == "anonymizeContact":
            removed.setdefault(unquote(request["path"].rpartition("/")[2]).lower(), request["at"])
    addresses_of: dict[str, set[str]] = defaultdict(set)
    late = []
    for request in received:
        if request["operation"] not in _PERSONAL:
            continue
        person = request["body"].get("user", request["body"])
        if person.get("email"):
            addresses_of[person["id"]].add(person["email"].lower())
        if any(request["at"] >= removed[address] for address in addresses_of[person["id"]] & removed.keys()):
            late.append(request)
    return late

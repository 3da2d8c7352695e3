"""What all of this is for: no request about a removed person is later than that person's removal."""

import json
from collections import defaultdict
from typing import Any
from urllib.parse import unquote

from cr_pipelines.sandbox import SandboxServer

_BY_ID = {"addUpdateUserToSource", "addUpdateActivityToSource"}


def requests_later_than_removal(sandbox: SandboxServer) -> list[dict[str, Any]]:
    """Every write about a person that the sandbox received after the first removal request for them, by arrival.

    A write is about a person by the address anywhere in it, and by the person's id in the source when an earlier write
    had that id with the address.
    """
    received = sorted(sandbox.control.requests(), key=lambda request: (request["at"], request["seq"]))
    removed: dict[str, float] = {}
    for request in received:
        if request["operation"] == "anonymizeContact":
            removed.setdefault(unquote(request["path"].rpartition("/")[2]).lower(), request["at"])
    addresses_of: dict[str, set[str]] = defaultdict(set)
    late = []
    for request in received:
        if request["method"] == "GET" or request["operation"] == "anonymizeContact":
            continue
        text = json.dumps(request["body"], ensure_ascii=False).lower()
        concerned = {address for address in removed if address in text}
        if request["operation"] in _BY_ID:
            person = request["body"].get("user", request["body"])
            if person.get("email"):
                addresses_of[person["id"]].add(person["email"].lower())
            concerned |= addresses_of[person["id"]] & removed.keys()
        if any(request["at"] >= removed[address] for address in concerned):
            late.append(request)
    return late

"""People in the room without a sync: posted to the sandbox as anybody could."""

from collections.abc import Iterable

import httpx

from cr_pipelines.sandbox import SandboxServer


def introduce(sandbox: SandboxServer, people: Iterable[tuple[str, str, str]]) -> None:
    """Put people (id, full name, address) into the room, and forget the requests that it took."""
    headers = {"authorization": f"Bearer {sandbox.token}"}
    with httpx.Client(base_url=sandbox.base_url, headers=headers, trust_env=False) as room:
        for id_, name, email in people:
            body = {"id": id_, "fullName": name, "email": email}
            room.post(f"/source/{sandbox.source_id}/user", json=body).raise_for_status()
    sandbox.control.settle()
    sandbox.control.clear_requests()

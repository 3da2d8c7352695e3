"""The room that is probed, over plain HTTP: the probe reads statuses, headers and shapes as they come.

Goes in: the address and the token of a room. Comes out: responses, and throwaway people and tags, which are removed at
the end.
"""

import secrets
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

_LONGEST_PAUSE = 120.0
_POLL_SECONDS = 0.1


class Unclear(Exception):
    """An assumption cannot be tried here; the message says why."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A response: its status, its JSON (None when it is not JSON) and its headers, with names in lower case."""

    status: int
    content: Any
    headers: dict[str, str]
    is_empty: bool

    @property
    def is_the_apis(self) -> bool:
        """Whether the body is JSON, as everything is that the API itself sends."""
        return self.content is not None

    @property
    def is_missing(self) -> bool:
        """Whether there is no such operation: 404, 405 or 410, not in the API's own words."""
        return self.status in (404, 405, 410) and not self.is_the_apis


class ProbedRoom:
    """A room with the records that the probe put there.

    Args:
        base_url: up to and including the version, such as `https://api.commonroom.io/community/v1`.
        token: a token of the room.
        source_id: the destination source to write people to.
        patience: how many seconds to wait until an accepted record can be seen.
    """

    def __init__(self, base_url: str, token: str, source_id: int | None = None, patience: float = 60.0):
        self.source_id = source_id
        self.patience = patience
        self.marker = f"cr-pipelines-probe-{secrets.token_hex(4)}"
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self._slowest = 0.0
        self.base_url = base_url.rstrip("/")
        self._http = httpx.Client(timeout=60, headers={"Authorization": f"Bearer {token}"})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, method: str, path: str, body: Any = None, token: str | None = None, wait: bool = True) -> Seen:
        """Send a request; with `wait`, send it again after each 429 once the room allows it."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        for _ in range(20):
            response = self._http.request(method, self.base_url + path, json=body, headers=headers)
            if response.status_code != 429 or not wait:
                break
            time.sleep(_pause(response))
        try:
            content = response.json()
        except ValueError:
            content = None
        return Seen(response.status_code, content, dict(response.headers), not response.content)

    def name(self) -> str | None:
        """Return the name of the room, None when the API does not say it."""
        seen = self.send("GET", "/api-token-status")
        if seen.status != 200 or not isinstance(seen.content, dict):
            raise Unclear(f"the room does not know the token: GET /api-token-status sent {seen.status}")
        name = seen.content.get("communityName")
        return name if isinstance(name, str) else None

    def new_address(self, plus: str = "") -> str:
        """Return an address of nobody, which is removed at the end."""
        self.addresses.append(f"{self.marker}-{len(self.addresses) + 1}{plus}@probe.example.com")
        return self.addresses[-1]

    def put(self, id_: str, **fields: Any) -> Seen:
        """Send a user of the source."""
        return self.send("POST", f"/source/{self.source_id}/user", {"id": f"{self.marker}-{id_}", **fields})

    def person(self, id_: str, plus: str = "", **fields: Any) -> str:
        """Send a new person, wait until it can be seen, and return the address."""
        address = self.new_address(plus)
        seen = self.put(id_, email=address, **fields)
        if seen.status != 202:
            raise Unclear(f"a user was not accepted: {seen.status}")
        self.wait_for(address)
        return address

    def look_up(self, address: str) -> Seen:
        """Ask for the ids of an address."""
        return self.send("GET", f"/user/{quote(address, safe='')}")

    def wait_for(self, address: str) -> float:
        """Wait until a person can be seen; return the seconds it took."""
        began = time.monotonic()
        while time.monotonic() - began <= self.patience:
            seen = self.look_up(address)
            if seen.is_missing:
                raise Unclear("GET /user/{email} is no longer there, so nothing that is written can be seen")
            if seen.status == 200:
                self._slowest = max(self._slowest, time.monotonic() - began)
                return time.monotonic() - began
            time.sleep(_POLL_SECONDS)
        raise Unclear(f"a record could not be seen {self.patience:g} seconds after it was accepted")

    def profiles(self, **lookup: str) -> list[dict[str, Any]]:
        """Return the contacts that GET /members sends."""
        ((network, value),) = lookup.items()
        seen = self.send("GET", f"/members?{network}={quote(value, safe='')}")
        if seen.status == 404 and seen.is_the_apis:
            return []
        if seen.status != 200 or not isinstance(seen.content, list):
            raise Unclear(f"GET /members sent {seen.status}, not a list of contacts")
        return [each for each in seen.content if isinstance(each, dict)]

    def changed(self, address: str, id_: str, sends_address: bool = True, **fields: Any) -> dict[str, Any]:
        """Change a person, wait until the change can be seen, and return the profile. Raises Unclear.

        The profile is empty when the person lost an address that was not sent.
        """
        stamp = secrets.token_hex(4)
        own = {"email": address} if sends_address else {}
        seen = self.put(id_, companyName=stamp, **own, **fields)
        if seen.status != 202:
            raise Unclear(f"a change was not accepted: {seen.status}")
        began = time.monotonic()
        while time.monotonic() - began <= self.patience:
            profiles = self.profiles(email=address)
            for profile in profiles:
                if profile.get("organization") == stamp:
                    return profile
            if not profiles and not sends_address:
                return {}
            time.sleep(_POLL_SECONDS)
        raise Unclear(f"a change could not be seen {self.patience:g} seconds after it was accepted")

    def clean_up(self) -> int:
        """Remove the people and tags of the probe; return how many could not be removed."""
        left, unseen = 0, []
        for address in self.addresses:
            seen = self._remove(address)
            if seen.status == 404 and seen.is_the_apis:
                unseen.append(address)
            else:
                left += seen.status != 200
        # What was accepted last may not be there yet.
        time.sleep(min(self._slowest * 1.5 + 0.1, self.patience))
        for address in unseen:
            seen = self._remove(address)
            left += seen.status != 200 and not (seen.status == 404 and seen.is_the_apis)
        for tag in self.tags:
            seen = self.send("DELETE", f"/tags/{quote(tag, safe='')}")
            left += seen.status not in (200, 404)
        return left

    def _remove(self, address: str) -> Seen:
        return self.send("DELETE", f"/user/{quote(address, safe='')}")


def _pause(response: httpx.Response) -> float:
    try:
        wait = float(response.json()["rateLimit"]["waitMs"]) / 1000
    except (ValueError, KeyError, TypeError):
        reset = response.headers.get("x-ratelimit-reset", "")
        wait = float(reset) - time.time() if reset.isdecimal() else 5.0
    return min(max(wait, 0.05), _LONGEST_PAUSE)

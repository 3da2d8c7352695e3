"""The room that is probed, over plain HTTP: the probe reads statuses, headers and shapes as they come.

Goes in: the address and the token of a room. Comes out: responses, and throwaway people and tags, which are removed at
the end.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from cr_pipelines.api import checked_base_url, says_not_found
from cr_pipelines.probe.shapes import unexpected

_LONGEST_PAUSE = 120.0
_POLL_SECONDS = 0.1
_MOST_FAILURES = 3
"""How many removals in a row may get no response before the room counts as unreachable."""


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
    def is_missing(self) -> bool:
        """Whether there is no such operation: 405, 410, or a 404 that is not in the API's own words."""
        return self.status in (405, 410) or (self.status == 404 and not says_not_found(self.content))


class ProbedRoom:
    """A room with the records that the probe put there.

    Args:
        base_url: up to and including the version, such as `https://api.commonroom.io/community/v1`.
        token: a token of the room.
        source_id: the destination source to write people to.
        patience: how many seconds to wait until an accepted record can be seen.
        allow_plain_http: whether the base URL may be plain http to another machine.

    Attributes:
        marker: what the names of all throwaway records begin with.
        shapes: the parts of responses that differ from what is expected.
        left: how many throwaway records may be left in the room; None until they have been removed.

    Raises ValueError for a base URL that is not allowed.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        source_id: int | None = None,
        patience: float = 60.0,
        *,
        allow_plain_http: bool = False,
    ):
        self.source_id = source_id
        self.patience = patience
        self.marker = f"cr-pipelines-probe-{secrets.token_hex(4)}"
        self.shapes: dict[str, None] = {}
        self.left: int | None = None
        self._addresses = 0
        self._accepted: dict[str, None] = {}
        self._tags: dict[str, None] = {}
        self._slowest = 0.0
        self.base_url = str(checked_base_url(base_url, allow_plain_http=allow_plain_http)).rstrip("/")
        # Certificates take time to read, and only TLS needs them.
        verify = not self.base_url.startswith("http:")
        self._http = httpx.Client(timeout=60, headers={"Authorization": f"Bearer {token}"}, verify=verify)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, method: str, path: str, body: Any = None, token: str | None = None, wait: bool = True) -> Seen:
        """Send a request; with `wait`, send it again after each 429 once the room allows it."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        about = [each for each in _person_of(body) if each not in self._accepted]
        for _ in range(20):
            # Noted first, because the fate of a request whose response is lost is unknown.
            self._accepted |= dict.fromkeys(about)
            response = self._http.request(method, self.base_url + path, json=body, headers=headers)
            if 400 <= response.status_code < 500:
                self._accepted = {each: None for each in self._accepted if each not in about}
            if response.status_code != 429 or not wait:
                break
            time.sleep(_pause(response))
        try:
            content = response.json()
        except ValueError:
            content = None
        seen = Seen(response.status_code, content, dict(response.headers), not response.content)
        if not seen.is_missing:
            self.shapes |= dict.fromkeys(unexpected(method, path, seen.status, content, is_empty=seen.is_empty))
        return seen

    @property
    def has_written(self) -> bool:
        """Whether the room may have a record from the probe."""
        return bool(self._accepted or self._tags)

    def name(self) -> str | None:
        """Return the name of the room; None if the API does not report it."""
        seen = self.send("GET", "/api-token-status")
        if seen.status != 200 or not isinstance(seen.content, dict):
            raise Unclear(f"the room does not know the token: GET /api-token-status sent {seen.status}")
        if not seen.content.keys() & {"jti", "communityName", "communityId"}:
            raise Unclear("GET /api-token-status names no room; check the base URL")
        name = seen.content.get("communityName")
        return name if isinstance(name, str) else None

    def new_address(self, plus: str = "") -> str:
        """Return an unused address, whose person is removed at the end."""
        self._addresses += 1
        return f"{self.marker}-{self._addresses}{plus}@probe.example.com"

    def new_tag(self, name: str) -> Seen:
        """Create a tag of members, which is removed at the end."""
        seen = self.send("POST", "/tags", {"name": f"{self.marker} {name}", "entityTypes": ["member"]})
        if seen.status == 200 and isinstance(seen.content, dict) and "id" in seen.content:
            self._tags[str(seen.content["id"])] = None
        return seen

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
        if seen.status == 404 and not seen.is_missing:
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

    def clean_up(self) -> None:
        """Remove the people and tags of the probe, and note in `left` how many may be left.

        The latest accepted records may not be visible yet, and records that were never seen may appear until `patience`
        is over.
        """
        deadline = time.monotonic() + min(self._slowest * 1.5 + 0.1 if self._slowest else self.patience, self.patience)
        waiting = list(self._accepted)
        while True:
            found = self._removed([f"/user/{quote(address, safe='')}" for address in waiting])
            left = sum(was is None or not self._slowest for was in found if not was)
            waiting = [address for address, was in zip(waiting, found, strict=True) if not was]
            if not waiting or time.monotonic() >= deadline:
                break
            time.sleep(_POLL_SECONDS)
        tags = self._removed([f"/tags/{quote(tag, safe='')}" for tag in self._tags])
        self.left = left + sum(was is None for was in tags)

    def _removed(self, paths: Sequence[str]) -> list[bool | None]:
        """Delete things; return for each whether it existed, or None if that is unknown."""
        found: list[bool | None] = []
        failures = 0
        for path in paths:
            try:
                seen = self.send("DELETE", path) if failures < _MOST_FAILURES else None
            except httpx.HTTPError:
                seen = None
            failures = failures + 1 if seen is None else 0
            was_there = seen is not None and seen.status == 200
            not_there = seen is not None and seen.status == 404 and not seen.is_missing
            found.append(was_there if was_there or not_there else None)
        return found


def _person_of(body: Any) -> list[str]:
    """Return the address of the person that a request makes, if it makes one."""
    user = body.get("user", body) if isinstance(body, dict) else {}
    return [user["email"]] if "email" in user else []


def _pause(response: httpx.Response) -> float:
    try:
        wait = float(response.json()["rateLimit"]["waitMs"]) / 1000
    except (ValueError, KeyError, TypeError):
        reset = response.headers.get("x-ratelimit-reset", "")
        wait = float(reset) - time.time() if reset.isdecimal() else 5.0
    return min(max(wait, 0.05), _LONGEST_PAUSE)

"""The control API of a running sandbox, for Python."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

_PAGE = 2000


class SandboxClient:
    """Looks into a running sandbox and changes it. `url` is its address without a path.

    Every method raises `ValueError` when the sandbox refuses an argument, and `httpx.TransportError` when
    there is none. Contacts, activities and the like are the dicts of the control API; times are ISO 8601 by
    the room's clock.
    """

    def __init__(self, url: str):
        self._http = httpx.Client(base_url=f"{url.rstrip('/')}/_sandbox/", timeout=60, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def summary(self) -> dict[str, Any]:
        """Counts of contacts, activities, tags, notes, removals, requests …; limit and faults in force."""
        return self._ask("GET", "summary")  # type: ignore[no-any-return]

    def requests(self, after: int = 0, operation: str | None = None) -> list[dict[str, Any]]:
        """The recorded requests after a sequence number, oldest first.

        Each has seq, at (epoch seconds), time, method, path, operation, status (0: connection cut), body,
        fault.
        """
        found: list[dict[str, Any]] = []
        wanted: dict[str, Any] = {"limit": _PAGE} | ({"operation": operation} if operation else {})
        while True:
            page = self._ask("GET", "requests", params=wanted | {"after": after})
            found += page
            # A further look would find what came in meanwhile, for ever.
            if len(page) < _PAGE:
                return found
            after = page[-1]["seq"]

    def clear_requests(self) -> None:
        """Forgets the recorded requests; sequence numbers begin at 1 again."""
        self._ask("DELETE", "requests")

    def contacts(self, search: str | None = None) -> list[dict[str, Any]]:
        """All contacts, or those whose name or address contains `search`, oldest first.

        Each has id, name, email, emails, anonymized, known (the fields of all its users together), users (source
        and fields as sent), tags, custom_fields (value by name), segments, activities (how many), notes,
        first_seen, last_active.
        """
        return list(self._paged("contacts", {"search": search} if search else {}))

    def users(self, source: int | str = 1) -> dict[str, dict[str, Any]]:
        """The users of a source by id: fields as sent, with contact (id), tags (names), custom_fields (by name)."""
        return {
            user["fields"]["id"]: user["fields"]
            | {"contact": contact["id"], "tags": contact["tags"], "custom_fields": contact["custom_fields"]}
            for contact in self.contacts()
            for user in contact["users"]
            if user["source"] == str(source)
        }

    def activities(self) -> list[dict[str, Any]]:
        """All activities: source, activity_type, id, contact, user_id, timestamp, tags, fields as sent."""
        return list(self._paged("activities", {}))

    def notes(self) -> list[dict[str, Any]]:
        """All notes: id, contact or segment, note, created_at, social_type, value."""
        return list(self._paged("notes", {}))

    def segments(self) -> list[dict[str, Any]]:
        """All segments: id, name, statuses, members, notes."""
        return self._ask("GET", "segments")  # type: ignore[no-any-return]

    def tags(self) -> list[dict[str, Any]]:
        """All tags, deleted ones too, as the API describes them, with how many contacts and activities have each."""
        return self._ask("GET", "tags")  # type: ignore[no-any-return]

    def removals(self) -> list[dict[str, Any]]:
        """The removals: id, contact, email until done, email_sha256, state, requested_at, due_at, done_at."""
        return self._ask("GET", "removals")  # type: ignore[no-any-return]

    def set_removals(self, days: float | None = None, processing: bool | None = None) -> None:
        """Sets how many days (0 to 15) removals take from now on, and whether due ones are processed at all."""
        self._ask("POST", "removals", json={"days": days, "processing": processing})

    def advance(self, seconds: float) -> None:
        """Moves the room's clock forward, and lets happen what is due by then."""
        self._ask("POST", "clock", json={"advance_seconds": seconds})

    def settle(self) -> None:
        """Stores everything that was accepted."""
        self._ask("POST", "settle")

    def set_limit(self, limit: int | None, interval_seconds: float | None = None) -> None:
        """Allows `limit` requests per `interval_seconds` from now on, or any number with None."""
        self._ask("POST", "limit", json={"limit": limit, "interval_seconds": interval_seconds})

    def set_faults(self, **faults: Any) -> None:
        """Sets the faults of `cr_pipelines.sandbox.FaultPlan`; without arguments, none happen any more."""
        self._ask("POST", "faults", json=faults)

    def reset(self) -> None:
        """Empties the room and takes back every setting that was changed since the start."""
        self._ask("POST", "reset")

    def add_source(self, name: str, id: int | None = None) -> int:  # noqa: A002 - the API's word
        """Adds a destination source; answers its id."""
        return int(self._furnish("sources", name=name, id=id)["id"])

    def add_custom_field(
        self,
        name: str,
        type: str,  # noqa: A002 - the API's word
        values: Iterable[str] = (),
        multivalue: bool = False,
        sources: Iterable[int] | None = None,
    ) -> int:
        """Adds a custom field, writable by `sources` (None: all); answers its id."""
        writers = None if sources is None else list(sources)
        added = self._furnish(
            "custom_fields", name=name, type=type, values=list(values), multivalue=multivalue, sources=writers
        )
        return int(added["id"])

    def add_activity_type(self, id: str, name: str) -> None:  # noqa: A002 - the API's word
        """Adds an activity type."""
        self._furnish("activity_types", id=id, name=name)

    def add_segment(self, name: str, statuses: Iterable[str] = ()) -> dict[str, Any]:
        """Adds a segment; answers its id, name and statuses with their ids."""
        return self._furnish("segments", name=name, statuses=list(statuses))

    def _furnish(self, kind: str, **new: Any) -> dict[str, Any]:
        added: dict[str, Any] = self._ask("POST", "room", json={kind: [new]})[kind][0]
        return added

    def _paged(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        offset = 0
        while items := self._ask("GET", path, params=params | {"offset": offset, "limit": _PAGE})["items"]:
            yield from items
            offset += len(items)

    def _ask(self, method: str, path: str, **request: Any) -> Any:
        answer = self._http.request(method, path, **request)
        if answer.is_success:
            return answer.json()
        raise ValueError(f"The sandbox refused {method} {path}: {answer.json()['error']}")

"""The control API of a running sandbox, for Python.

Goes in: the address of the sandbox. Comes out: its room as dicts and lists, and methods to change it.
"""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import httpx

_PAGE = 2000


class SandboxClient:
    """Reads and changes a running sandbox. `url` is its address without a path.

    Every method raises ValueError when the sandbox refuses an argument, and `httpx.TransportError` when no sandbox runs
    there. Contacts, activities and so on are the dicts of the control API; times are ISO 8601 by the room's clock.
    """

    def __init__(self, url: str):
        control = f"{url.rstrip('/')}/_sandbox/"
        # Certificates take time to read, and only TLS needs them.
        self._http = httpx.Client(base_url=control, timeout=60, trust_env=False, verify=not url.startswith("http:"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def summary(self) -> dict[str, Any]:
        """Return counts of contacts, activities, tags, notes, removals, requests …, the limit and the faults."""
        return self._request("GET", "summary")  # type: ignore[no-any-return]

    def requests(self, after: int = 0, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the recorded requests after a sequence number, oldest first.

        Each has seq, at (epoch seconds), time, method, path, operation, status (0: connection cut), body, fault, and
        why (why the room refused it).
        """
        found: list[dict[str, Any]] = []
        wanted: dict[str, Any] = {"limit": _PAGE} | ({"operation": operation} if operation else {})
        while True:
            page = self._request("GET", "requests", params=wanted | {"after": after})
            found += page
            # Another page would contain the requests that arrived in the meantime: on a busy sandbox, this never ends.
            if len(page) < _PAGE:
                return found
            after = page[-1]["seq"]

    def clear_requests(self) -> None:
        """Delete the recorded requests; sequence numbers start at 1 again."""
        self._request("DELETE", "requests")

    def contacts(self, search: str | None = None) -> list[dict[str, Any]]:
        """Return all contacts, or those whose name or address contains `search`, oldest first.

        Each has id, name, email, emails, anonymized, known (the fields of all its users together), users (source and
        fields as sent), tags, custom_fields (value by name), segments, activities (how many), notes, first_seen,
        last_active.
        """
        return list(self._paged("contacts", {"search": search} if search else {}))

    def users(self, source: int | str = 1) -> dict[str, dict[str, Any]]:
        """Return the users of a source by id.

        Each has its fields as sent, contact (id), tags (names) and custom_fields (value by name).
        """
        return {
            user["fields"]["id"]: user["fields"]
            | {"contact": contact["id"], "tags": contact["tags"], "custom_fields": contact["custom_fields"]}
            for contact in self.contacts()
            for user in contact["users"]
            if user["source"] == str(source)
        }

    def activities(self) -> list[dict[str, Any]]:
        """Return all activities: source, activity_type, id, contact, user_id, timestamp, tags, fields as sent."""
        return list(self._paged("activities", {}))

    def notes(self) -> list[dict[str, Any]]:
        """Return all notes: id, contact or segment, note, created_at, social_type, value."""
        return list(self._paged("notes", {}))

    def segments(self) -> list[dict[str, Any]]:
        """Return all segments: id, name, statuses, members, notes."""
        return self._request("GET", "segments")  # type: ignore[no-any-return]

    def tags(self) -> list[dict[str, Any]]:
        """Return all tags, deleted ones too, as the API sends them, with counts of their contacts and activities."""
        return self._request("GET", "tags")  # type: ignore[no-any-return]

    def removals(self) -> list[dict[str, Any]]:
        """Return the removals: id, contact, email (until done), email_sha256, state, requested_at, due_at, done_at."""
        return self._request("GET", "removals")  # type: ignore[no-any-return]

    def set_removals(self, days: float | None = None, processing: bool | None = None) -> None:
        """Set how many days (0 to 15) removals take from now on, and whether due ones are processed at all."""
        self._request("POST", "removals", json={"days": days, "processing": processing})

    def advance(self, seconds: float) -> None:
        """Move the room's clock forward, and store and anonymize what is due by then."""
        self._request("POST", "clock", json={"advance_seconds": seconds})

    def settle(self) -> None:
        """Store everything that was accepted."""
        self._request("POST", "settle", json={})

    def set_limit(self, limit: int | None, interval_seconds: float | None = None) -> None:
        """Allow `limit` requests per `interval_seconds` from now on, or any number with None."""
        self._request("POST", "limit", json={"limit": limit, "interval_seconds": interval_seconds})

    def set_faults(self, **faults: Any) -> None:
        """Set the faults, by the fields of `cr_pipelines.sandbox.FaultPlan`; without arguments, turn all faults off."""
        self._request("POST", "faults", json=faults)

    def set_scripts(self, *scripts: dict[str, Any]) -> None:
        """Replace the scripted responses, by the fields of `cr_pipelines.sandbox.Script`; without arguments, end all.

        Of several scripts that are for a request, the first one that has responses left is used.
        """
        self._request("POST", "scripts", json={"scripts": list(scripts)})

    def scripts(self) -> list[dict[str, Any]]:
        """Return the scripts in force; `given` says how many responses each has given."""
        return self._request("GET", "scripts")  # type: ignore[no-any-return]

    def delete_contact(self, contact: int, days: float = 30) -> None:
        """Delete a contact as an admin does in the product: hidden now, permanently deleted after `days`."""
        self._request("POST", "deletions", json={"contact": contact, "days": days})

    def restore_contact(self, contact: int) -> None:
        """Restore a hidden contact, with its activities."""
        self._request("POST", "restorations", json={"contact": contact})

    def deletions(self) -> list[dict[str, Any]]:
        """Return the hidden contacts: contact (id), deleted_at, due_at."""
        return self._request("GET", "deletions")  # type: ignore[no-any-return]

    def reset(self) -> None:
        """Empty the room and restore every setting to what it was at the start."""
        self._request("POST", "reset", json={})

    def add_source(self, name: str, id: int | None = None) -> int:  # noqa: A002 - the API's word
        """Add a destination source; return its id."""
        return int(self._define("sources", name=name, id=id)["id"])

    def add_custom_field(
        self,
        name: str,
        type: str,  # noqa: A002 - the API's word
        values: Iterable[str] = (),
        multivalue: bool = False,
        sources: Iterable[int] | None = None,
    ) -> int:
        """Add a custom field, writable by `sources` (None: all); return its id."""
        writers = None if sources is None else list(sources)
        added = self._define(
            "custom_fields", name=name, type=type, values=list(values), multivalue=multivalue, sources=writers
        )
        return int(added["id"])

    def add_activity_type(self, id: str, name: str) -> None:  # noqa: A002 - the API's word
        """Add an activity type."""
        self._define("activity_types", id=id, name=name)

    def add_segment(self, name: str, statuses: Iterable[str] = ()) -> dict[str, Any]:
        """Add a segment; return its id, name and statuses with their ids."""
        return self._define("segments", name=name, statuses=list(statuses))

    def _define(self, kind: str, **new: Any) -> dict[str, Any]:
        added: dict[str, Any] = self._request("POST", "room", json={kind: [new]})[kind][0]
        return added

    def _paged(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        offset = 0
        while items := self._request("GET", path, params=params | {"offset": offset, "limit": _PAGE})["items"]:
            yield from items
            offset += len(items)

    def _request(self, method: str, path: str, **request: Any) -> Any:
        response = self._http.request(method, path, **request)
        if response.is_success:
            return response.json()
        raise ValueError(f"the sandbox refused {method} {path}: {response.json()['error']}")

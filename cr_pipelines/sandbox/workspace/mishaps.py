"""Mishaps after acceptance: what was accepted is not stored, or not as it was sent.

Goes in: each accepted user. Comes out: the user as it is stored, or None for one that is lost.
"""

from typing import Any, cast

from cr_pipelines.sandbox.workspace import inputs

_CHANGED_FIELDS = ("fullName", "titleAtCompany", "companyName", "city", "bio")
"""Of these, the first one that a user has gets another value."""


class Mishaps:
    """Counts accepted users, and picks those that are lost or changed. A lost one is not changed as well."""

    def __init__(self) -> None:
        self.set(None, None)

    def set(self, lose_every: int | None, change_every: int | None) -> None:
        """Begin to count again; None for no such mishap."""
        self._lose_every = lose_every
        self._change_every = change_every
        self._accepted = 0

    def befall(self, user: inputs.ApiUser) -> inputs.ApiUser | None:
        """Return the user as it is stored, or None if it is lost."""
        self._accepted += 1
        if self._lose_every is not None and self._accepted % self._lose_every == 0:
            return None
        if self._change_every is not None and self._accepted % self._change_every == self._change_every - 1:
            fields: Any = {**user}
            name = next((name for name in _CHANGED_FIELDS if fields.get(name)), "fullName")
            fields[name] = f"{fields.get(name, '')} (changed)".strip()
            return cast(inputs.ApiUser, fields)
        return user

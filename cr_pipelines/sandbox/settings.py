"""The settings of a sandbox, as they are given on starting it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cr_pipelines.sandbox.http.faults import FaultPlan

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - the stand-in's own, known to everybody
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8642


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sandbox is started with.

    `tokens` are those it lets in. Accepted records are stored after `settle_seconds`. `limit` requests per
    `interval_seconds` (60 when left out) are answered, any number with None. `keep` requests stay in the
    record.
    """

    data: Path | None = None
    tokens: tuple[str, ...] = (DEFAULT_TOKEN,)
    settle_seconds: float = 0.2
    limit: int | None = None
    interval_seconds: float | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)
    keep: int = 200_000

    @classmethod
    def of(
        cls,
        *,
        data: str | Path | None,
        token: str,
        settle_seconds: float,
        limit: int | None,
        interval_seconds: float | None,
        faults: Mapping[str, Any] | None,
        keep: int,
    ) -> "Settings":
        """Settings from plain values; `token` may list several, separated by commas. Raises `ValueError`."""
        tokens = tuple(part.strip() for part in token.split(",") if part.strip())
        if not tokens:
            raise ValueError("The sandbox needs a token to let requests in by.")
        if settle_seconds < 0 or keep < 1:
            raise ValueError("settle_seconds must be 0 or more, and keep 1 or more.")
        return cls(
            data=None if data is None else Path(data),
            tokens=tokens,
            settle_seconds=settle_seconds,
            limit=limit,
            interval_seconds=interval_seconds,
            faults=FaultPlan.of(faults or {}),
            keep=keep,
        )

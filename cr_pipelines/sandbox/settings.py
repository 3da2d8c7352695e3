"""The settings of a sandbox.

Goes in: plain values, from keyword arguments, a command line or JSON. Comes out: checked `Settings`, the only place
where their names and defaults are declared.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from cr_pipelines.sandbox.http.faults import FaultPlan
from cr_pipelines.sandbox.workspace.behavior import Behavior

DEFAULT_TOKEN = "sandbox-token"  # noqa: S105 - the sandbox's own, known to everybody


@dataclass(frozen=True, slots=True)
class Settings:
    """What a sandbox is started with.

    Attributes:
        host: address to listen on.
        port: port to listen on; 0 takes a free one.
        data: file to keep the room in; None keeps it in memory.
        token: bearer token to accept, or several, separated by commas.
        settle_seconds: how long after its acceptance a record is stored.
        limit: requests allowed per interval; None for any number.
        interval_seconds: length of the interval; None for 60.
        faults: what goes wrong, and how often.
        keep: how many requests to keep in the record.
        keep_bytes: how much memory the record may take.
        room: YAML file that declares the room; None for a room with a bit of everything.
        behavior: what the room does where the vendor's description leaves it open.
        allow_hosts: names that the sandbox goes by, next to the loopback names and `host`; `*` for any.
        allow_origins: origins whose web pages may use the sandbox (CORS), such as `http://localhost:5173`.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    token: str = DEFAULT_TOKEN
    settle_seconds: float = 0.0
    limit: int | None = None
    interval_seconds: float | None = None
    faults: FaultPlan = field(default_factory=FaultPlan)
    keep: int = 200_000
    keep_bytes: int = 64 * 1024 * 1024
    room: Path | None = None
    behavior: Behavior = field(default_factory=Behavior)
    allow_hosts: tuple[str, ...] = ()
    allow_origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.tokens:
            raise ValueError("token must name at least one token to accept")
        if not 0 <= self.settle_seconds <= 86_400:
            raise ValueError("settle_seconds must be 0 to 86400")
        if self.keep < 1 or self.keep_bytes < 1:
            raise ValueError("keep_bytes must be 1 or more, and keep 1 or more")

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens to accept, one by one."""
        return tuple(token for token in (item.strip() for item in self.token.split(",")) if token)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Settings":
        """Make settings from plain values; what is left out has its default.

        `data` and `room` may be strings, `faults` a mapping of the fields of `FaultPlan`, `behavior` one of the fields
        of `Behavior`; `shapes` (observed or documented) says what the behavior starts from. Raises ValueError for an
        unknown name or a value that is not allowed.
        """
        names = [known.name for known in fields(cls)]
        unknown = sorted(set(values) - {*names, "shapes"})
        if unknown:
            raise ValueError(f"unknown sandbox setting {', '.join(unknown)}; choose from {', '.join(names)}")
        given = dict(values)
        for name in ("data", "room"):
            if given.get(name) is not None:
                given[name] = Path(given[name])
        for name in ("allow_hosts", "allow_origins"):
            given[name] = tuple(given.get(name, ()))
        shapes = given.pop("shapes", "observed")
        behavior = given.get("behavior")
        if not isinstance(behavior, Behavior):
            given["behavior"] = Behavior.of(behavior or {}, shapes)
        faults = given.get("faults")
        if not isinstance(faults, FaultPlan):
            given["faults"] = FaultPlan.of(faults or {})
        return cls(**given)

    def plain(self) -> dict[str, Any]:
        """Return the settings as JSON-like values, which `of` reads back."""
        paths = {"data": self.data, "room": self.room}
        return asdict(self) | {name: None if path is None else str(path) for name, path in paths.items()}

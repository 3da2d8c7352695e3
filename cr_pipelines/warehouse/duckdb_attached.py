"""MotherDuck and DuckLake as sources, by DuckDB's extensions for them.

Goes in: `duckdb:///md:database` or `duckdb:///ducklake:catalog`, and SQL. Comes out: a DuckDB session of that place.
No message contains any part of the URL, which may have a token or a catalog's password.
"""

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, unquote

import duckdb
from typing_extensions import override

from cr_pipelines.secret_text import HiddenText
from cr_pipelines.warehouse.deadline import ended_after
from cr_pipelines.warehouse.duckdb import FIRST_MEMORY, DuckDBSession
from cr_pipelines.warehouse.duckdb_dialect import DuckDBDialect
from cr_pipelines.warehouse.duckdb_instance import CONFIG
from cr_pipelines.warehouse.errors import WarehouseBusy, WarehouseError
from cr_pipelines.warehouse.session import Source
from cr_pipelines.warehouse.spill import private_folder
from cr_pipelines.warehouse.urls import Options, attached_kind

_WAIT_SECONDS = 600.0

_MEGABYTE = 1_000_000

_EXTENSION = re.compile(
    r"\b(motherduck|ducklake|postgres(?:_scanner)?|sqlite(?:_scanner)?|mysql(?:_scanner)?|httpfs|aws|azure)\b"
)

_NAMES = {"motherduck": "MotherDuck", "ducklake": "DuckLake"}

_FORMS = {
    "motherduck": (
        "the warehouse URL must be duckdb:///md:database; it takes the options motherduck_token, memory (MB) and "
        "install_extensions"
    ),
    "ducklake": (
        "the warehouse URL must be duckdb:///ducklake:catalog, where the catalog is a DuckDB file or, for example, "
        "postgres:dbname=lake; it takes the options data_path, memory (MB), busy_seconds and install_extensions. "
        "Percent-encode the characters ?, # and & of a password"
    ),
}

_PLACES = {"motherduck": r"[\w.-]+", "ducklake": r"[^\0]+"}

_OPTIONS = {
    "motherduck": {"motherduck_token", "memory", "install_extensions"},
    "ducklake": {"data_path", "memory", "busy_seconds", "install_extensions"},
}


class AttachedDuckDB(Source):
    """A database of MotherDuck, or a DuckLake. It is only read.

    The URLs are `duckdb:///md:database?motherduck_token=…` and `duckdb:///ducklake:catalog?data_path=…`; `md:database`
    and `ducklake:catalog` mean the same. Without `motherduck_token`, the extension reads the variable of that name. A
    sync downloads extensions only with `install_extensions=true`. `memory` (MB, default 1000) is the limit for a
    statement on this machine, and `busy_seconds` (default 600) how long to wait for a locked catalog.
    """

    dialect = DuckDBDialect

    def __init__(self, url: str, *, wait_seconds: float | None = None, statement_seconds: float | None = None):
        super().__init__(url, wait_seconds=wait_seconds, statement_seconds=statement_seconds)
        self._kind = attached_kind(url) or "ducklake"
        self._place = _place(url)
        options = _options(url, _OPTIONS[self._kind])
        if options is None or not re.fullmatch(_PLACES[self._kind], self._place):
            raise WarehouseError(_FORMS[self._kind])
        self._token = options.get("motherduck_token")
        self._data_path = options.get("data_path")
        self._install = options.get("install_extensions", "false").lower() == "true"
        try:
            self._most_memory = max(int(options.get("memory", 1000)) * _MEGABYTE, FIRST_MEMORY)
            self._busy_seconds = float(options.get("busy_seconds", _WAIT_SECONDS))
        except ValueError:
            raise WarehouseError("memory (MB) and busy_seconds in the warehouse URL must be numbers") from None
        if wait_seconds is not None:
            self._busy_seconds = wait_seconds

    @property
    @override
    def kind(self) -> str:
        return self._kind

    @override
    @contextmanager
    def session(self) -> Iterator[DuckDBSession]:
        """Connect, and wait while another process has a DuckLake's catalog locked.

        Raises WarehouseBusy if that takes longer than `busy_seconds`, and WarehouseError if the extension is not
        installed, or if there is no such database or catalog.
        """
        with private_folder() as folder:
            connection = self._connect(folder)
            try:
                with ended_after(connection.interrupt, self._statement_seconds):
                    yield DuckDBSession(connection, self._most_memory)
            finally:
                connection.close()

    def statements(self) -> list[HiddenText]:
        """Return the statements that attach a DuckLake. They may contain a password."""
        literal = self.dialect().literal
        options = ["READ_ONLY", *([f"DATA_PATH {literal(self._data_path)}"] if self._data_path else [])]
        attach = HiddenText(f"ATTACH {literal(f'ducklake:{self._place}')} AS lake ({', '.join(options)})")
        return [*([HiddenText("INSTALL ducklake")] if self._install else []), HiddenText("LOAD ducklake"), attach]

    def _connect(self, spill: Path) -> duckdb.DuckDBPyConnection:
        begun, pause = time.monotonic(), 0.05
        while True:
            try:
                return self._open(spill)
            except duckdb.Error as error:
                if "Could not set lock on file" not in str(error):
                    raise self._refused(error) from None
            if time.monotonic() - begun + pause > self._busy_seconds:
                raise WarehouseBusy(
                    f"another process has had the DuckLake's catalog locked for {self._busy_seconds:.0f} s; close it, "
                    "or use a catalog in PostgreSQL, which several processes can open"
                )
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, 1.0)

    def _open(self, spill: Path) -> duckdb.DuckDBPyConnection:
        config = {**CONFIG, "temp_directory": str(spill), "autoinstall_known_extensions": self._install}
        if self._kind == "motherduck":
            token = {"motherduck_token": str(self._token)} if self._token else {}
            return duckdb.connect(HiddenText(f"md:{self._place}?attach_mode=single"), config=Options(config | token))
        connection = duckdb.connect(":memory:", config=config)
        try:
            for statement in self.statements():
                connection.execute(statement)
            connection.execute("USE lake")
        except BaseException:
            connection.close()
            raise
        return connection

    def _refused(self, error: duckdb.Error) -> WarehouseError:
        """Return our error, without DuckDB's text, which quotes the statement or the URL."""
        said = str(error)
        name = _NAMES[self._kind]
        found = _EXTENSION.search(said) if re.search(r"[Ee]xtension", said) else None
        if found is not None and re.search(r"not found|not be loaded|INSTALL|install|download", said):
            extension = found[1].removesuffix("_scanner")
            return WarehouseError(
                f"{name} cannot be read: DuckDB's extension {extension} is not installed for DuckDB "
                f"{duckdb.__version__}; run INSTALL {extension} in DuckDB once, or add install_extensions=true to the "
                "warehouse URL"
            )
        check = {
            "motherduck": "the name of the database and motherduck_token, which may also be an environment variable",
            "ducklake": "the catalog and the data path; a sync does not create a DuckLake",
        }[self._kind]
        return WarehouseError(f"{name} cannot be read: DuckDB raised a {type(error).__name__}; check {check}")


def _place(url: str) -> HiddenText:
    """Return the name of the database, or the catalog."""
    return HiddenText(unquote(url.partition("?")[0].removeprefix("duckdb:///").partition(":")[2]))


def _options(url: str, known: set[str]) -> Options | None:
    """Return the options of a URL; None if one is unknown or if a part of the URL is not encoded."""
    found = Options({name: HiddenText(value) for name, value in parse_qsl(url.partition("?")[2])})
    return found if found.keys() <= known and "#" not in url else None

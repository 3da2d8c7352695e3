"""What may be shown of a warehouse URL.

Goes in: any text, well formed or not. Comes out: the engine and, if it certainly contains no password, the host or the
file. A password that was not percent-encoded ends up in the host, the path or the query when a URL is parsed, so parts
of a URL are shown only if nothing in it can be a password.
"""

import re
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cr_pipelines.secret_text import HiddenText

KINDS = ("duckdb", "postgresql", "snowflake", "bigquery")
"""The engines, by the scheme of their URLs."""

_ATTACHED = {"md": "motherduck", "motherduck": "motherduck", "ducklake": "ducklake"}
"""What DuckDB reads by an extension, by the beginning of its place."""

GENERIC_KINDS = (
    "sqlite", "mysql", "mariadb", "mssql", "oracle", "redshift", "trino", "presto", "clickhouse", "clickhousedb",
    "databricks", "awsathena", "athena", "cockroachdb", "db2", "ibm_db_sa", "hana", "teradatasql", "vertica",
    "exa", "druid", "hive",
    "impala", "firebird", "crate", "starrocks", "doris", "singlestoredb", "netezza", "sybase", "access", "monetdb",
    "questdb", "risingwave", "yugabytedb", "drill", "pinot", "kinetica", "dremio", "denodo",
)  # fmt: skip
"""Engines that are read through SQLAlchemy, by the schemes of their dialects; an installed dialect is known too."""

_ALIASES = {"postgres": "postgresql"}
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+]{1,29}):/")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]")
_ATTACHED_URL = re.compile(rf"(?:duckdb:///)?({'|'.join(_ATTACHED)}):(?!//)", re.IGNORECASE)
_PORT = re.compile(r":\d{1,5}")


def attached_kind(url: str) -> str | None:
    """Return `motherduck` or `ducklake` if a URL names one of them."""
    found = _ATTACHED_URL.match(url)
    return _ATTACHED[found[1].lower()] if found else None


def kind_of(url: str) -> str | None:
    """Return the engine that a URL names; None for an unknown engine."""
    if attached := attached_kind(url):
        return attached
    found = _SCHEME.match(url)
    if found is None:
        return None
    scheme = found[1].lower().partition("+")[0]
    scheme = _ALIASES.get(scheme, scheme)
    return scheme if scheme in KINDS or scheme in GENERIC_KINDS or _is_installed(scheme) else None


def _is_installed(scheme: str) -> bool:
    """Return whether an installed package has a SQLAlchemy dialect of this name."""
    return bool(entry_points(group="sqlalchemy.dialects", name=scheme))


def host_of(url: str) -> str | None:
    """Return the host of a URL; None if a part of it may be a password."""
    rest = url.partition("://")[2]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    user, at, address = authority.rpartition("@")
    if rest.count("@") != bool(at) or not user.isprintable() or " " in user:
        return None
    host = _HOST.match(address)
    return host[0] if host and (host.end() == len(address) or _PORT.fullmatch(address, host.end())) else None


def shown_url(url: str) -> str:
    """Return the part of a URL that messages may show: never a user, a password, a database or an option."""
    kind = kind_of(url)
    if kind is None:
        return "a URL of no known engine"
    if attached_kind(url):
        return f"{kind}:…"
    if kind in ("duckdb", "sqlite"):
        file, _, _ = url.partition("?")
        return file if re.match(rf"{kind}:///(?![^?]*[@#])", url) else f"{kind}:///…"
    host = host_of(url)
    return f"{kind}://{host}/…" if host else f"{kind}://…"


def hidden(url: str) -> HiddenText:
    """Return the URL in a form that hides it from repr."""
    return HiddenText(url)


class Options(dict[str, Any]):
    """The options of a URL, whose values are hidden from repr."""

    def __repr__(self) -> str:
        return f"<options {', '.join(sorted(self))}>"


class UrlParts:
    """A parsed URL, in a form that hides it from repr; its parts are empty for a string that is not a URL."""

    def __init__(self, url: str):
        try:
            split = urlsplit(url)
            self.host = HiddenText(split.hostname or "")
        except ValueError:
            split = urlsplit("")
            self.host = HiddenText()
        self.authority = HiddenText(split.netloc)
        self.user = HiddenText(split.username or "")
        self.password = HiddenText(split.password or "")
        self.path = HiddenText(split.path)
        self.fragment = HiddenText(split.fragment)
        self.options = Options({name: HiddenText(value) for name, value in parse_qsl(split.query)})

    def __repr__(self) -> str:
        return "<the parts of a warehouse URL>"

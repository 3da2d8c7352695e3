"""A search for personal data in whatever a program left behind: files as they are, and databases value by value."""

import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote


def places_that_hold(secrets: Iterable[str], folder: Path) -> list[str]:
    """The files below a folder in which any of the texts stands, also where a database packs or splits them."""
    wanted = [secret.encode() for secret in secrets]
    wanted += [quote(secret, safe="").encode() for secret in secrets if "@" in secret]
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = b"\n".join(_contents(path))
        found += [str(path.relative_to(folder))] if any(secret in content for secret in wanted) else []
    return found


def _contents(path: Path) -> Iterator[bytes]:
    raw = path.read_bytes()
    yield raw
    if raw.startswith(b"SQLite format 3\0"):
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                for row in database.execute(f'SELECT * FROM "{table}"'):
                    yield from map(_plain, row)


def _plain(value: object) -> bytes:
    if isinstance(value, bytes):
        try:
            return zlib.decompress(value)
        except zlib.error:
            return value
    return str(value).encode()

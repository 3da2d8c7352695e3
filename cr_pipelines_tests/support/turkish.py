"""Databases of PostgreSQL that change case by the rules of Turkish, where I is the capital of another letter.

The server that tests bring along has no ICU. The one of the system has: Debian's package, at its usual place.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase

TURKISH = {
    "ICU": "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LC_COLLATE 'C' LC_CTYPE 'C'",
    "the system": "LC_COLLATE 'tr_TR.utf8' LC_CTYPE 'tr_TR.utf8'",
}
"""What CREATE DATABASE says of the locale."""


class _Server:
    def __init__(self, sockets: Path):
        self._sockets = sockets

    def get_uri(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self._sockets}"


@contextmanager
def turkish_database(locale: str) -> Iterator[PostgreSQLDatabase]:
    """A database of a server of its own; skips the test where the system has neither server nor locale."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
    if programs is None:
        pytest.skip("the system has no PostgreSQL server with ICU")
    folder = Path(tempfile.mkdtemp(prefix="cr_tr"))
    # A server does not run as root.
    user = {"user": "postgres"} if os.geteuid() == 0 else {}
    if user:
        os.chown(folder, pwd.getpwnam("postgres").pw_uid, -1)
    environment = os.environ | {"LOCPATH": _system_locale(folder)} if locale == "the system" else dict(os.environ)

    def run(program: str, *options: str) -> None:
        subprocess.run(
            [programs.with_name(program), "-D", folder / "data", *options],
            check=True, cwd=folder, env=environment, stdout=subprocess.DEVNULL, **user,
        )  # fmt: skip

    run("initdb", "--encoding=UTF8", "--locale=C", "--auth=trust", "--username=postgres", "--no-sync")
    run("pg_ctl", "start", "--wait", "--log", str(folder / "log"),
        "--options", f"-F -c listen_addresses='' -c unix_socket_directories={folder}")  # fmt: skip
    try:
        database = PostgreSQLDatabase(locale=TURKISH[locale], server=_Server(folder))
        yield database
        database.remove()
    finally:
        run("pg_ctl", "stop", "--wait", "--mode=immediate")
        shutil.rmtree(folder)


def _system_locale(folder: Path) -> str:
    made = subprocess.run(["localedef", "-i", "tr_TR", "-f", "UTF-8", folder / "tr_TR.utf8"], capture_output=True)
    if made.returncode:
        pytest.skip("the system cannot make a Turkish locale")
    return str(folder)

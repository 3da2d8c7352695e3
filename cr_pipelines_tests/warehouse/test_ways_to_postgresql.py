"""PostgreSQL behind PgBouncer and over TLS: what works, and what is refused with the reason."""

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.warehouse import Relation, WarehouseError, open_warehouse
from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import PostgreSQLDatabase

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(
        shutil.which("pgbouncer") is None, reason="there is no PgBouncer here: apt-get install pgbouncer"
    ),
]

CONFIG = """
[databases]
{name} = host={host} dbname={name} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
client_tls_sslmode = {tls}
client_tls_key_file = {folder}/key.pem
client_tls_cert_file = {folder}/cert.pem
"""


class Pooler:
    """A PgBouncer before a database, with a certificate for `localhost`."""

    def __init__(self, database: PostgreSQLDatabase, mode: str, tls: str = "disable"):
        self.folder = Path(tempfile.mkdtemp(prefix="cr_pooler", dir="/tmp"))
        self.name = database.name
        self.certificate = make_certificate(self.folder, "cert.pem")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        [host] = parse_qs(urlsplit(database.url).query)["host"]
        owner = Path(host).owner()
        config = self.folder / "pgbouncer.ini"
        config.write_text(
            CONFIG.format(name=self.name, host=host, port=self.port, mode=mode, tls=tls, folder=self.folder)
        )
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, owner)
        self._process = subprocess.Popen(
            ["pgbouncer", "-u", owner, str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise TimeoutError

    def url(self, options: str = "sslmode=disable", host: str = "127.0.0.1") -> str:
        return f"postgresql://postgres@{host}:{self.port}/{self.name}?{options}"

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)
        shutil.rmtree(self.folder)


def make_certificate(folder: Path, name: str) -> Path:
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key.pem", "-out", folder / name),
        ],
        check=True,
        capture_output=True,
    )
    return folder / name


@pytest.fixture
def database() -> Iterator[PostgreSQLDatabase]:
    database = PostgreSQLDatabase()
    yield database
    database.remove()


def test_a_pooler_that_pools_by_session_is_like_none(database: PostgreSQLDatabase, sandbox: SandboxServer):
    database.sql("CREATE TABLE common_room_contacts AS SELECT 'c' || i AS id FROM generate_series(1, 20) AS n(i)")
    pooler = Pooler(database, "session")
    try:
        database.url = pooler.url()
        flow = Flow(database, sandbox)
        assert (flow.run().delivered, flow.run().unchanged) == (20, 20)
    finally:
        pooler.stop()


@pytest.mark.parametrize("mode", ["transaction", "statement"])
def test_a_pooler_that_shares_sessions_is_refused_with_the_reason(database: PostgreSQLDatabase, mode: str):
    pooler = Pooler(database, mode)
    try:
        # The first connection may be the one for which the pooler connects.
        with suppress(WarehouseError), open_warehouse(pooler.url()).session():
            pass
        time.sleep(1.2)
        with pytest.raises(WarehouseError, match="pool_mode = session"), open_warehouse(pooler.url()).session():
            pass
    finally:
        pooler.stop()


def test_a_certificate_is_verified_as_the_url_asks(database: PostgreSQLDatabase, tmp_path: Path):
    database.sql("CREATE TABLE people AS SELECT 1 AS id")
    pooler = Pooler(database, "session", "require")
    try:
        verified = f"sslmode=verify-full&sslrootcert={pooler.certificate}"
        with open_warehouse(pooler.url(verified, "localhost")).session() as session:
            assert session.columns(Relation("people")) == {"id": "integer"}
        other = f"sslmode=verify-full&sslrootcert={make_certificate(tmp_path, 'other.pem')}"
        for url in (pooler.url(verified, "127.0.0.1"), pooler.url(other, "localhost"), pooler.url()):
            with (
                pytest.raises(WarehouseError, match="cannot be reached"),
                open_warehouse(url, wait_seconds=1).session(),
            ):
                pass
    finally:
        pooler.stop()

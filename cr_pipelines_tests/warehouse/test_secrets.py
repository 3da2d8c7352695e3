"""No part of a warehouse URL that may be a password is ever shown."""

import asyncio
import traceback

import httpx
import pytest

from cr_pipelines.api import Backoff, CommonRoomClient, CommonRoomError, User, careful
from cr_pipelines.warehouse import kind_of, open_warehouse, shown_url

URLS = [
    "postgresql://u:POISON@127.0.0.1:1/db",
    "postgresql://u:POI%SON@127.0.0.1:1/db",
    "postgresql://u:POI SON@127.0.0.1:1/db",
    "postgresql://u:POI/SON@127.0.0.1:1/db",
    "postgresql://u:POI#SON@127.0.0.1:1/db",
    "postgresql://u:POI?SON@127.0.0.1:1/db",
    "postgresql://u:POI[SON@127.0.0.1:1/db",
    "postgresql://u:POI@SON@127.0.0.1:1/db",
    "postgresql://u@127.0.0.1:1/db?password=POISON",
    "postgres://127.0.0.1:1/db?user=u&password=POISON&sslmode=POISON",
    "host=127.0.0.1 port=1 password=POISON dbname=x",
    "password=POISON://x",
    "duckdb://u:POISON@h/db",
    "duckdb:///x.duckdb?token=POISON",
    "snowflake://u:POISON@account/db",
    "snowflake://u:POI/SON@account/db/schema",
    "snowflake://u:POI[SON@account/db/schema",
    "snowflake://account/db/s/x?password=POISON",
    "snowflake://u@account/db/s?session_parameters=POISON",
    "snowflake://u@account/db/s?login_timeout=POISON",
    "bigquery://u:POISON@project/dataset",
    "bigquery://project/dataset?location=EU&key=POISON",
    "md:crm?motherduck_token=POISON",
    "md:crm?motherduck_token=POI&SON=x",
    "duckdb:///md:crm?motherduck_token=POISON",
    "duckdb:///md:POISON@crm",
    "duckdb:///ducklake:postgres:dbname=x host=127.0.0.1 port=1 password=POISON",
    "ducklake:postgres:password=POI?SON=1",
    "ducklake:postgres:password=POI#SON",
    "ducklake:postgres:password=POI'SON",
    "ducklake:x.ducklake?data_path=POISON",
]


@pytest.mark.parametrize("url", URLS)
def test_no_message_repr_or_frame_shows_a_password(url: str):
    shown = [shown_url(url), kind_of(url) or ""]
    apart = "postgresql://u@127.0.0.1:1/state" if kind_of(url) in ("motherduck", "ducklake") else None
    try:
        warehouse = open_warehouse(url, apart, wait_seconds=0.1)
        shown.append(repr(warehouse))
        if url.startswith("postgres") or apart:
            with warehouse.source_session():
                pass
    except Exception as error:
        stack = traceback.TracebackException.from_exception(error, capture_locals=True)
        ours = [frame for frame in stack.stack if "cr_pipelines_tests" not in frame.filename]
        shown += [str(error), repr(error), *(str(frame.locals) for frame in ours if frame.name != "open_warehouse")]
    for secret in ("POI", "SON", "poi"):
        # One of the options that a message lists is called endpoint.
        assert secret not in "".join(shown).replace("endpoint", ""), shown


@pytest.mark.parametrize("host", ["api.example.com", "10.0.0.1", "127.0.0.1.example.com", "localhost.example.com"])
def test_plain_http_to_another_machine_is_refused_unless_allowed(host: str):
    url = f"http://{host}/community/v1"
    with pytest.raises(ValueError, match="plain http"):
        CommonRoomClient("token", url)
    asyncio.run(CommonRoomClient("token", url, allow_plain_http=True).aclose())


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "[::1]:80", "127.1.2.3"])
def test_plain_http_to_this_machine_is_fine(host: str):
    asyncio.run(CommonRoomClient("token", f"http://{host}/community/v1").aclose())


def test_the_token_is_in_no_repr_of_the_requester():
    client = CommonRoomClient("POISON", "http://localhost/community/v1")
    assert "POISON" not in repr(vars(client._requester))
    asyncio.run(client.aclose())


@pytest.mark.parametrize("fault", [httpx.ConnectError("no"), RuntimeError("a bug")])
def test_no_frame_of_a_failed_call_shows_the_token_or_the_person_in_the_body(fault: Exception):
    def fail(_: httpx.Request) -> httpx.Response:
        raise fault

    async def call() -> None:
        once, transport = careful(Backoff(attempts=1)), httpx.MockTransport(fail)
        async with CommonRoomClient("POISON", "http://localhost/community/v1", retry=once, transport=transport) as room:
            await room.add_or_edit_user(1, User(id="u1", email="ada@poison.example"))

    with pytest.raises((CommonRoomError, RuntimeError)) as caught:
        asyncio.run(call())
    stacks = [traceback.TracebackException.from_exception(caught.value, capture_locals=True)]
    frames = []
    while stacks:
        stack = stacks.pop()
        stacks += [each for each in (stack.__cause__, stack.__context__) if each is not None]
        frames += [frame for frame in stack.stack if "/cr_pipelines/" in frame.filename]
    assert {"_send", "write"} <= {frame.name for frame in frames}
    assert "_send_once" in {frame.name for frame in frames} or isinstance(fault, httpx.ConnectError)
    shown = "".join(str(frame.locals) for frame in frames)
    assert "POISON" not in shown
    assert "ada@poison" not in shown

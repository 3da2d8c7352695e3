import asyncio
import json

import httpx
import pytest

from cr_pipelines.api import CommonRoomClient, NotFound, User, WriteResponse
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines_tests.support import vendor
from cr_pipelines_tests.support.calls import CALLS, FULL_USER, Call
from cr_pipelines_tests.support.scripted_server import Reply, in_turn, scripted

TOKEN = "header.payload.signature"  # noqa: S105


def test_every_operation_of_the_client_is_called_here() -> None:
    methods = {name for name in vars(CommonRoomClient) if not name.startswith("_")} - {
        "aclose",
        "credentials_hash",
        "seconds_rate_limited",
        "seconds_without_response",
        "stats",
    }
    assert {call.name for call in CALLS} == methods


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_a_call_sends_exactly_the_described_request_and_reads_its_response(call: Call) -> None:
    async def run() -> None:
        async with (
            scripted(in_turn(Reply(call.status, call.answer))) as server,
            CommonRoomClient(TOKEN, server.base_url) as room,
        ):
            result = await call.make(room)
            [asked] = server.asked
        assert (asked.method, asked.target) == (call.method, "/community/v1" + call.target)
        assert asked.headers["authorization"] == f"Bearer {TOKEN}"
        if call.body is None:
            assert asked.body == b""
        else:
            assert asked.headers["content-type"] == "application/json"
            assert asked.json == call.body
        if call.read is None:
            assert result == WriteResponse(call.status, attempts=1)
        else:
            assert call.read(result) == call.expected

    asyncio.run(run())


@pytest.mark.parametrize("call", [call for call in CALLS if call.body is not None], ids=lambda call: call.name)
def test_every_body_is_valid_by_the_vendors_description(call: Call) -> None:
    described = vendor.body_validator(f"{call.method} {call.described_as}")
    assert described is not None
    assert [error.message for error in described.iter_errors(call.body)] == []
    assert not described.is_valid({**call.body, "invented": 1})


@pytest.mark.parametrize("call", [call for call in CALLS if call.body is None], ids=lambda call: call.name)
def test_a_call_without_a_body_is_one_that_the_vendor_describes_without(call: Call) -> None:
    assert vendor.operations()[f"{call.method} {call.described_as}"]["body"] is None


@pytest.mark.parametrize("accounts", [{}, {"email": "a@example.com", "github": "a"}])
def test_find_contacts_wants_exactly_one_account(accounts: dict[str, str]) -> None:
    async def run() -> None:
        async with CommonRoomClient(TOKEN) as room:
            with pytest.raises(ValueError, match="exactly one"):
                await room.find_contacts(**accounts)

    asyncio.run(run())


@pytest.mark.parametrize("nothing", ["", ".", ".."])
def test_a_removal_of_nobody_is_never_sent(nothing: str) -> None:
    async def run() -> None:
        async with scripted(in_turn(Reply())) as server, CommonRoomClient(TOKEN, server.base_url) as room:
            with pytest.raises(ValueError, match="the argument is empty"):
                await room.remove_pii(nothing)
            assert server.asked == []

    asyncio.run(run())


@pytest.mark.parametrize("token", ["", "two parts", "line\nbreak", "töken"])
def test_a_token_that_cannot_be_one_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValueError, match="the token") as refused:
        CommonRoomClient(token)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("address", ["", "api.commonroom.io", "ftp://example.com", "https://"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        CommonRoomClient(TOKEN, address)


def test_many_calls_share_few_connections() -> None:
    async def run() -> None:
        async with scripted(in_turn(Reply(202))) as server, CommonRoomClient(TOKEN, server.base_url) as room:
            await asyncio.gather(*(room.add_or_edit_user(1, User(id=str(n))) for n in range(300)))
            assert len(server.asked) == 300
            assert server.connections <= 128

    asyncio.run(run())


def test_an_own_httpx_transport_is_used_and_closed() -> None:
    class Transport(httpx.MockTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "https://api.commonroom.io/community/v1/source/7/user"
        assert json.loads(request.content)["id"] == "u1"
        return httpx.Response(202)

    async def run() -> None:
        transport = Transport(answer)
        async with CommonRoomClient(TOKEN, transport=transport) as room:
            assert await room.add_or_edit_user(7, FULL_USER) == WriteResponse(202, attempts=1)
        assert transport.closed

    asyncio.run(run())


def test_the_sandbox_understands_every_operation() -> None:
    async def run(sandbox: SandboxServer) -> None:
        segment = sandbox.control.add_segment("Champions", ["New"])
        sandbox.control.add_activity_type("started_training", "Started training")
        async with CommonRoomClient(sandbox.token, sandbox.base_url) as room:
            await room.add_or_edit_user(sandbox.source_id, User(id="u1", full_name="Ada", email="ada@example.com"))
            sandbox.control.settle()
            for call in CALLS:
                if call.name in {"token_status", "list_activity_types", "list_segments", "list_tags"}:
                    assert await call.make(room)
            assert [field.name for field in await room.list_custom_fields(sandbox.source_id)]
            assert [status.name for status in await room.list_segment_statuses(segment["id"])] == ["New"]
            assert [contact.full_name for contact in await room.find_contacts(email="ada@example.com")] == ["Ada"]
            assert len(await room.contact_by_email("ada@example.com")) == 1
            assert (await room.remove_pii("ada@example.com")).status == 200
            with pytest.raises(NotFound):
                await room.remove_pii("nobody@example.com")
        assert [user["fullName"] for user in sandbox.control.users(sandbox.source_id).values()] == ["Ada"]

    with SandboxServer() as sandbox:
        asyncio.run(run(sandbox))

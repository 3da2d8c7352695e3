"""Responses that are not the API's own word for success, and what each means for an operation.

Every hostile response goes to every operation: the client's own tests ask for the error, those of the syncs for the
ledger, and those of the removals for the register.
"""

from dataclasses import dataclass

from cr_pipelines.api import (
    BadToken,
    CommonRoomError,
    FailureReported,
    InvalidRequest,
    NotFound,
    NotTheApi,
    OperationGone,
    ResponseLost,
    ServerFault,
    UnexpectedResponse,
    UnknownSource,
)
from cr_pipelines_tests.support.calls import Call
from cr_pipelines_tests.support.scripted_server import Reply

PAGE = "<!DOCTYPE html><html><head><title>Sign in, ada@example.com</title></head><body>Cannot POST</body></html>"
HTML = {"Content-Type": "text/html; charset=utf-8"}
FAULT = "a fault of the server"
GONE_OR_FOREIGN = "gone, or something else"
REFUSALS = (418, 421, 423, 426, 431, 451, 499)
FAULTS = (501, 505, 511, 520, 521, 522, 523, 524, 525, 526, 530, 599)
MISSING = "what is named is not there"


@dataclass(frozen=True)
class Hostile:
    name: str
    reply: Reply
    kind: type[CommonRoomError] | str


HOSTILE = [
    Hostile("login page", Reply(0, PAGE, HTML), NotTheApi),
    Hostile("page as JSON", Reply(0, PAGE), NotTheApi),
    Hostile("page with 201", Reply(201, PAGE, HTML), NotTheApi),
    Hostile("no content", Reply(204), NotTheApi),
    Hostile("partial content", Reply(206, {"status": "ok"}), NotTheApi),
    Hostile("created", Reply(201, {"status": "ok"}), NotTheApi),
    Hostile("gateway's JSON", Reply(0, {"message": "no Route matched with those values"}), NotTheApi),
    Hostile("framework's JSON", Reply(0, {"timestamp": 1, "status": 200, "path": "/"}), NotTheApi),
    Hostile("a number", Reply(0, "1"), NotTheApi),
    Hostile("a string", Reply(0, '"ok"'), NotTheApi),
    Hostile("null", Reply(0, "null"), NotTheApi),
    Hostile("truncated", Reply(0, '{"status": "o'), NotTheApi),
    Hostile("deep", Reply(0, "[" * 5000), NotTheApi),
    Hostile("unescaped control character", Reply(0, '{"status": "o\x01k"}'), NotTheApi),
    Hostile("huge", Reply(0, f"<p>{'x' * 2_000_000}</p>", HTML), NotTheApi),
    Hostile("JSON as text", Reply(0, {"status": "ok"}, {"Content-Type": "text/csv"}), NotTheApi),
    Hostile("failure", Reply(0, {"status": "failure", "errors": ["not queued"]}), FailureReported),
    Hostile("error", Reply(0, {"status": "error"}), FailureReported),
    Hostile("not found in a 200", Reply(0, {"status": "not-found"}), FailureReported),
    Hostile("not created", Reply(0, {"status": "not created"}), FailureReported),
    Hostile("no success", Reply(0, {"success": False, "error": {"code": "X"}}), FailureReported),
    Hostile("failure in other case", Reply(0, {"Status": "Failure"}), FailureReported),
    Hostile("failure as a string", Reply(0, {"status": "ok", "success": "false"}), FailureReported),
    Hostile("an error beside an id", Reply(0, {"id": [1], "error": "quota"}), FailureReported),
    Hostile("an error beside ok", Reply(0, {"status": "ok", "error": {"code": "X"}}), FailureReported),
    Hostile("a reason alone", Reply(0, {"reason": "invalid-request-body"}), FailureReported),
    Hostile("an error alone", Reply(0, {"error": "login required"}), NotTheApi),
    Hostile("a fault", Reply(0, {"fault": {"faultstring": "x"}}), NotTheApi),
    Hostile("true", Reply(0, "true"), NotTheApi),
    Hostile("empty page", Reply(0, "", HTML), NotTheApi),
    Hostile("problem", Reply(0, {"status": "ok"}, {"Content-Type": "application/problem+json"}), NotTheApi),
    Hostile("text/json", Reply(0, {"status": "ok"}, {"Content-Type": "text/json"}), NotTheApi),
    Hostile("lines", Reply(0, '{"status": "ok"}\n{"status": "ok"}'), NotTheApi),
    Hostile("guarded", Reply(0, ')]}\',\n{"status": "ok"}'), NotTheApi),
    Hostile("a script", Reply(0, 'callback({"status": "ok"})', {"Content-Type": "text/javascript"}), NotTheApi),
    Hostile("UTF-16", Reply(0, "\ufeff{\0}\0"), NotTheApi),
    Hostile("unknown encoding", Reply(0, "x", {"Content-Encoding": "x-odd"}), NotTheApi),
    Hostile("several", Reply(207, {"status": "ok"}), NotTheApi),
    Hostile("not authoritative", Reply(203, {"status": "ok"}), NotTheApi),
    Hostile("see other", Reply(303, {"status": "ok"}, {"Location": "/"}), NotTheApi),
    Hostile("a redirect", Reply(302, "", {"Location": "https://login.example.com/"}), NotTheApi),
    Hostile("a permanent redirect", Reply(308, PAGE, HTML), NotTheApi),
    Hostile("unmodified", Reply(304), NotTheApi),
    Hostile("400 page", Reply(400, PAGE, HTML), NotTheApi),
    Hostile("400 empty", Reply(400), NotTheApi),
    Hostile("400 of a gateway", Reply(400, {"message": "Bad Request"}), NotTheApi),
    Hostile("403 page", Reply(403, PAGE, HTML), NotTheApi),
    Hostile("403 of a gateway", Reply(403, {"message": "Forbidden"}), NotTheApi),
    Hostile("403 empty", Reply(403), NotTheApi),
    Hostile("401 of a proxy", Reply(401, {"error": "login required"}), NotTheApi),
    Hostile("404 page", Reply(404, PAGE, HTML), GONE_OR_FOREIGN),
    Hostile("404 empty", Reply(404), GONE_OR_FOREIGN),
    Hostile("404 of a gateway", Reply(404, {"statusCode": 404, "message": "Resource not found"}), GONE_OR_FOREIGN),
    Hostile("404 of a framework", Reply(404, {"status": 404, "error": "Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 of Kong", Reply(404, {"message": "no Route matched with those values"}), GONE_OR_FOREIGN),
    Hostile("404 of AWS", Reply(404, {"message": "Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 of Apigee", Reply(404, {"fault": {"faultstring": "Unable to identify proxy"}}), GONE_OR_FOREIGN),
    Hostile("404 of Jersey", Reply(404, {"code": 404, "message": "HTTP 404 Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 of Kubernetes", Reply(404, {"status": "Failure", "reason": "NotFound", "code": 404}), GONE_OR_FOREIGN),
    Hostile("404 of Vapor", Reply(404, {"error": True, "reason": "Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 with a reason", Reply(404, {"reason": "Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 with an error", Reply(404, {"status": "error", "reason": "no such route"}), GONE_OR_FOREIGN),
    Hostile("404 with a title", Reply(404, {"status": "Not Found"}), GONE_OR_FOREIGN),
    Hostile("404 of gRPC", Reply(404, {"status": "NOT_FOUND"}), GONE_OR_FOREIGN),
    Hostile("404 string", Reply(404, '"not-found"'), GONE_OR_FOREIGN),
    Hostile("404 null", Reply(404, "null"), GONE_OR_FOREIGN),
    Hostile("404 list", Reply(404, "[]"), GONE_OR_FOREIGN),
    Hostile("404 ok", Reply(404, {"status": "ok"}), GONE_OR_FOREIGN),
    Hostile("404 as a page", Reply(404, {"status": "not-found"}, HTML), GONE_OR_FOREIGN),
    Hostile("405", Reply(405, PAGE, HTML), OperationGone),
    Hostile("410", Reply(410, {"status": "not-found"}), OperationGone),
    Hostile("406", Reply(406, PAGE, HTML), NotTheApi),
    Hostile("409", Reply(409, {"reason": "conflict"}), UnexpectedResponse),
    Hostile("402", Reply(402, {"reason": "payment-required"}), UnexpectedResponse),
    Hostile("407 page", Reply(407, PAGE, HTML), NotTheApi),
    Hostile("411 empty", Reply(411), UnexpectedResponse),
    Hostile("413 page", Reply(413, PAGE, HTML), NotTheApi),
    Hostile("422", Reply(422, {"reason": "invalid"}), UnexpectedResponse),
    *(
        Hostile(f"{status} page", Reply(status, PAGE, HTML), NotTheApi)
        for status in (418, 421, 423, 426, 431, 451, 499)
    ),
    Hostile("408", Reply(408, PAGE, HTML), ServerFault),
    Hostile("425", Reply(425), ServerFault),
    Hostile("500 page", Reply(500, PAGE, HTML), FAULT),
    Hostile("502 page", Reply(502, PAGE, HTML), FAULT),
    Hostile("503 ok", Reply(503, {"status": "ok"}), FAULT),
    Hostile("504 of a gateway", Reply(504, {"message": "Endpoint request timed out"}), FAULT),
    *(Hostile(f"{status} page", Reply(status, PAGE, HTML), FAULT) for status in FAULTS),
    Hostile("522 of Cloudflare", Reply(522, {"status": "not-found"}), FAULT),
    Hostile("400 of the API", Reply(400, {"reason": "invalid-request-body", "docs": "https://x"}), InvalidRequest),
    Hostile("403 of the API", Reply(403, {"status": "forbidden"}), BadToken),
    Hostile("403 as seen", Reply(403, {"reason": "Token not valid"}), BadToken),
    Hostile("404 of the API", Reply(404, {"status": "not-found"}), MISSING),
]


def expected(hostile: Hostile, call: Call) -> type[CommonRoomError]:
    match hostile.kind:
        case "a fault of the server":
            return ResponseLost if call.appends else ServerFault
        case "gone, or something else":
            return NotTheApi if call.name == "token_status" else OperationGone
        case "what is named is not there":
            return UnknownSource if call.described_as.startswith("/source/") else NotFound
        case kind:
            assert isinstance(kind, type)
            return kind


def answering(reply: Reply, call: Call) -> Reply:
    """The reply; with 0 as its status, the one that the operation has for a success."""
    return Reply(reply.status or call.status, reply.body, reply.headers)


def may_have_written(hostile: Hostile, call: Call) -> bool:
    """Whether something to append may be in the room: unless the response refuses it."""
    status = hostile.reply.status or call.status
    return call.appends and hostile.kind is not FailureReported and (status < 300 or status >= 500)

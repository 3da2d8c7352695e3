"""Who may use a sandbox: no web page except its own.

Goes in: the headers of a request. Comes out: why it is refused, if it is, and the headers that let the web pages of
allowed origins read the response.
"""

from collections.abc import Mapping

from cr_pipelines.sandbox.http.limits import Headers
from cr_pipelines.sandbox.settings import Settings

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
_EVERY_ADDRESS = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - what to leave out


class Guard:
    """Refuses a foreign Host header, as in DNS rebinding, and requests from foreign web pages."""

    def __init__(self, settings: Settings):
        own = settings.host.lower()
        bound = set() if own in _EVERY_ADDRESS else {f"[{own}]" if ":" in own else own}
        self._hosts = _LOOPBACK | bound | {host.lower() for host in settings.allow_hosts}
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.allow_origins)

    def refusal(self, headers: Mapping[bytes, bytes], is_control: bool) -> tuple[int, str] | None:
        """Return the status and the message for a request that is refused."""
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = host[: host.find("]") + 1] if host.startswith("[") else host.partition(":")[0]
        if name not in self._hosts and "*" not in self._hosts:
            allowing = f"--allow-host {name or 'NAME'}"
            return 421, f"this sandbox does not accept the host name {name!r}; start it with {allowing}"
        origin = headers.get(b"origin", b"").decode("latin-1").lower()
        if origin and origin != f"http://{host}" and not self._allows(origin):
            return 403, f"web pages of {origin} may not use this sandbox; start it with --allow-origin {origin}"
        site = headers.get(b"sec-fetch-site", b"none")
        if is_control and not origin and site not in (b"none", b"same-origin"):
            return 403, "other web pages may not use the control API of this sandbox"
        return None

    def _allows(self, origin: str) -> bool:
        return origin in self._origins or "*" in self._origins

    def shared(self, headers: Mapping[bytes, bytes]) -> Headers:
        """Return the headers that let an allowed foreign page read the response; none for any other request."""
        origin = headers.get(b"origin", b"")
        if not origin or not self._allows(origin.decode("latin-1").lower()):
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"vary", b"Origin"),
            (b"access-control-allow-methods", b"GET, POST, DELETE"),
            (b"access-control-allow-headers", b"Authorization, Content-Type"),
            (b"access-control-expose-headers", b"*"),
            (b"access-control-max-age", b"600"),
        ]

"""The address of the API.

Goes in: a base URL. Comes out: the same URL, after a check that a token sent to it cannot be read in transit.
"""

from ipaddress import ip_address

import httpx


def checked_base_url(text: str, *, allow_plain_http: bool = False) -> httpx.URL:
    """Return the base URL.

    Raises ValueError for anything but an http or https address, and for plain http to another machine unless that is
    allowed.
    """
    root = httpx.URL(text)
    if root.scheme not in {"http", "https"} or not root.host:
        raise ValueError("the base URL must be an http or https address up to and including /community/v1")
    if root.scheme == "http" and not allow_plain_http and not _is_loopback(root.host):
        raise ValueError(
            "the base URL is plain http to another machine, which would send the token in the clear; use https, or "
            "allow it with allow_plain_http=True or COMMON_ROOM_ALLOW_HTTP=1"
        )
    return root


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost" or host.lower().endswith(".localhost"):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False

"""Ports to listen on.

Goes in: the port that the user wants, or None, and the usual one. Comes out: a port that is free.
"""

import socket

from cr_pipelines.demo.home import DemoError

HOST = "127.0.0.1"


def choose_port(wanted: int | None, usual: int, option: str) -> int:
    """Return the wanted port, or else the usual one, or else any free one.

    Raises DemoError if the wanted port is in use.
    """
    if wanted is not None:
        if not _is_free(wanted):
            raise DemoError(f"port {wanted} is in use; choose another with {option}, or omit {option}")
        return wanted
    if _is_free(usual):
        return usual
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
        return True

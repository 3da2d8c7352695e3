"""Ports to listen on."""

import socket

from cr_pipelines.demo.home import DemoError

HOST = "127.0.0.1"


def choose_port(asked: int | None, usual: int, option: str) -> int:
    """The port asked for, else the usual one, else a free one.

    Raises DemoError when the one asked for is taken.
    """
    if asked is not None:
        if not _is_free(asked):
            raise DemoError(f"port {asked} is taken; name another one with {option}, or leave {option} out")
        return asked
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

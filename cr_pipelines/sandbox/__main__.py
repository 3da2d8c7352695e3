"""`python -m cr_pipelines.sandbox`: a sandbox from the command line, or under `SandboxServer`."""

import argparse
import json
import os
import signal
import sys
import threading
import time

from cr_pipelines.sandbox.http.server import serve
from cr_pipelines.sandbox.settings import DEFAULT_HOST, DEFAULT_PORT, DEFAULT_TOKEN
from cr_pipelines.sandbox.workspace.storage import StorageError


def main() -> None:
    """Reads the command line, or with `--supervised` a line of JSON options from stdin, and serves."""
    if sys.argv[1:] == ["--supervised"]:
        _serve_supervised()
        return
    parser = argparse.ArgumentParser(prog="python -m cr_pipelines.sandbox", description="A local Common Room.")
    parser.add_argument("--host", default=DEFAULT_HOST)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--data", help="file to keep the room in")
    parser.add_argument("--token", default=DEFAULT_TOKEN, help="token to let in; several are separated by commas")
    parser.add_argument("--settle-seconds", type=float, default=0.2, help="time from accepting a record to storing it")
    parser.add_argument("--limit", type=int, help="requests answered per interval")
    parser.add_argument("--interval-seconds", type=float, help="length of the rate limit's interval")
    parser.add_argument("--faults", type=json.loads, help='such as \'{"error_rate": 0.05, "seed": 1}\'')
    parser.add_argument("--keep", type=int, default=200_000, help="requests kept in the record")
    options = vars(parser.parse_args())
    try:
        serve(**options, on_ready=lambda url: print(f"Common Room sandbox: {url}", flush=True))  # noqa: T201
    except (ValueError, OSError, StorageError) as error:
        sys.exit(str(error))


def _serve_supervised() -> None:
    """Options in, address out; the end of standard input, or of the parent, is the order to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    options = json.loads(sys.stdin.readline())
    parent = os.getppid()

    def watch() -> None:
        threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
        while os.getppid() == parent:
            time.sleep(0.5)
        _stop()

    def ready(url: str) -> None:
        print(url, flush=True)  # noqa: T201
        threading.Thread(target=watch, daemon=True).start()

    try:
        serve(**options, on_ready=ready)
    except (ValueError, OSError, StorageError) as error:
        print(error, flush=True)  # noqa: T201
        sys.exit(1)


def _stop_at_end_of_input() -> None:
    sys.stdin.read()
    _stop()


def _stop() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

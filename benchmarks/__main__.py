"""Measures what cr-pipelines costs, and puts the tables into benchmarks/README.md."""

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import delivery, overhead, pacing, plan
from benchmarks import machine as _machine
from benchmarks.table import renew

PAGE = Path(__file__).with_name("README.md")
SECTIONS = ("plan", "delivery", "pacing", "dagster")
MILLION = 1_000_000


def main() -> None:
    """Measure what was chosen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=list(SECTIONS))
    parser.add_argument("--engine", choices=["duckdb", "postgresql"], nargs="+", default=["duckdb", "postgresql"])
    parser.add_argument("--plan-rows", type=int, nargs="+", default=[MILLION, 5 * MILLION, 10 * MILLION], metavar="N")
    parser.add_argument("--delivery-rows", type=int, default=20_000, metavar="N")
    parser.add_argument("--pacing-seconds", type=int, default=15, metavar="N")
    parser.add_argument("--syncs", type=int, default=100, metavar="N")
    parser.add_argument("--repeats", type=int, default=2, metavar="N")
    parser.add_argument("--page", type=Path, default=PAGE, help="Where the tables go.")
    chosen = parser.parse_args()
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    for name, measure in _chosen(chosen):
        before, began = _machine.load(), time.monotonic()
        print(f"\n{name}: {_machine.described()}; load average {before}\n")
        told = measure()
        minutes = (time.monotonic() - began) / 60
        circumstances = (
            f"{datetime.now(UTC):%d %B %Y}, `{command}`: {_machine.described()}; load average {before} before, "
            f"{_machine.load()} after; {minutes:.0f} minutes."
        )
        renew(chosen.page, name, f"{told}\n\n{circumstances}")


def _chosen(chosen: argparse.Namespace) -> Iterator[tuple[str, Callable[[], str]]]:
    """The sections of the page that are to be measured anew, each with the way to do it."""
    if "plan" in chosen.only:
        for engine in chosen.engine:
            yield f"plan on {engine}", lambda engine=engine: plan.measure(chosen.plan_rows, engine, chosen.repeats)
    if "delivery" in chosen.only:
        yield "delivery", lambda: delivery.measure(chosen.delivery_rows, chosen.repeats)
    if "pacing" in chosen.only:
        yield "pacing", lambda: pacing.measure(chosen.pacing_seconds)
    if "dagster" in chosen.only:
        yield "dagster", lambda: overhead.measure(chosen.syncs, 2 * chosen.repeats + 1)


if __name__ == "__main__":
    main()

"""Measure what cr-pipelines costs, and write the tables to benchmarks/README.md.

Goes in: which sections, and how large. Comes out: the tables on the page, with the machine and the command.
"""

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import apart, delivery, fold, overhead, pacing, plan, search
from benchmarks import machine as _machine
from benchmarks.table import replace_section

PAGE = Path(__file__).with_name("README.md")
SECTIONS = ("plan", "apart", "fold", "delivery", "pacing", "dagster", "search")
MILLION = 1_000_000


def main() -> None:
    """Measure the chosen sections."""
    purpose = "Measure what cr-pipelines costs, and write the tables to benchmarks/README.md."
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=purpose)
    parser.add_argument("--only", choices=SECTIONS, nargs="+", default=list(SECTIONS))
    parser.add_argument("--engine", choices=["duckdb", "postgresql"], nargs="+", default=["duckdb", "postgresql"])
    parser.add_argument("--plan-rows", type=int, nargs="+", default=[MILLION, 5 * MILLION, 10 * MILLION], metavar="N")
    parser.add_argument("--fold-rows", type=int, default=MILLION, metavar="N")
    parser.add_argument("--delivery-rows", type=int, default=20_000, metavar="N")
    parser.add_argument("--pacing-seconds", type=int, default=15, metavar="N")
    parser.add_argument("--syncs", type=int, default=100, metavar="N")
    parser.add_argument("--characters", type=int, default=20_000, metavar="N")
    parser.add_argument("--repeats", type=int, default=2, metavar="N")
    parser.add_argument("--page", type=Path, default=PAGE, help="The file to write the tables to.")
    chosen = parser.parse_args()
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    for name, measure in _chosen(chosen):
        before, began = _machine.load(), time.monotonic()
        print(f"\n{name}: {_machine.described()}; load average {before}\n")
        tables = measure()
        minutes = (time.monotonic() - began) / 60
        circumstances = (
            f"{datetime.now(UTC):%d %B %Y}, `{command}`: {_machine.described()}; load average {before} before, "
            f"{_machine.load()} after; {minutes:.0f} minutes."
        )
        replace_section(chosen.page, name, f"{tables}\n\n{circumstances}")


def _chosen(chosen: argparse.Namespace) -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield the chosen sections of the page, each with the function that measures it."""
    if "plan" in chosen.only:
        for engine in chosen.engine:
            yield f"plan on {engine}", lambda engine=engine: plan.measure(chosen.plan_rows, engine, chosen.repeats)
    if "fold" in chosen.only:
        yield "fold", lambda: fold.measure(chosen.fold_rows, chosen.engine)
    if "apart" in chosen.only:
        yield "plan apart", lambda: apart.measure(chosen.plan_rows)
    if "delivery" in chosen.only:
        yield "delivery", lambda: delivery.measure(chosen.delivery_rows, chosen.repeats)
    if "pacing" in chosen.only:
        yield "pacing", lambda: pacing.measure(chosen.pacing_seconds)
    if "dagster" in chosen.only:
        yield "dagster", lambda: overhead.measure(chosen.syncs, 2 * chosen.repeats + 1)
    if "search" in chosen.only:
        yield "search", lambda: search.measure(chosen.characters)


if __name__ == "__main__":
    main()

"""Measures what cr-pipelines costs, and puts the tables into benchmarks/README.md."""

import argparse
import shlex
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import _machine, delivery, overhead, pacing, plan
from benchmarks._table import renew

PAGE = Path(__file__).with_name("README.md")


def main() -> None:
    """Measure what was chosen."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    sections = {
        "plan": lambda: plan.measure(chosen.plan_rows, chosen.engine, chosen.repeats),
        "delivery": lambda: delivery.measure(chosen.delivery_rows, chosen.repeats),
        "pacing": lambda: pacing.measure(chosen.pacing_seconds),
        "dagster": lambda: overhead.measure(chosen.syncs, 2 * chosen.repeats + 1),
    }
    sizes = [1_000_000, 5_000_000, 10_000_000]
    parser.add_argument("--only", choices=sections, nargs="+", default=list(sections))
    parser.add_argument("--engine", choices=["duckdb", "postgresql"], nargs="+", default=["duckdb", "postgresql"])
    parser.add_argument("--plan-rows", type=int, nargs="+", default=sizes, metavar="ROWS")
    parser.add_argument("--delivery-rows", type=int, default=30_000, metavar="ROWS")
    parser.add_argument("--pacing-seconds", type=int, default=20, metavar="SECONDS")
    parser.add_argument("--syncs", type=int, default=100, metavar="COUNT")
    parser.add_argument("--repeats", type=int, default=2, metavar="COUNT")
    parser.add_argument("--page", type=Path, default=PAGE, help="Where the tables go.")
    chosen = parser.parse_args()
    command = shlex.join(["python", "-m", "benchmarks", *sys.argv[1:]])
    for name in chosen.only:
        before, began = _machine.load(), time.monotonic()
        print(f"\n{name}: {_machine.described()}; load average {before}\n")
        told = sections[name]()
        minutes = (time.monotonic() - began) / 60
        circumstances = (
            f"{datetime.now(UTC):%d %B %Y}, `{command}`: {_machine.described()}; load average {before} before, "
            f"{_machine.load()} after; {minutes:.0f} minutes."
        )
        renew(chosen.page, name, f"{told}\n\n{circumstances}")


if __name__ == "__main__":
    main()

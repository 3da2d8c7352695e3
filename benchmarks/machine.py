"""The machine that the benchmarks run on.

Comes out: its size, its load, and the memory that processes use.
"""

import os
import platform
from importlib.metadata import version

import psutil


def described() -> str:
    """Return the machine's size and the versions of packages, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dagster", "polars", "pandas"))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def load() -> str:
    """Return the load average of the last 1, 5 and 15 minutes."""
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def free_megabytes() -> float:
    """Return the memory that a process could use now."""
    return float(psutil.virtual_memory().available) / 1e6


def peak_megabytes() -> float:
    """Return this process's peak resident memory, including DuckDB's and without its parent's."""
    with open("/proc/self/status") as status:  # noqa: PTH123
        [kilobytes] = [line.split()[1] for line in status if line.startswith("VmHWM")]
    return int(kilobytes) * 1024 / 1e6

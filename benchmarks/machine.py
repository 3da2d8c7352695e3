import os
import platform
from importlib.metadata import version

import psutil


def described() -> str:
    """The machine's size and what runs on it, in one line."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "dagster", "polars", "pandas"))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {packages}"
    )


def load() -> str:
    """The load average of the last 1, 5 and 15 minutes."""
    return " ".join(f"{average:.1f}" for average in os.getloadavg())


def free_megabytes() -> float:
    """Memory that a process could take now."""
    return float(psutil.virtual_memory().available) / 1e6


def peak_megabytes() -> float:
    """This process's peak resident memory, what its DuckDB took included, and nothing of its parent's."""
    with open("/proc/self/status") as status:  # noqa: PTH123
        [kilobytes] = [line.split()[1] for line in status if line.startswith("VmHWM")]
    return int(kilobytes) * 1024 / 1e6

"""A report of a run, for people and for programs.

Goes in: the engine's report. Comes out: lines in the terminal, or plain values for JSON; neither has personal data.
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import click

from cr_pipelines.sync import COUNTERS, Problem, Report


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as values that JSON can hold, without the requests of a dry run."""
    return {
        "sync": report.sync,
        "run_id": report.run_id,
        "partition": report.partition or None,
        "dry_run": report.dry_run,
        "state": report.state,
        "source_emptied": report.emptied,
        "counts": {counter.name: report.count(counter) for counter in COUNTERS},
        "changed": report.changed,
        "changed_compared": report.changed_compared,
        "changed_columns": report.changed_columns,
        "problems": [asdict(problem) for problem in _sorted(report.problems)],
        "dropped_values": [asdict(problem) for problem in report.dropped],
        "rejected_rows": [asdict(row) for row in report.rejected_rows],
        "unknown_keys": list(report.unknown_keys),
        "ignored_columns": dict(report.ignored_columns),
        "deleted_remotely_keys": report.deleted_remotely_keys,
        "deletion_keys": report.deletion_keys,
    }


def show_problems(report: Report) -> None:
    """Print invalid rows by field and reason, those of the most rows first, and bad values that are left out."""
    for title, problems in (("Problems", report.problems), ("Values left out", report.dropped)):
        if problems:
            click.secho(f"\n{title}", bold=True)
            _show_listed(_sorted(problems))


def _show_listed(problems: Sequence[Problem]) -> None:
    for problem in problems:
        keys = ", ".join(problem.example_keys) + (", …" if problem.rows > len(problem.example_keys) else "")
        click.echo(f"  {problem.rows:>8,}  {problem.field}  {problem.reason_code}  keys: {keys}")
        click.echo(f"            {problem.message}")


def _sorted(problems: Sequence[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: -problem.rows)

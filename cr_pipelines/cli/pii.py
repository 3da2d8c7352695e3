"""`cr-pipelines pii`: what became of privacy requests, and letting a person back in."""

import csv
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cr_pipelines.cli.project import load_project
from cr_pipelines.removal import RemovalRecord, Removals
from cr_pipelines.sync.contract import hashed_key

_SHOWN = {
    "request": "request_id",
    "status": "status",
    "requested": "requested_at",
    "withheld since": "seen_at",
    "submitted": "submitted_at",
    "due": "due_at",
    "verified": "verified_at",
    "rows suppressed": "rows_suppressed",
}
"""What a terminal shows; the CSV has every column."""


def report(request_ids: Sequence[str], csv_file: Path | None, definitions: str) -> None:
    """Print what became of the requests, or write it to a file. Raises ClickException for an id that there is not."""
    wanted = [hashed_key(request_id) for request_id in request_ids]
    records = _removals(definitions).records(wanted)
    unknown = set(wanted) - {record.request_id for record in records}
    if unknown:
        raise click.ClickException(
            f"there is no request {', '.join(sorted(unknown))}; without --request-id all of them are listed. A request "
            "is known once the sensor or a run has seen its row"
        )
    if csv_file is None:
        _print(records)
    else:
        _write(records, csv_file)
        click.echo(
            f"{_count(len(records), 'request')} written to {csv_file}. It holds hashes of addresses, no address."
        )


def let_back_in(request_id: str, reason: str, *, even_unverified: bool, definitions: str) -> None:
    """Let the person of a request be synced again. Raises ClickException and NotUnsuppressed."""
    if not reason.strip() or "@" in reason:
        raise click.ClickException(
            "the reason is kept: say in --reason why the person may be synced again, without naming them or their "
            "address"
        )
    lifted = _removals(definitions).unsuppress(hashed_key(request_id), reason.strip(), even_unverified=even_unverified)
    click.echo(
        f"{_count(lifted, 'request')} of this person lifted: the next run of each sync sends them again. A new "
        "privacy request of theirs withholds and removes them anew."
    )


def _removals(definitions: str) -> Removals:
    project = load_project(definitions)
    return Removals(project.open_warehouse(), schema=project.state_schema)


def _print(records: Sequence[RemovalRecord]) -> None:
    if not records:
        click.echo("No privacy request has been seen.")
        return
    table = [list(_SHOWN), *([_short(getattr(record, name)) for name in _SHOWN.values()] for record in records)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for position, row in enumerate(table):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.secho(line, bold=position == 0)
        record = records[position - 1] if position else None
        if record is not None and record.reason:
            click.echo(f"    {record.reason}")
        if record is not None and record.lifted_at is not None:
            click.echo(f"    lifted {_short(record.lifted_at)}: {record.lifted_reason}")
    kept = sum(record.address_kept for record in records)
    click.echo(f"\n{_count(len(records), 'request')}; the address of {kept:,} is still kept, to verify the removal.")


def _write(records: Sequence[RemovalRecord], path: Path) -> None:
    names = [item.name for item in fields(RemovalRecord)]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([_exact(getattr(record, name)) for name in names] for record in records)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None


def _short(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(value)


def _exact(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case str() if value[:1] in "=+-@\t\r" and value:
            # A spreadsheet would take it for a formula.
            return f"'{value}"
        case _:
            return str(value)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"

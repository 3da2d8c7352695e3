"""`cr-pipelines pii`: the report on privacy requests, and the end of a suppression.

Goes in: request ids. Comes out: a table in the terminal or a CSV file, neither with an address; or a person whom the
next runs send again.
"""

import csv
import json
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from cr_pipelines.cli.project import load_project
from cr_pipelines.removal import RemovalRecord, Removals
from cr_pipelines.sync.contract import hashed_key
from cr_pipelines.wording import count

_SHOWN = {
    "request": "request_id",
    "status": "status",
    "requested": "requested_at",
    "suppressed since": "seen_at",
    "submitted": "submitted_at",
    "due": "due_at",
    "verified": "verified_at",
    "rows suppressed": "rows_suppressed",
}
"""The columns in the terminal; the CSV file has all of them."""


def report(request_ids: Sequence[str], csv_file: Path | None, definitions: str, *, in_json: bool) -> None:
    """Print the requests, or write them to a file. Raises ClickException for an unknown id."""
    wanted = [hashed_key(request_id) for request_id in request_ids]
    records = _removals(definitions).records(wanted)
    unknown = set(wanted) - {record.request_id for record in records}
    if unknown:
        raise click.ClickException(
            f"no request {', '.join(sorted(unknown))}; omit --request-id to list all requests. A request is known once "
            "the sensor or a run has seen its row"
        )
    if in_json and csv_file is None:
        names = [item.name for item in fields(RemovalRecord)]
        listed = [{name: _plain(getattr(record, name)) for name in names} for record in records]
        click.echo(json.dumps({"requests": listed}, indent=2))
    elif csv_file is None:
        _print(records)
    else:
        _write(records, csv_file)
        click.echo(
            f"{count(len(records), 'request')} written to {csv_file}. The file has hashes of addresses, no addresses."
        )


def unsuppress(request_id: str, reason: str, *, even_unverified: bool, definitions: str) -> None:
    """End the suppression of the person of a request. Raises ClickException and NotUnsuppressed."""
    if not reason.strip() or "@" in reason:
        raise click.ClickException(
            "the reason is stored: use --reason to say why the person may be synced again, without their name or "
            "address"
        )
    lifted = _removals(definitions).unsuppress(hashed_key(request_id), reason.strip(), even_unverified=even_unverified)
    click.echo(
        f"{count(lifted, 'request')} of this person lifted. The next run of each sync sends them again. A new privacy "
        "request suppresses and removes them again."
    )


def _removals(definitions: str) -> Removals:
    project = load_project(definitions)
    return Removals(project.open_warehouse(), schema=project.state_schema)


def _print(records: Sequence[RemovalRecord]) -> None:
    if not records:
        click.echo("No privacy requests yet.")
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
    click.echo(f"\n{count(len(records), 'request')}; {kept:,} with an address still stored, to verify the removal.")


def _write(records: Sequence[RemovalRecord], path: Path) -> None:
    names = [item.name for item in fields(RemovalRecord)]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([_exact(getattr(record, name)) for name in names] for record in records)
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from None


def _plain(value: Any) -> Any:
    return value.astimezone(UTC).isoformat(timespec="seconds") if isinstance(value, datetime) else value


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
            # A spreadsheet would read it as a formula.
            return f"'{value}"
        case _:
            return str(value)

"""`cr-pipelines pii`: the report on privacy requests, and the end of a suppression.

Goes in: request ids. Comes out: a table in the terminal or a CSV file, neither with an address; or a person that the
next runs send again.
"""

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

import click

from cr_pipelines.cli.project import Project, load_project
from cr_pipelines.removal import RemovalRecord, Removals
from cr_pipelines.settings import Settings
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
    "keys sent": "keys_sent",
}
"""The columns in the terminal; the CSV file has all of them."""


def report(request_ids: Sequence[str], csv_file: Path | None, definitions: str, *, in_json: bool) -> None:
    """Print the requests, or write them to a file. Raises ClickException for an unknown id."""
    wanted = [hashed_key(request_id) for request_id in request_ids]
    project = load_project(definitions)
    removals = Removals(project.open_warehouse(), schema=project.state_schema)
    records = removals.records(wanted)
    proof = _proof(project, records, removals.standing().max_people_per_address)
    unknown = set(wanted) - {record.request_id for record in records}
    if unknown:
        raise click.ClickException(
            f"no request {', '.join(sorted(unknown))}; omit --request-id to list all requests. A request is known once "
            "the sensor or a run has seen its row"
        )
    if in_json and csv_file is None:
        names = [item.name for item in fields(RemovalRecord)]
        listed = [{name: _plain(getattr(record, name)) for name in names} for record in records]
        click.echo(json.dumps({**proof, "requests": listed}, indent=2))
    elif csv_file is None:
        _print(records, proof)
    else:
        _write(records, proof, csv_file)
        click.echo(
            f"{count(len(records), 'request')} written to {csv_file}. The file contains hashes of addresses, not "
            "addresses."
        )


def confirm(request_id: str, *, definitions: str) -> None:
    """Treat a shared address as one person's. Raises ClickException when no such request waits for a decision."""
    confirmed = _removals(definitions).confirm(hashed_key(request_id))
    if not confirmed:
        raise click.ClickException(
            f"no request {hashed_key(request_id)} waits for a decision; `cr-pipelines pii report` shows those that do, "
            "with the status shared"
        )
    click.echo(
        f"{count(confirmed, 'request')} confirmed. Every row that was sent with the address is now suppressed, and "
        "the next run of the removals submits the removal."
    )


def _proof(project: Project, records: Sequence[RemovalRecord], max_people_per_address: int) -> dict[str, str]:
    """Return what the report is about: the room, when it was made, by what version, and the requests by status."""
    address = project.common_room.base_url or Settings.from_environment().base_url
    source = project.common_room.destination().source_id
    by_status = Counter(record.status for record in records)
    return {
        "room": address.rpartition("@")[2] + (f", destination source {source}" if source else ""),
        "state_schema": project.state_schema,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": f"cr-pipelines {package_version('cr-pipelines')}",
        "requests_by_status": ", ".join(f"{status} {number:,}" for status, number in sorted(by_status.items())),
        "max_people_per_address": str(max_people_per_address),
        "not_covered": "what other tools and other state schemas send to Common Room",
    }


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


def _print(records: Sequence[RemovalRecord], proof: Mapping[str, str]) -> None:
    for name, value in proof.items():
        click.echo(f"{name.replace('_', ' ')}: {value or 'none'}")
    click.echo()
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
        if record is not None and record.linked_addresses:
            click.echo(
                f"    also suppressed: {record.linked_addresses:,} other addresses of the same person; each needs its "
                "own request to be removed"
            )
        if record is not None and record.lifted_at is not None:
            click.echo(f"    lifted {_short(record.lifted_at)}: {record.lifted_reason}")
    kept = sum(record.address_kept for record in records)
    click.echo(f"\n{count(len(records), 'request')}; {kept:,} with an address still stored, to verify the removal.")


def _write(records: Sequence[RemovalRecord], proof: Mapping[str, str], path: Path) -> None:
    names = [item.name for item in fields(RemovalRecord)]
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([*names, *proof])
            writer.writerows(
                [*(_exact(getattr(record, name)) for name in names), *map(_exact, proof.values())] for record in records
            )
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

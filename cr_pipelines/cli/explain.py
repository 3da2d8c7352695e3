"""`cr-pipelines explain`: one row of a sync.

Goes in: a sync and a key. Comes out: where the row is, when it was last sent, what would be sent now, field by field,
or why nothing would be sent. The values are personal data, for the user's own terminal; those of a suppressed person
are not shown.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from cr_pipelines.cli.hints import naming_tables
from cr_pipelines.cli.progress import showing
from cr_pipelines.cli.project import load_project
from cr_pipelines.sync import Options, RowExplanation, Sync, run_sync
from cr_pipelines.sync.contract import hashed_key


def explain_row(name: str, key: str, *, definitions: str, in_json: bool) -> None:
    """Print the explanation of one row. Raises ClickException for an unknown key."""
    project = load_project(definitions, name)
    sync, spelled = project.find(name), hashed_key(key)
    with showing(f"{sync.name}: looking for the row"), naming_tables(project, sync.relation):
        report = run_sync(
            sync,
            project.open_warehouse(),
            project.common_room.destination(),
            schema=project.state_schema,
            requests=project.requests,
            # `all` also makes the request of a row that no run would send.
            options=Options(dry_run=True, resync="all", keys=(spelled,), samples=0),
        )
    [explanation] = report.explanations
    if explanation.comparison == "not_in_source" and explanation.entry is None and not explanation.outcome:
        raise click.ClickException(
            f"neither {sync.relation} nor the ledger has the key {spelled!r}; a key is the value of the column "
            f"{sync.contract.key_columns}" + (", as a JSON array" if len(sync.contract.key) > 1 else "")
        )
    if in_json:
        click.echo(json.dumps(as_json(sync, explanation), indent=2, default=str, ensure_ascii=False))
    else:
        _show(sync, explanation)


def as_json(sync: Sync, explanation: RowExplanation) -> dict[str, Any]:
    """Return an explanation as values for JSON. Personal data: for a terminal only."""
    entry = explanation.entry
    return {
        "sync": sync.name,
        "key": explanation.key,
        "in_source": explanation.comparison != "not_in_source",
        "comparison": explanation.comparison,
        "next_run": explanation.next_run,
        "ledger": None if entry is None else {name: _plain(value) for name, value in vars(entry).items()},
        "source": {name: _plain(value) for name, value in explanation.values.items()},
        "endpoint": sync.contract.endpoint,
        "request": None if explanation.request is None else json.loads(explanation.request),
    }


def _show(sync: Sync, explanation: RowExplanation) -> None:
    click.secho(f"{sync.name}, key {explanation.key}\n", bold=True)
    in_source = explanation.comparison != "not_in_source"
    click.echo(f"  Source     {'has it' if in_source else 'has no row with this key'}: {sync.relation}")
    click.echo(f"  Ledger     {_ledger(explanation)}")
    click.echo(f"  Next run   {explanation.next_run}")
    if explanation.outcome == "suppressed" or not explanation.values:
        return
    request = json.loads(explanation.request) if explanation.request else None
    rows = [
        (
            column.name,
            _shown(explanation.values[column.name]),
            _sent(column.field, explanation.values[column.name], request),
        )
        for column in sync.contract.columns
        if column.name in explanation.values
    ]
    widths = [max(len(row[place]) for row in rows) for place in (0, 1)]
    click.secho(f"\nField by field, in {sync.contract.endpoint} (personal data)", bold=True)
    for name, value, sent in rows:
        click.echo(f"  {name:{widths[0]}}  {value:{widths[1]}}  {sent}".rstrip())


def _ledger(explanation: RowExplanation) -> str:
    entry = explanation.entry
    if entry is None:
        return "has no entry"
    words = [entry.status]
    if entry.last_sent_at is not None:
        words.append(f"last sent {_when(entry.last_sent_at)} by run {entry.run_id}")
    if entry.http_status is not None:
        words.append(f"HTTP {entry.http_status}")
    if entry.partition:
        words.append(f"partition {entry.partition}")
    if entry.absent_since is not None:
        words.append(f"absent from the source since {_when(entry.absent_since)}")
    if entry.message and entry.status not in ("delivered", "suppressed"):
        words.append(f"{entry.reason_code}: {entry.message}")
    return ", ".join(words)


def _sent(field: str, value: object, request: Mapping[str, Any] | None) -> str:
    if not field:
        return "stays in the ledger"
    if value is None:
        return "null, so left out"
    if request is None:
        return "not sent"
    sent: Any = request
    for part in field.split("."):
        sent = sent.get(part) if isinstance(sent, Mapping) else None
    return f"{field}: {_shown(sent)}" if sent is not None else "not in the body"


def _shown(value: object) -> str:
    text = json.dumps(_plain(value), ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}…"


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) and value.tzinfo else value


def _when(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

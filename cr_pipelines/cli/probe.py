"""`cr-pipelines probe`.

Goes in: the environment's room, and the consent that the options give. Comes out: a line for each assumption with what
the room does, and a JSON report on request.
"""

import json
from pathlib import Path
from typing import Any

import click

from cr_pipelines.probe import Consent, ProbedRoom, Result, Unclear
from cr_pipelines.probe import probe as run_probe
from cr_pipelines.settings import Settings


def probe(consent: Consent, json_file: Path | None, patience: float) -> int:
    """Probe the room and print what it does; return how many assumptions do not hold. Raises ClickException."""
    settings = Settings.from_environment()
    if settings.token is None:
        raise click.ClickException("there is no token: set COMMON_ROOM_API_TOKEN")
    click.echo(f"{'assumption':<20} {'seen here':<34} {'sandbox':<34} agree?")
    with ProbedRoom(settings.base_url, settings.token, settings.source_id, patience) as room:
        try:
            report = run_probe(room, consent, _print)
        except Unclear as error:
            raise click.ClickException(str(error)) from None
    if report.left:
        click.echo(f"{report.left} throwaway records could not be removed; all have {room.marker} in their name.")
    if json_file is not None:
        json_file.write_text(json.dumps(report.plain(), indent=2) + "\n", encoding="utf-8")
        click.echo(f"The report is in {json_file}. It has no secret and no personal data.")
    differences = report.differences
    click.echo(f"Differs from the sandbox: {', '.join(differences) or 'nothing'}.")
    return len(differences)


def _print(result: Result) -> None:
    agrees = {True: "yes", False: "NO", None: result.note}[result.agrees]
    seen = "" if result.agrees is None else _short(result.seen)
    click.echo(f"{result.assumption.name:<20} {seen:<34} {_short(result.sandbox):<34} {agrees}")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "any" if value is None else str(value)

"""`cr-pipelines probe`.

Goes in: the environment's room, and the consent that the options give. Comes out: a line for each assumption with what
the room does, and a JSON report on request.
"""

import json
import os
from pathlib import Path
from typing import Any

import click
import httpx

from cr_pipelines.probe import Consent, ProbedRoom, Report, Result, Unclear
from cr_pipelines.probe import probe as run_probe
from cr_pipelines.settings import Settings, explain
from cr_pipelines.signals import interrupted_by_signals


def probe(consent: Consent, json_file: Path | None, patience: float) -> int:
    """Probe the room and print what it does; return how many assumptions do not hold.

    Raises ClickException, and KeyboardInterrupt when a signal ended it. What was written is removed before either.
    """
    settings = Settings.from_environment()
    if settings.token is None:
        raise click.ClickException("there is no token: set COMMON_ROOM_API_TOKEN")
    if json_file is not None and not os.access(json_file if json_file.exists() else json_file.parent, os.W_OK):
        raise click.ClickException(f"{json_file} cannot be written: name a file in a folder that exists")
    try:
        room = ProbedRoom(
            settings.base_url,
            settings.token,
            settings.source_id,
            patience,
            allow_plain_http=settings.allow_plain_http,
        )
        with interrupted_by_signals(), room:
            report = _run(room, consent)
    except (Unclear, ValueError) as error:
        raise click.ClickException(explain(error)) from None
    except httpx.HTTPError as error:
        raise click.ClickException(f"no response from the room ({type(error).__name__}): check the base URL") from None
    if json_file is not None:
        json_file.write_text(json.dumps(report.plain(), indent=2) + "\n", encoding="utf-8")
        click.echo(f"The report is in {json_file}. It has no secret and no personal data.")
    differences = report.differences
    click.echo(f"Differs from the sandbox: {', '.join(differences) or 'nothing'}.")
    return len(differences)


def _run(room: ProbedRoom, consent: Consent) -> Report:
    if consent.room_name is not None:
        click.echo(f"Every throwaway record has {room.marker} in its name.")
    click.echo(f"{'assumption':<21} {'seen here':<34} {'sandbox':<34} agree?")
    try:
        return run_probe(room, consent, _print)
    except KeyboardInterrupt:
        click.echo("Interrupted.")
        raise
    finally:
        if room.has_written and room.left != 0:
            left = "Throwaway records" if room.left is None else f"{room.left} throwaway records"
            click.echo(f"{left} may be left in the room; look for {room.marker} and remove them there.")


def _print(result: Result) -> None:
    agrees = {True: "yes", False: "NO", None: result.note}[result.agrees]
    seen = "" if result.agrees is None else _short(result.seen)
    click.echo(f"{result.assumption.name:<21} {seen:<34} {_short(result.sandbox):<34} {agrees}")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "any" if value is None else str(value)

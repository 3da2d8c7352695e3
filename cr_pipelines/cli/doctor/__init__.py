"""`cr-pipelines doctor`: whether syncs can run, and what they would do.

Goes in: the user's Dagster definitions. Comes out: a checklist in the terminal, section by section: the environment,
Common Room, the warehouse, privacy requests, schedules and sensors, and each sync. Nothing is sent; no personal data
and no token is shown.
"""

import json

import click

from cr_pipelines.cli.doctor.automation import check_automation
from cr_pipelines.cli.doctor.checklist import Checklist
from cr_pipelines.cli.doctor.connections import check_common_room, check_environment, check_state_room, check_warehouse
from cr_pipelines.cli.doctor.privacy import check_privacy
from cr_pipelines.cli.doctor.state import check_state, check_versions
from cr_pipelines.cli.doctor.syncs import SyncChecks
from cr_pipelines.cli.project import Project, load_project
from cr_pipelines.wording import count


def examine(definitions: str, *, in_json: bool = False) -> bool:
    """Print the checklist. Return whether it has no problem."""
    checklist = Checklist(quiet=in_json)
    check_versions(checklist)
    check_environment(checklist)
    try:
        project, unloadable = load_project(definitions), None
    except click.ClickException as error:
        # The room and the warehouse can be checked anyway.
        project, unloadable = Project(), error.message
    room = check_common_room(checklist, project)
    warehouse = check_warehouse(checklist, project)
    if warehouse is not None:
        check_state_room(checklist, project, warehouse, room)
    if unloadable is not None:
        checklist.section("Syncs")
        checklist.problem(unloadable)
    elif warehouse is not None:
        check_state(checklist, project, warehouse)
        check_privacy(checklist, project, warehouse)
    if unloadable is None:
        check_automation(checklist, project)
    if unloadable is None and warehouse is not None:
        SyncChecks(checklist, project, warehouse, reachable=room is not None).run()
    if in_json:
        click.echo(json.dumps({"problems": checklist.problems, "sections": checklist.sections}, indent=2))
        return not checklist.problems
    click.echo()
    if checklist.problems:
        click.secho(f"{count(checklist.problems, 'problem')} found.", fg="red")
    else:
        click.secho("Everything looks good.", fg="green")
    return not checklist.problems

"""A room declared in a YAML file.

Goes in: a file with the sources, custom fields, activity types, segments, tags and people of a room. Comes out: an
empty room, filled with them; or ValueError, which names the entry that is wrong.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from cr_pipelines.sandbox.explain import explain
from cr_pipelines.sandbox.http import commands
from cr_pipelines.sandbox.workspace import inputs
from cr_pipelines.sandbox.workspace.errors import WorkspaceError
from cr_pipelines.sandbox.workspace.presets import SOURCE_ID
from cr_pipelines.sandbox.workspace.room import Room

_USER: TypeAdapter[inputs.ApiUser] = TypeAdapter(inputs.ApiUser)


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class _Tag(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: commands.Name
    description: str | None = None
    entity_types: list[inputs.EntityType] = ["member", "activity", "company"]


class _Person(BaseModel):
    """Someone in the room: the fields of a user as the API takes them, and what else is theirs, by name."""

    model_config = ConfigDict(extra="allow")

    source: int = SOURCE_ID
    tags: list[str] = []
    custom_fields: dict[str, Any] = {}
    segments: list[str] = []


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: commands.Name = "Sandbox"
    sources: list[commands.NewSource] = Field([commands.NewSource(name="Warehouse", id=SOURCE_ID)], min_length=1)
    custom_fields: list[commands.NewCustomField] = []
    activity_types: list[commands.NewActivityType] = []
    segments: list[Annotated[commands.NewSegment, BeforeValidator(_named)]] = []
    tags: list[Annotated[_Tag, BeforeValidator(_named)]] = []
    people: list[_Person] = []


def declare(room: Room, path: Path) -> None:
    """Fill an empty room with what the file declares. Raises ValueError."""
    try:
        declared = _Declared.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except OSError as error:
        raise ValueError(f"the room file {path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"the room file {path} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise ValueError(f"the room file {path} is wrong: {explain(error)}") from None
    room.name = declared.name
    catalog, now = room.catalog, room.clock.now()
    for source in declared.sources:
        catalog.add_source(source.name, source.id)
    for field in declared.custom_fields:
        try:
            catalog.add_custom_field(field.name, field.type, field.values, field.multivalue, field.sources)
        except ValueError as error:
            raise ValueError(f"the room file {path} is wrong: {error}") from None
    for type_ in declared.activity_types:
        catalog.add_activity_type(type_.id, type_.name)
    for segment in declared.segments:
        catalog.add_segment(segment.name, segment.statuses)
    for tag in declared.tags:
        catalog.add_tag(tag.name, now, tag.description, tag.entity_types)
    for number, person in enumerate(declared.people):
        try:
            _add(room, person)
        except ValidationError as error:
            raise ValueError(f"the room file {path} is wrong: people.{number}: {explain(error)}") from None
        except (WorkspaceError, ValueError) as error:
            raise ValueError(f"the room file {path} is wrong: people.{number}: {error}") from None
    room.settle(everything=True)


def _add(room: Room, person: _Person) -> None:
    fields = {field.name: field for field in room.catalog.custom_fields.values()}
    segments = {segment.name: segment for segment in room.catalog.segments.values()}
    unknown = [*(set(person.custom_fields) - set(fields)), *(set(person.segments) - set(segments))]
    if unknown:
        raise ValueError(f"no custom field or segment is declared as {', '.join(map(repr, sorted(unknown)))}")
    user: dict[str, Any] = {**(person.model_extra or {})}
    user["tags"] = [{"type": "name", "name": name} for name in person.tags]
    user["customFields"] = [
        {"id": fields[name].id, "value": {"type": fields[name].type, "value": _plain(value)}}
        for name, value in person.custom_fields.items()
    ]
    checked = _USER.validate_python(user)
    room.accept_user(person.source, checked)
    room.settle(everything=True)
    contact = room.people.profiles[(str(person.source), checked["id"])].contact
    for name in person.segments:
        contact.segments.setdefault(segments[name].id, None)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: YAML reads 2026-01-31 as a date."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value

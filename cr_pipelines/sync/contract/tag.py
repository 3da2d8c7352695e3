"""Tags: POST /tags and POST /tags/{id}, which keep the room's tags identical to the source."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from cr_pipelines.api import CommonRoomClient, EntityType, NewTag, Tag, TagUpdate, WriteResponse
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.row_reader import checked
from cr_pipelines.sync.contract.types import Column, Context, Contract, Mirror, by_value

_ENTITIES = get_args(EntityType)


@dataclass(frozen=True)
class WantedTag:
    """A tag from the source, and the room's tag of the same name, if any."""

    new: NewTag
    known: Tag | None

    @property
    def change(self) -> TagUpdate | None:
        """The change that turns the room's tag into the wanted one; None if they are already equal."""
        if self.known is None or self.new.description in (None, self.known.description):
            return None
        return TagUpdate(name=self.known.name, description=self.new.description)

    def wire_json(self) -> bytes:
        """Return the body as it is sent, or would be."""
        return (self.change or self.new).wire_json()


def _name(value: Any) -> str:
    name = values.written(value)
    if name != values.line(value):
        raise InvalidValue("outer_blanks", "begins or ends with a blank; trim it in the source")
    return name


def _entity_types(value: Any) -> list[str] | None:
    read = values.one_of(*_ENTITIES)
    return list(dict.fromkeys(read(name) for name in values.names(value) or ())) or None


def _build(read: Mapping[str, Any], context: Context) -> WantedTag:
    known = context.catalog.tags.get(read["name"])
    checked("entity_types", _check_entity_types, read.get("entity_types"), known)
    return WantedTag(NewTag(**read), known)


def _check_entity_types(wanted: list[str] | None, known: Tag | None) -> None:
    if not wanted:
        raise InvalidValue("missing", f"is blank; name at least one of {', '.join(_ENTITIES)}")
    lacking = sorted(set(wanted) - set(known.entity_types)) if known and known.entity_types else []
    if lacking:
        raise InvalidValue(
            "fixed_entity_types",
            f"asks for {', '.join(lacking)}, but the room's tag of this name is not for that, and the API cannot "
            "change what a tag is for; use another name, or delete the tag in the room",
        )


async def _send(client: CommonRoomClient, _source_id: int | None, wanted: WantedTag) -> WriteResponse:
    known = wanted.known
    if known is None:
        known = await client.create_tag(wanted.new)
        # If somebody has created a tag of this name in the meantime, the response returns that one.
        wanted = WantedTag(wanted.new, known)
        sent = 1
    else:
        sent = 0
    if (change := wanted.change) is not None:
        await client.update_tag(known.id, change)
        sent += 1
    return WriteResponse(200, attempts=sent)


TAG = Contract(
    kind="tag",
    endpoint="POST /tags",
    key=("name",),
    columns=(
        Column("name", "name", "text", "Name of the tag.", by_value(_name), required=True, needs=(CatalogPart.TAGS,)),
        Column(
            "description",
            "description",
            "text",
            "What the tag is for; null keeps the room's description.",
            by_value(values.text(values.PROSE)),
            plain=True,
        ),
        Column(
            "entity_types",
            "entityTypes",
            "list, or comma-separated text",
            f"What the tag can be added to: {', '.join(_ENTITIES)}.",
            by_value(_entity_types),
            required=True,
        ),
    ),
    build=_build,
    send=_send,
    mirror=Mirror(
        part=CatalogPart.TAGS,
        present=lambda catalog: {name: tag.id for name, tag in catalog.tags.items()},
        delete=lambda client, tag_id: client.delete_tag(tag_id),
    ),
)

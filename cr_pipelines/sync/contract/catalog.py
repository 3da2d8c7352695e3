"""What the room itself says, read before anything is sent: what it has, and how that is called."""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeVar

from cr_pipelines.api import ActivityType, CommonRoomClient, CustomField, Segment, SegmentStatus, Tag
from cr_pipelines.sync.contract.values import InvalidValue, folded, line, nearest

_T = TypeVar("_T")


class CatalogPart(Enum):
    """A part of the room that a column can only be read with."""

    CUSTOM_FIELDS = "custom fields"
    ACTIVITY_TYPES = "activity types"
    SEGMENTS = "segments"
    SEGMENT_STATUSES = "statuses of segments"
    TAGS = "tags"


def shown(name: object) -> str:
    """A name that came in a row, fit for messages: a struct keyed by address must not show whom."""
    text = str(name)
    return text if len(text) <= 60 and text.isprintable() and "@" not in text else "(a name of its own)"


class NameIndex(Generic[_T]):
    """Things of the room by their names and ids, in any case.

    Args:
        what: what a thing is, for messages and as the end of the reason code.
        things: each with its id and its names, if it has any. An id wins over another thing's name.
        where: where a thing was looked for, for messages.
    """

    def __init__(
        self,
        what: str,
        things: Iterable[tuple[_T, object, Iterable[str | None]]] = (),
        where: str = "of the room",
    ):
        self._what = what
        self._where = where
        self._things: dict[str, _T] = {}
        self._names: list[str] = []
        ids: dict[str, _T] = {}
        for thing, id_, names in things:
            ids[folded(str(id_))] = thing
            for name in filter(None, names):
                self._things[folded(name)] = thing
                self._names.append(name)
        self._things |= ids

    def find(self, name: object) -> _T:
        """The thing of this name or id. Raises InvalidValue with the nearest name."""
        asked = line(name)
        found = self._things.get(folded(asked))
        if found is None:
            message = f"is no {self._what} {self._where}{nearest(asked, self._names)}"
            raise InvalidValue("unknown_" + self._what.replace(" ", "_"), message)
        return found

    def found(self, names: Iterable[object]) -> set[_T]:
        """The things that these names or ids mean, whatever else is among them."""
        found = set()
        for name in names:
            with contextlib.suppress(InvalidValue):
                found.add(self.find(name))
        return found


@dataclass(frozen=True)
class Catalog:
    """A room's definitions. Those that were not asked for are empty.

    Attributes:
        custom_fields: those that the sync may write.
        activity_types: ids of activity types.
        segments: ids of segments.
        statuses: ids of statuses, by the segment's id.
        tags: tags by name.
    """

    custom_fields: NameIndex[CustomField] = field(default=NameIndex("custom field"))
    activity_types: NameIndex[str] = field(default=NameIndex("activity type"))
    segments: NameIndex[int] = field(default=NameIndex("segment"))
    statuses: Mapping[int, NameIndex[int]] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)

    @staticmethod
    async def read(
        client: CommonRoomClient,
        facts: Collection[CatalogPart],
        *,
        source_id: int | None,
        segments: Iterable[object] = (),
    ) -> "Catalog":
        """Ask the room for these facts, and for no others.

        Args:
            client: the room.
            facts: what to ask for.
            source_id: narrows custom fields to those that the destination source may write.
            segments: names or ids of the segments whose statuses are wanted.
        """
        catalog = Catalog()
        if CatalogPart.CUSTOM_FIELDS in facts:
            where = "of the room" if source_id is None else "that the room lets this source write"
            fields = await client.list_custom_fields(source_id)
            catalog = replace(catalog, custom_fields=named_custom_fields(fields, where))
        if CatalogPart.ACTIVITY_TYPES in facts:
            catalog = replace(catalog, activity_types=named_activity_types(await client.list_activity_types()))
        if CatalogPart.SEGMENTS in facts:
            catalog = replace(catalog, segments=named_segments(await client.list_segments()))
        if CatalogPart.SEGMENT_STATUSES in facts:
            ids = sorted(catalog.segments.found(segments))
            statuses = await asyncio.gather(*(client.list_segment_statuses(id_) for id_ in ids))
            catalog = replace(catalog, statuses=dict(zip(ids, map(named_statuses, statuses), strict=True)))
        if CatalogPart.TAGS in facts:
            catalog = replace(catalog, tags={tag.name: tag for tag in await client.list_tags()})
        return catalog


def named_custom_fields(fields: Iterable[CustomField], where: str = "of the room") -> NameIndex[CustomField]:
    """Custom fields by name."""
    return NameIndex("custom field", ((own, own.id, [own.name]) for own in fields), where)


def named_activity_types(types: Iterable[ActivityType]) -> NameIndex[str]:
    """Ids of activity types by name and display name."""
    return NameIndex("activity type", ((own.id, own.id, [own.id, own.display_name, own.name]) for own in types))


def named_segments(segments: Iterable[Segment]) -> NameIndex[int]:
    """Ids of segments by name."""
    return NameIndex("segment", ((own.id, own.id, [own.name]) for own in segments))


def named_statuses(statuses: Iterable[SegmentStatus]) -> NameIndex[int]:
    """Ids of a segment's statuses by name."""
    return NameIndex("status", ((own.id, own.id, [own.name]) for own in statuses), "of the segment")

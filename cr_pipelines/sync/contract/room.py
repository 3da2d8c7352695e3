"""What the room itself says, read before anything is sent: what it has, and how that is called."""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeVar

from cr_pipelines.api import CommonRoomClient, CustomField, Tag
from cr_pipelines.sync.contract.values import InvalidValue, folded, line, nearest

_T = TypeVar("_T")


class Fact(Enum):
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


class Named(Generic[_T]):
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
class Room:
    """A room's definitions. Those that were not asked for are empty.

    Attributes:
        custom_fields: those that the sync may write.
        activity_types: ids of activity types.
        segments: ids of segments.
        statuses: ids of statuses, by the segment's id.
        tags: tags by name.
    """

    custom_fields: Named[CustomField] = field(default=Named("custom field"))
    activity_types: Named[str] = field(default=Named("activity type"))
    segments: Named[int] = field(default=Named("segment"))
    statuses: Mapping[int, Named[int]] = field(default_factory=dict)
    tags: Mapping[str, Tag] = field(default_factory=dict)

    @staticmethod
    async def read(
        client: CommonRoomClient, facts: Collection[Fact], *, source_id: int | None, segments: Iterable[object] = ()
    ) -> "Room":
        """Ask the room for these facts, and for no others.

        Args:
            client: the room.
            facts: what to ask for.
            source_id: narrows custom fields to those that the destination source may write.
            segments: names or ids of the segments whose statuses are wanted.
        """
        room = Room()
        if Fact.CUSTOM_FIELDS in facts:
            fields = await client.list_custom_fields(source_id)
            named_fields = ((own, own.id, [own.name]) for own in fields)
            where = "of the room" if source_id is None else "that the room lets this source write"
            room = replace(room, custom_fields=Named("custom field", named_fields, where))
        if Fact.ACTIVITY_TYPES in facts:
            types = await client.list_activity_types()
            named = ((own.id, own.id, [own.id, own.display_name, own.name]) for own in types)
            room = replace(room, activity_types=Named("activity type", named))
        if Fact.SEGMENTS in facts:
            listed = await client.list_segments()
            room = replace(room, segments=Named("segment", ((own.id, own.id, [own.name]) for own in listed)))
        if Fact.SEGMENT_STATUSES in facts:
            ids = sorted(room.segments.found(segments))
            statuses = await asyncio.gather(*(_statuses(client, id_) for id_ in ids))
            room = replace(room, statuses=dict(zip(ids, statuses, strict=True)))
        if Fact.TAGS in facts:
            room = replace(room, tags={tag.name: tag for tag in await client.list_tags()})
        return room


async def _statuses(client: CommonRoomClient, segment: int) -> Named[int]:
    statuses = await client.list_segment_statuses(segment)
    return Named("status", ((own.id, own.id, [own.name]) for own in statuses), "of the segment")

"""The catalog: what the room defines, and the names of it that rows use.

Goes in: the room's activity types, custom fields, segments, statuses and tags, read before anything is sent. Comes out:
an index of names and ids, which returns what a row's name means, or the most similar name.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeVar

from cr_pipelines.api import ActivityType, CommonRoomClient, CustomField, Segment, SegmentStatus, Tag
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.names import did_you_mean, folded, nearest
from cr_pipelines.sync.contract.values import line

_T = TypeVar("_T")


_MOST_LISTED = 6
"""How many names a message lists; the ledger keeps a message for each row."""


class CatalogPart(Enum):
    """A part of the catalog that a column needs to be read."""

    CUSTOM_FIELDS = "custom fields"
    ACTIVITY_TYPES = "activity types"
    SEGMENTS = "segments"
    SEGMENT_STATUSES = "statuses of segments"
    TAGS = "tags"


def shown(name: object) -> str:
    """Return a name from a row in a form that messages may show: the keys of a struct may be addresses."""
    text = str(name)
    return text if len(text) <= 60 and text.isprintable() and "@" not in text else "(name not shown)"


class NameIndex(Generic[_T]):
    """Things in the room by id and name; case is ignored where a name is still unambiguous.

    Args:
        what: the kind of thing, for messages and as the end of the reason code.
        things: each with its id and any names. An id takes precedence over another thing's name.
        where: where things were looked for, for messages.
    """

    def __init__(
        self,
        what: str,
        things: Iterable[tuple[_T, object, Iterable[str | None]]] = (),
        where: str = "of the room",
    ):
        self._what = what
        self._where = where
        self._exact: dict[str, dict[str, _T]] = {}
        self._folded: dict[str, dict[str, _T]] = {}
        self._ids: dict[str, _T] = {}
        self._names: dict[str, str] = {}
        for thing, id_, names in things:
            text = str(id_)
            self._ids[text] = thing
            self._folded.setdefault(folded(text), {})[text] = thing
            for name in filter(None, names):
                self._names.setdefault(text, name)
                self._exact.setdefault(name, {})[text] = thing
                self._folded.setdefault(folded(name), {})[text] = thing
        self._every_name = tuple(self._exact)

    def find(self, name: object) -> _T:
        """Return the thing with this id, this exact name, or this name in another case.

        Raises InvalidValue, with the most similar name, for an unknown name, and for one that fits two things equally
        well.
        """
        asked = line(name)
        trimmed = asked.strip()
        if trimmed in self._ids:
            return self._ids[trimmed]
        found = self._exact.get(asked) or self._exact.get(trimmed) or self._folded.get(folded(asked)) or {}
        if len(found) == 1:
            return next(iter(found.values()))
        reason = self._what.replace(" ", "_")
        if found:
            candidates = [f"{shown(self._names.get(id_, id_))} (id {id_})" for id_ in found]
            message = f"may be {' or '.join(candidates)}; give the exact name, or the id"
            raise InvalidValue(f"ambiguous_{reason}", message)
        similar = nearest(asked, self._every_name)
        hint = did_you_mean(similar) or self._listed()
        article = "an" if self._what.startswith(("a", "e", "i", "o", "u")) else "a"
        message = f"is not {article} {self._what} {self._where}{hint}"
        raise InvalidValue(f"unknown_{reason}", message, similar=similar)

    def _listed(self) -> str:
        """List the names that the room has; they are not personal data."""
        names = sorted(set(self._names.values()))
        if not names:
            return "; there are none"
        more = f" and {len(names) - _MOST_LISTED:,} more" if len(names) > _MOST_LISTED else ""
        return f"; there are {', '.join(names[:_MOST_LISTED])}{more}"

    def found(self, names: Iterable[object]) -> set[_T]:
        """Return the things with these names or ids, and ignore names that mean nothing."""
        found = set()
        for name in names:
            with contextlib.suppress(InvalidValue):
                found.add(self.find(name))
        return found


@dataclass(frozen=True)
class Catalog:
    """What a room defines. Parts that were not read are empty.

    Attributes:
        custom_fields: the custom fields that the sync may write.
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
        parts: Collection[CatalogPart],
        *,
        source_id: int | None,
        segments: Iterable[object] = (),
    ) -> "Catalog":
        """Read only these parts of the catalog from the room.

        Args:
            client: the room.
            parts: what to read.
            source_id: narrows custom fields to those that the destination source may write.
            segments: names or ids of the segments whose statuses are wanted.
        """
        catalog = Catalog()
        if CatalogPart.CUSTOM_FIELDS in parts:
            where = "of the room" if source_id is None else "that the room lets this source write"
            fields = await client.list_custom_fields(source_id)
            catalog = replace(catalog, custom_fields=named_custom_fields(fields, where))
        if CatalogPart.ACTIVITY_TYPES in parts:
            catalog = replace(catalog, activity_types=named_activity_types(await client.list_activity_types()))
        if CatalogPart.SEGMENTS in parts:
            catalog = replace(catalog, segments=named_segments(await client.list_segments()))
        if CatalogPart.SEGMENT_STATUSES in parts:
            ids = sorted(catalog.segments.found(segments))
            statuses = await asyncio.gather(*(client.list_segment_statuses(id_) for id_ in ids))
            catalog = replace(catalog, statuses=dict(zip(ids, map(named_statuses, statuses), strict=True)))
        if CatalogPart.TAGS in parts:
            catalog = replace(catalog, tags={tag.name: tag for tag in await client.list_tags()})
        return catalog


def named_custom_fields(fields: Iterable[CustomField], where: str = "of the room") -> NameIndex[CustomField]:
    """Index custom fields by name."""
    return NameIndex("custom field", ((own, own.id, [own.name]) for own in fields), where)


def named_activity_types(types: Iterable[ActivityType]) -> NameIndex[str]:
    """Index the ids of activity types by name and display name."""
    return NameIndex("activity type", ((own.id, own.id, [own.id, own.display_name, own.name]) for own in types))


def named_segments(segments: Iterable[Segment]) -> NameIndex[int]:
    """Index the ids of segments by name."""
    return NameIndex("segment", ((own.id, own.id, [own.name]) for own in segments))


def named_statuses(statuses: Iterable[SegmentStatus]) -> NameIndex[int]:
    """Index the ids of a segment's statuses by name."""
    return NameIndex("status", ((own.id, own.id, [own.name]) for own in statuses), "of the segment")

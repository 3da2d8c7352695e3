"""What a room defines: destination sources, custom fields, activity types, tags and segments.

Goes in: definitions, and the tags and custom field values that records refer to. Comes out: the definitions by id, and
InvalidInput or NotFound for a reference that the room does not accept.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cr_pipelines.sandbox.workspace import inputs
from cr_pipelines.sandbox.workspace.errors import InvalidInput, NotFound

_URL = re.compile(r"https?://[^\s/?#]+\S*", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_ALL_ENTITIES: tuple[inputs.EntityType, ...] = ("member", "activity", "company")


@dataclass(slots=True)
class Source:
    """A destination source ("API signal") that users and activities are posted to."""

    id: int
    name: str


@dataclass(slots=True)
class CustomField:
    """A custom field of contacts. `sources` are the ids that may write it, None for all."""

    id: int
    name: str
    type: inputs.FieldType
    multivalue: bool = False
    values: tuple[str, ...] = ()
    sources: tuple[int, ...] | None = None

    def writable_by(self, source_id: int) -> bool:
        """Return whether records of this source may set the field."""
        return self.sources is None or source_id in self.sources

    def check(self, type_: str, value: Any) -> None:
        """Check that a value is of this type, and a list exactly when the field is multi-value. Raises InvalidInput."""
        if type_ != self.type:
            raise InvalidInput(f"custom field {self.id} is of type {self.type}, not {type_}")
        if isinstance(value, list) is not self.multivalue:
            shape = "a list" if self.multivalue else "one value, not a list"
            raise InvalidInput(f"custom field {self.id} takes {shape}")
        if not all(self._holds(item) for item in (value if self.multivalue else (value,))):
            listed = f" (one of {', '.join(self.values)})" if self.type == "enum" else ""
            raise InvalidInput(f"custom field {self.id} takes values of type {self.type}{listed}")

    def stored(self, value: Any) -> Any:
        """Return a checked value as it is kept: an int without a fraction, a list without repetitions."""
        if not self.multivalue:
            return int(value) if self.type == "int" else value
        kept = [int(item) if self.type == "int" else item for item in value]
        return [item for place, item in enumerate(kept) if item not in kept[:place]]

    def _holds(self, value: Any) -> bool:
        match self.type:
            case "boolean":
                return isinstance(value, bool)
            case "int":
                return not isinstance(value, bool) and isinstance(value, int | float) and value == int(value)
            case "number":
                return not isinstance(value, bool) and isinstance(value, int | float)
            case "enum":
                return isinstance(value, str) and value in self.values
            case "date":
                return isinstance(value, str) and _is_date(value)
            case "url":
                return isinstance(value, str) and _URL.fullmatch(value) is not None
            case "string":
                return isinstance(value, str)


@dataclass(slots=True)
class ActivityType:
    """A kind of activity that the room accepts."""

    id: str
    name: str


@dataclass(slots=True)
class Tag:
    """A tag. A deleted tag is kept, because an update undeletes it."""

    id: str
    name: str
    description: str | None
    entity_types: tuple[inputs.EntityType, ...]
    created_at: float
    deleted_at: float | None = None


@dataclass(slots=True)
class Segment:
    """A segment with the statuses its members can have, by status id."""

    id: int
    name: str
    statuses: dict[int, str] = field(default_factory=dict)


class Catalog:
    """The definitions of a room. Numeric ids ascend and are never reused."""

    def __init__(self) -> None:
        self.sources: dict[int, Source] = {}
        self.custom_fields: dict[int, CustomField] = {}
        self.activity_types: dict[str, ActivityType] = {}
        self.tags: dict[str, Tag] = {}
        self.segments: dict[int, Segment] = {}
        self._live_tags: dict[str, Tag] = {}
        self.next_id = 12001

    def _new_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1

    def add_source(self, name: str, id_: int | None = None) -> Source:
        """Add a destination source; ids count from 1 unless one is given."""
        source = Source(id_ if id_ is not None else max(self.sources, default=0) + 1, name)
        self.sources[source.id] = source
        return source

    def add_custom_field(
        self,
        name: str,
        type_: inputs.FieldType,
        values: Iterable[str] = (),
        multivalue: bool = False,
        sources: Iterable[int] | None = None,
    ) -> CustomField:
        """Add a custom field; `values` are those of an enum, `sources` the ids of those that may write it.

        Raises ValueError for a source that does not exist.
        """
        writers = None if sources is None else tuple(sources)
        unknown = sorted(set(writers or ()) - self.sources.keys())
        if unknown:
            raise ValueError(f"custom field {name}: there is no destination source {unknown[0]}")
        added = CustomField(self._new_id(), name, type_, multivalue, tuple(values), writers)
        self.custom_fields[added.id] = added
        return added

    def add_activity_type(self, id_: str, name: str) -> ActivityType:
        """Add an activity type, or rename the one of that id."""
        added = ActivityType(id_, name)
        self.activity_types[id_] = added
        return added

    def add_segment(self, name: str, statuses: Iterable[str] = ()) -> Segment:
        """Add a segment whose members can have the named statuses."""
        added = Segment(self._new_id(), name, {self._new_id(): status for status in statuses})
        self.segments[added.id] = added
        return added

    def add_tag(
        self,
        name: str,
        now: float,
        description: str | None = None,
        entity_types: Iterable[inputs.EntityType] = _ALL_ENTITIES,
    ) -> Tag:
        """Return the tag of that name that is not deleted, or create it. Raises InvalidInput for an empty name."""
        name = name.strip()
        if not name:
            raise InvalidInput("the name of a tag is empty")
        known = self._live_tags.get(name)
        if known is not None:
            return known
        tag = Tag(str(self._new_id()), name, description, tuple(dict.fromkeys(entity_types)), now)
        self.keep_tag(tag)
        return tag

    def keep_tag(self, tag: Tag) -> None:
        """Keep a tag by its id and, unless it is deleted, by its name."""
        self.tags[tag.id] = tag
        if tag.deleted_at is None:
            self._live_tags[tag.name] = tag

    def update_tag(self, tag: Tag, changes: inputs.TagUpdate) -> None:
        """Rename or describe a tag, and undelete it. Raises InvalidInput when the name is taken."""
        name = changes["name"].strip()
        holder = self._live_tags.get(name)
        if not name or (holder is not None and holder is not tag):
            raise InvalidInput(f"another tag has this name: {holder.id}" if holder else "the name of a tag is empty")
        self._live_tags.pop(tag.name, None)
        tag.name, tag.deleted_at = name, None
        if "description" in changes:
            tag.description = changes["description"]
        self._live_tags[name] = tag

    def delete_tag(self, tag: Tag, now: float) -> None:
        """Mark a tag as deleted, which frees its name."""
        if tag.deleted_at is None:
            tag.deleted_at = now
            self._live_tags.pop(tag.name, None)

    def live_tags(self) -> list[Tag]:
        """Return the tags that are not deleted, oldest first."""
        return [tag for tag in self.tags.values() if tag.deleted_at is None]

    def tag(self, id_: str) -> Tag:
        """Return the tag of that id, deleted or not. Raises NotFound."""
        tag = self.tags.get(id_)
        if tag is None:
            raise NotFound("tag-not-found", "no tag has this id")
        return tag

    def assigned_tags(self, assignments: Iterable[inputs.TagAssignment], now: float) -> list[str]:
        """Return the ids of assigned tags, creating missing ones by name and leaving out those deleted since."""
        tags = (
            self.tags[assignment["id"]] if assignment["type"] == "id" else self.add_tag(assignment["name"], now)
            for assignment in assignments
        )
        return [tag.id for tag in tags if tag.deleted_at is None]

    def check_tags(self, assignments: Iterable[inputs.TagAssignment], entity: inputs.EntityType) -> None:
        """Check tags to assign. Raises InvalidInput for an unknown or deleted id, an empty name, a tag not for this."""
        for assignment in assignments:
            if assignment["type"] == "id":
                tag = self.tags.get(assignment["id"])
                if tag is None or tag.deleted_at is not None:
                    raise InvalidInput(f"tags: no tag has this id{'' if tag is None else ' any more; it was deleted'}")
            else:
                name = assignment["name"].strip()
                if not name:
                    raise InvalidInput("tags: the name of a tag is empty")
                tag = self._live_tags.get(name)
            if tag is not None and entity not in tag.entity_types:
                raise InvalidInput(f"tags: tag {tag.id} is for {', '.join(tag.entity_types)}, not for {entity}")

    def check_custom_fields(self, changes: Iterable[inputs.CustomFieldChange], source_id: int) -> None:
        """Check custom fields to set. Raises InvalidInput for an unknown field, another source's, or a wrong type."""
        for change in changes:
            field_ = self.custom_fields.get(change["id"])
            if field_ is None:
                raise InvalidInput("customFields: no custom field has this id")
            if not field_.writable_by(source_id):
                raise InvalidInput(f"customFields: source {source_id} may not write custom field {field_.id}")
            value = change.get("value")
            if value is not None:
                field_.check(value["type"], value["value"])

    def segment(self, id_: int) -> Segment:
        """Return the segment of that id. Raises NotFound."""
        segment = self.segments.get(id_)
        if segment is None:
            raise NotFound("segment-not-found", "no segment has this id")
        return segment


def split_list(text: str) -> list[str]:
    """Return the items of a comma-separated list, trimmed, without empty ones and repetitions."""
    return list(dict.fromkeys(item for item in (raw.strip() for raw in text.split(",")) if item))


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

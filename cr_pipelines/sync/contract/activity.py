"""Activities: POST /source/{destinationSourceId}/activity, an upsert by `activity_type` and `id` within the source."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import Activity, MarkdownContent, ParentActivity, SubSource, TextContent, User
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.columns import activity_type_column
from cr_pipelines.sync.contract.contact import person_columns
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value, to_source

_USER = "user_"


def _build(read: Mapping[str, Any], _context: Context) -> Activity:
    fields = {name: read[name] for name in ("id", "activity_type", "timestamp", "url", "tags") if name in read}
    fields["user"] = User(**{name.removeprefix(_USER): read[name] for name in read if name.startswith(_USER)})
    if "title" in read:
        fields["activity_title"] = TextContent(value=read["title"])
    if "content" in read:
        content = MarkdownContent if read.get("content_format") == "markdown" else TextContent
        fields["content"] = content(value=read["content"])
    if "sub_source" in read:
        fields["sub_source"] = SubSource(name=read["sub_source"])
    if "parent_id" in read:
        type_ = read.get("parent_activity_type", read["activity_type"])
        fields["parent_activity"] = ParentActivity(id=read["parent_id"], activity_type=type_)
    return Activity(**fields)


ACTIVITY = Contract(
    kind="activity",
    endpoint="POST /source/{destinationSourceId}/activity",
    key=("activity_type", "id"),
    columns=(
        Column("id", "id", "text", "Your own key of the activity, unique within its type.",
               by_value(values.key), required=True, identifies=True),
        activity_type_column(),
        Column("timestamp", "timestamp", "timestamp", "When it happened; without a time zone, in UTC.",
               by_value(values.as_timestamp), required=True),
        *person_columns(_USER, "user."),
        Column("title", "activityTitle", "text", "Title, such as that of a post.", by_value(values.line), plain=True),
        Column("content", "content", "text", "What was said, or what happened.",
               by_value(values.text(values.PROSE)), plain=True),
        Column("content_format", "content", "text", "How the content is written: text (the default) or markdown.",
               by_value(values.one_of("text", "markdown"))),
        Column("url", "url", "text", "Address of the activity where it took place.", by_value(values.url)),
        Column("sub_source", "subSource", "text", "Channel, repository or group in which it took place.",
               by_value(values.line), plain=True),
        Column("parent_id", "parentActivity", "text", "Key of the activity that this replies to.",
               by_value(values.key)),
        activity_type_column("parent_activity_type", field="parentActivity", required=False),
        Column("tags", "tags", "list, or comma-separated text",
               "Names of tags to add; tags that do not exist are created.",
               by_value(values.tags)),
    ),
    build=_build,
    send=to_source(lambda client, source_id, activity: client.add_or_edit_activity(source_id, activity)),
    needs_source_id=True,
    partition_by="timestamp",
)  # fmt: skip

"""A source of each kind, as an analyst would write its view, over the ten contacts of the fixture `flow`."""

from dataclasses import dataclass

from cr_pipelines.sync import Sync

NUMBERS = "FROM generate_series(0, 9) AS numbers(i)"


@dataclass(frozen=True)
class Case:
    """A kind, a source with ten rows, and what is to be seen of it at the room.

    Attributes:
        source: the SELECT of its table.
        change: what is set in the row that changes.
        operation: the sandbox's name of the operation that the first run calls.
        posts: requests of the first run.
        posts_on_change: requests after the change.
    """

    kind: str
    source: str
    change: str
    operation: str
    posts: int = 10
    posts_on_change: int = 1

    @property
    def sync(self) -> Sync:
        return Sync(f"the_{self.kind}s", self.kind, self.table)

    @property
    def changed(self) -> str:
        """The condition for the row that changes."""
        return self.change.partition(" WHERE ")[2]

    @property
    def table(self) -> str:
        return f"source_of_{self.kind}"


CASES = [
    Case(
        "contact",
        f"SELECT 'd' || i AS id, 'Name ' || i AS full_name {NUMBERS}",
        "full_name = 'Changed' WHERE id = 'd3'",
        "addUpdateUserToSource",
    ),
    Case(
        "activity",
        f"""SELECT 'a' || i AS id, 'posted_message' AS activity_type, 'c' || i AS user_id,
        'person' || i || '@example.com' AS user_email,
        TIMESTAMP '2026-03-01 12:00:00' + i * INTERVAL '1 hour' AS timestamp,
        'Hello **all**' AS content, 'markdown' AS content_format, 'General' AS sub_source {NUMBERS}""",
        "content = 'Changed' WHERE id = 'a3'",
        "addUpdateActivityToSource",
    ),
    Case(
        "tag",
        f"SELECT 'Tag ' || i AS name, 'What ' || i AS description, 'member, activity' AS entity_types {NUMBERS}",
        "description = 'Changed' WHERE name = 'Tag 3'",
        "createTag",
    ),
    Case(
        "contact_tag",
        """SELECT 'email' AS social_type,
        CASE WHEN i < 5 THEN 'person0@example.com' ELSE 'person1@example.com' END AS value,
        'Label ' || (i % 5) AS tag
        FROM generate_series(0, 9) AS numbers(i)""",
        "tag = 'Changed' WHERE value = 'person1@example.com' AND tag = 'Label 3'",
        "addTagsToContact",
        posts=2,
    ),
    Case(
        "custom_field_value",
        f"""SELECT 'email' AS social_type, 'person' || i || '@example.com' AS value, 'Seats' AS field,
        i::VARCHAR AS field_value {NUMBERS}""",
        "field_value = '77' WHERE value = 'person3@example.com'",
        "setContactCustomFieldValue",
    ),
    Case(
        "segment_member",
        f"""SELECT CASE WHEN i < 5 THEN 'Champions' ELSE 'event guests' END AS segment, 'email' AS social_type,
        'person' || i || '@example.com' AS value, CASE WHEN i < 5 THEN 'Contacted' END AS status {NUMBERS}""",
        "status = 'Engaged' WHERE value = 'person3@example.com'",
        "addContactsToSegment",
        posts=2,
    ),
    Case(
        "contact_note",
        f"""SELECT i AS id, 'email' AS social_type, 'person' || i || '@example.com' AS value,
        'Note ' || i AS note {NUMBERS}""",
        "note = 'Changed' WHERE id = 3",
        "addNoteToContact",
        posts_on_change=0,
    ),
    Case(
        "segment_note",
        f"SELECT i AS id, 'Champions' AS segment, 'Note ' || i AS note {NUMBERS}",
        "note = 'Changed' WHERE id = 3",
        "addNoteToSegment",
        posts_on_change=0,
    ),
    Case(
        "existing_contact",
        f"""SELECT i AS id, 'crm' AS source, 'Name ' || i AS full_name, 'older' || i || '@example.com' AS email,
        'handle' || i AS github, 'Champions' AS segment, 'Prague' AS city {NUMBERS}""",
        "full_name = 'Changed' WHERE id = 3",
        "createOrUpdateContact",
    ),
    Case(
        "contact_activity",
        f"""SELECT i AS id, 'crm' AS source, 'email' AS social_type, 'person' || i || '@example.com' AS value,
        'Used product' AS activity_type, 'Clicked' AS activity_body, TIMESTAMP '2026-03-01' AS occurred_at,
        ['beta', 'power user'] AS tags {NUMBERS}""",
        "activity_body = 'Changed' WHERE id = 3",
        "createUserInputActivity",
        posts_on_change=0,
    ),
]

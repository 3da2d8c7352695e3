"""One call of every operation, with the request it must become."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from cr_pipelines.api import (
    Activity,
    ClearCustomField,
    CommonRoomClient,
    Contact,
    ContactActivity,
    ContactCustomFieldValue,
    ContactCustomFieldValues,
    ContactNote,
    ContactTags,
    CustomFieldValue,
    DiscordAccount,
    EmailAddress,
    ExternalProfile,
    Handle,
    Location,
    MarkdownContent,
    NewTag,
    ParentActivity,
    SegmentMembers,
    SegmentNote,
    SocialAccount,
    SocialHandle,
    SubSource,
    TagById,
    TagByName,
    TagUpdate,
    TextContent,
    TypedValue,
    User,
)

TAG = {"id": "t1", "name": "VIP", "entityTypes": ["member"], "createdAt": "2026-01-02T03:04:05Z", "added": "later"}
FULL_USER = User(
    id="u1",
    full_name="Ada Lovelace",
    email="ada@example.com",
    linkedin=Handle(value="in/ada"),
    github=Handle(value="ada"),
    twitter=Handle(value="@ada"),
    discord=DiscordAccount(username="ada", discriminator=1234),
    external_profiles=[ExternalProfile(url="https://example.com/ada", name="Home")],
    role_at_company="Engineering",
    company_domain="example.com",
    raw_location="London",
    tags=[TagByName(name="VIP"), TagById(id="t1")],
    custom_fields=[
        CustomFieldValue(id=1, value=TypedValue(type="enum", value="Pro")),
        CustomFieldValue(id=2, value=TypedValue(type="string", value=["a", "b"])),
        ClearCustomField(id=3),
    ],
)
FULL_USER_JSON = {
    "id": "u1",
    "fullName": "Ada Lovelace",
    "email": "ada@example.com",
    "linkedin": {"type": "handle", "value": "in/ada"},
    "github": {"type": "handle", "value": "ada"},
    "twitter": {"type": "handle", "value": "@ada"},
    "discord": {"type": "username", "username": "ada", "discriminator": 1234},
    "externalProfiles": [{"url": "https://example.com/ada", "name": "Home"}],
    "roleAtCompany": "Engineering",
    "companyDomain": "example.com",
    "rawLocation": "London",
    "tags": [{"type": "name", "name": "VIP"}, {"type": "id", "id": "t1"}],
    "customFields": [
        {"id": 1, "value": {"type": "enum", "value": "Pro"}},
        {"id": 2, "value": {"type": "string", "value": ["a", "b"]}},
        {"id": 3},
    ],
}


@dataclass(frozen=True)
class Call:
    """A call, the request expected of it, and an answer with what is to be read from it.

    `described_as` is the path under which the vendor's description has the operation.
    """

    name: str
    make: Callable[[CommonRoomClient], Awaitable[Any]]
    method: str
    target: str
    described_as: str
    body: Any = None
    status: int = 200
    answer: Any = ""
    read: Callable[[Any], Any] | None = None
    expected: Any = None
    appends: bool = False


CALLS = [
    Call(
        "token_status",
        lambda room: room.token_status(),
        "GET",
        "/api-token-status",
        "/api-token-status",
        answer={"jti": "j", "communityName": "Uncommon", "communityId": "c"},
        read=lambda status: (status.jti, status.community_name, status.community_id),
        expected=("j", "Uncommon", "c"),
    ),
    Call(
        "add_or_edit_user",
        lambda room: room.add_or_edit_user(7, FULL_USER),
        "POST",
        "/source/7/user",
        "/source/{destinationSourceId}/user",
        FULL_USER_JSON,
        202,
    ),
    Call(
        "add_or_edit_activity",
        lambda room: room.add_or_edit_activity(
            7,
            Activity(
                id="a1",
                activity_type="started_training",
                user=User(id="u1"),
                activity_title=TextContent(value="Hello"),
                content=MarkdownContent(value="*Hi*"),
                timestamp=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                url="https://example.com/1",
                tags=[TagByName(name="VIP")],
                parent_activity=ParentActivity(id="a0", activity_type="started_training"),
                sub_source=SubSource(name="general"),
            ),
        ),
        "POST",
        "/source/7/activity",
        "/source/{destinationSourceId}/activity",
        {
            "id": "a1",
            "activityType": "started_training",
            "user": {"id": "u1"},
            "activityTitle": {"type": "text", "value": "Hello"},
            "content": {"type": "markdown", "value": "*Hi*"},
            "timestamp": "2026-01-02T03:04:05Z",
            "url": "https://example.com/1",
            "tags": [{"type": "name", "name": "VIP"}],
            "parentActivity": {"id": "a0", "activityType": "started_training"},
            "subSource": {"type": "name", "name": "general"},
        },
        202,
    ),
    Call(
        "create_or_update_contact",
        lambda room: room.create_or_update_contact(
            Contact(
                source="crm",
                full_name="Ada",
                socials=[
                    EmailAddress(value="ada@example.com"),
                    SocialAccount(type="youtube", value=SocialHandle(handle="ada")),
                ],
                segment=3,
                location=Location(city="London"),
            )
        ),
        "POST",
        "/members/",
        "/members/",
        {
            "source": "crm",
            "fullName": "Ada",
            "socials": [
                {"type": "email", "value": "ada@example.com"},
                {"type": "youtube", "value": {"handle": "ada"}},
            ],
            "segment": 3,
            "location": {"city": "London"},
        },
    ),
    Call(
        "add_contact_note",
        lambda room: room.add_contact_note(ContactNote(social_type="email", value="ada@example.com", note="Hi")),
        "POST",
        "/members/note",
        "/members/note",
        {"socialType": "email", "value": "ada@example.com", "note": "Hi"},
        appends=True,
    ),
    Call(
        "list_custom_fields",
        lambda room: room.list_custom_fields(7),
        "GET",
        "/members/customFields?destinationSourceId=7",
        "/members/customFields",
        answer=[{"id": 1, "name": "Plan", "type": "enum", "multivalue": False, "values": ["Free", "Pro"]}],
        read=lambda fields: [(f.id, f.name, f.type, f.multivalue, f.values) for f in fields],
        expected=[(1, "Plan", "enum", False, ["Free", "Pro"])],
    ),
    Call(
        "set_custom_field",
        lambda room: room.set_custom_field(
            ContactCustomFieldValue(
                social_type="github",
                value="ada",
                custom_field_id=1,
                custom_field_value=TypedValue(type="boolean", value=True),
            )
        ),
        "POST",
        "/members/customFields",
        "/members/customFields",
        {
            "socialType": "github",
            "value": "ada",
            "customFieldId": 1,
            "customFieldValue": {"type": "boolean", "value": True},
        },
    ),
    Call(
        "set_custom_field",
        lambda room: room.set_custom_field(
            ContactCustomFieldValues(
                social_type="github",
                value="ada",
                custom_field_id=2,
                custom_field_values=[TypedValue(type="enum", value="a"), TypedValue(type="enum", value="b")],
            )
        ),
        "POST",
        "/members/customFields",
        "/members/customFields",
        {
            "socialType": "github",
            "value": "ada",
            "customFieldId": 2,
            "customFieldValues": [{"type": "enum", "value": "a"}, {"type": "enum", "value": "b"}],
        },
    ),
    Call(
        "add_contact_tags",
        lambda room: room.add_contact_tags(ContactTags(social_type="twitter", value="ada", tags=["VIP", "Beta"])),
        "POST",
        "/members/tags",
        "/members/tags",
        {"socialType": "twitter", "value": "ada", "tags": "VIP,Beta"},
    ),
    Call(
        "contact_by_email",
        lambda room: room.contact_by_email("ada+1/2?@example.com"),
        "GET",
        "/user/ada%2B1%2F2%3F%40example.com",
        "/user/{email}",
        answer=[{"id": 5, "fullName": "Ada"}],
        read=lambda found: [(contact.id, contact.full_name) for contact in found],
        expected=[(5, "Ada")],
    ),
    Call(
        "find_contacts",
        lambda room: room.find_contacts(email="ada+1@example.com"),
        "GET",
        "/members?email=ada%2B1%40example.com",
        "/members",
        answer=[{"fullName": "Ada", "custom_fields": [{"name": "Plan", "type": "enum", "value": "Pro"}]}],
        read=lambda found: [(c.full_name, c.custom_fields[0].value) for c in found],
        expected=[("Ada", "Pro")],
    ),
    Call(
        "remove_pii",
        lambda room: room.remove_pii("ada@example.com"),
        "DELETE",
        "/user/ada%40example.com",
        "/user/{email}",
    ),
    Call(
        "add_activity_to_contacts",
        lambda room: room.add_activity_to_contacts(
            ContactActivity(
                source="crm",
                social_type="email",
                value="ada@example.com",
                activity_type="started_training",
                activity_body="Hi",
                occurred_at=datetime(2026, 1, 2, tzinfo=UTC),
                tags=["VIP"],
            )
        ),
        "POST",
        "/activities",
        "/activities",
        {
            "source": "crm",
            "socialType": "email",
            "value": "ada@example.com",
            "activityType": "started_training",
            "activityBody": "Hi",
            "occurredAt": "2026-01-02T00:00:00Z",
            "tags": "VIP",
        },
        appends=True,
    ),
    Call(
        "list_activity_types",
        lambda room: room.list_activity_types(),
        "GET",
        "/activityTypes",
        "/activityTypes",
        answer=[{"id": "started_training", "displayName": "Started training", "name": "started_training"}],
        read=lambda types: [(kind.id, kind.display_name) for kind in types],
        expected=[("started_training", "Started training")],
    ),
    Call(
        "list_segments",
        lambda room: room.list_segments(),
        "GET",
        "/segments",
        "/segments",
        answer=[{"id": 3, "name": "Champions"}],
        read=lambda segments: [(segment.id, segment.name) for segment in segments],
        expected=[(3, "Champions")],
    ),
    Call(
        "list_segment_statuses",
        lambda room: room.list_segment_statuses(3),
        "GET",
        "/segments/3/status",
        "/segments/{id}/status",
        answer=[{"id": 9, "name": "New"}],
        read=lambda statuses: [(status.id, status.name) for status in statuses],
        expected=[(9, "New")],
    ),
    Call(
        "add_contacts_to_segment",
        lambda room: room.add_contacts_to_segment(
            3, SegmentMembers(social_type="email", values=["a@example.com", "b@example.com"], status_id=9)
        ),
        "POST",
        "/segments/3",
        "/segments/{id}",
        {"socialType": "email", "value": "a@example.com,b@example.com", "statusId": 9},
    ),
    Call(
        "add_segment_note",
        lambda room: room.add_segment_note(SegmentNote(segment_id=3, note="Hi")),
        "POST",
        "/segments/note",
        "/segments/note",
        {"segmentId": 3, "note": "Hi"},
        appends=True,
    ),
    Call(
        "list_tags",
        lambda room: room.list_tags(),
        "GET",
        "/tags",
        "/tags",
        answer={"labels": [TAG]},
        read=lambda tags: [(tag.id, tag.name) for tag in tags],
        expected=[("t1", "VIP")],
    ),
    Call(
        "create_tag",
        lambda room: room.create_tag(NewTag(name="VIP", description=None, entity_types=["member"])),
        "POST",
        "/tags",
        "/tags",
        {"name": "VIP", "description": None, "entityTypes": ["member"]},
        answer=TAG,
        read=lambda tag: (tag.id, tag.entity_types),
        expected=("t1", ["member"]),
    ),
    Call(
        "get_tag",
        lambda room: room.get_tag("t/1"),
        "GET",
        "/tags/t%2F1",
        "/tags/{id}",
        answer=TAG,
        read=lambda tag: (tag.created_at, tag.deleted_at),
        expected=(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None),
    ),
    Call(
        "update_tag",
        lambda room: room.update_tag("t1", TagUpdate(name="VIP")),
        "POST",
        "/tags/t1",
        "/tags/{id}",
        {"name": "VIP"},
        answer=TAG,
        read=lambda tag: tag.name,
        expected="VIP",
    ),
    Call("delete_tag", lambda room: room.delete_tag("t1"), "DELETE", "/tags/t1", "/tags/{id}"),
]

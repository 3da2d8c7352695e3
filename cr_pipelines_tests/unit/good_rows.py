"""A good row of each kind, with the request that it becomes."""

from datetime import UTC, datetime
from typing import Any

ADA = {"social_type": "email", "value": "ada@example.com"}
WHO = {"socialType": "email", "value": "ada@example.com"}
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)

GOOD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "contact": (
        {"id": 42, "full_name": "Ada", "email": " Ada@Example.com ", "linkedin": "in/ada", "discord": "ada#1815",
         "tags": "pioneer, maths ,,pioneer", "custom_fields": {"plan": "Team", "2": "7"}},
        {"id": "42", "fullName": "Ada", "email": "Ada@Example.com", "linkedin": {"type": "handle", "value": "in/ada"},
         "discord": {"type": "username", "username": "ada", "discriminator": "1815"},
         "tags": [{"type": "name", "name": "pioneer"}, {"type": "name", "name": "maths"}],
         "customFields": [{"id": 1, "value": {"type": "enum", "value": "Team"}},
                          {"id": 2, "value": {"type": "int", "value": 7}}]},
    ),
    "activity": (
        {"id": "a1", "activity_type": "posted a message", "timestamp": MOMENT, "user_id": "u1", "content": "**Hi**",
         "content_format": "markdown", "title": "Hello", "sub_source": "General", "parent_id": "a0"},
        {"id": "a1", "activityType": "posted_message", "timestamp": "2026-03-01T12:00:00Z", "user": {"id": "u1"},
         "activityTitle": {"type": "text", "value": "Hello"}, "content": {"type": "markdown", "value": "**Hi**"},
         "subSource": {"type": "name", "name": "General"},
         "parentActivity": {"id": "a0", "activityType": "posted_message"}},
    ),
    "tag": (
        {"name": "New", "description": "What is new", "entity_types": "member, activity"},
        {"name": "New", "description": "What is new", "entityTypes": ["member", "activity"]},
    ),
    "contact_tag": (ADA | {"tag": "VIP"}, WHO | {"tags": "VIP"}),
    "custom_field_value": (
        ADA | {"field": "Seats", "field_value": "7"},
        WHO | {"customFieldId": 2, "customFieldValue": {"type": "int", "value": 7}},
    ),
    "segment_member": (
        ADA | {"segment": "champions", "status": "Contacted"},
        WHO | {"statusId": 21},
    ),
    "contact_note": (ADA | {"id": 1, "note": "Called."}, WHO | {"note": "Called."}),
    "segment_note": ({"id": 1, "segment": "11", "note": "Met."}, {"segmentId": 11, "note": "Met."}),
    "existing_contact": (
        {"id": 1, "source": "crm", "full_name": "Ada", "email": "ada@example.com", "github": "ada", "city": "London"},
        {"source": "crm", "fullName": "Ada", "location": {"city": "London"},
         "socials": [{"type": "email", "value": "ada@example.com"},
                     {"type": "github", "value": {"handle": "ada"}}]},
    ),
    "contact_activity": (
        ADA | {"id": 1, "source": "crm", "activity_type": "posted_message", "activity_body": "Hi",
               "occurred_at": MOMENT, "tags": ["beta"]},
        WHO | {"source": "crm", "activityType": "posted_message", "activityBody": "Hi",
               "occurredAt": "2026-03-01T12:00:00Z", "tags": "beta"},
    ),
}  # fmt: skip

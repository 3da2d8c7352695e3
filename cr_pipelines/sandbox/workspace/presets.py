"""What a new room defines, so that syncs have something to be checked against.

Goes in: an empty room. Comes out: the same room with a destination source, custom fields of every type, activity types,
segments and tags.
"""

from cr_pipelines.sandbox.workspace.room import Room

SOURCE_ID = 1
_ACTIVITY_TYPES = (
    ("started_training", "Started training"),
    ("completed_training", "Completed training"),
    ("registered_for_webinar", "Registered for webinar"),
    ("attended_webinar", "Attended webinar"),
    ("attended_event", "Attended event"),
    ("answered_form_survey", "Answered survey"),
    ("downloaded_content", "Downloaded content"),
    ("requested_demo", "Requested demo"),
    ("signed_up", "Signed up"),
    ("started_trial", "Started trial"),
    ("used_product", "Used product"),
    ("opened_support_ticket", "Opened support ticket"),
    ("posted_message", "Posted message"),
    ("link", "Link"),
)


def add_presets(room: Room) -> None:
    """Add the definitions of a new room."""
    catalog = room.catalog
    catalog.add_source("Warehouse", SOURCE_ID)
    catalog.add_custom_field("Plan", "enum", ("Free", "Team", "Business", "Enterprise"))
    catalog.add_custom_field(
        "Products used",
        "enum",
        ("Analytics", "Automations", "Connectors", "Dashboards", "API"),
        multivalue=True,
    )
    catalog.add_custom_field("Account owner", "string")
    catalog.add_custom_field("Renewal date", "date")
    catalog.add_custom_field("Seats", "int")
    catalog.add_custom_field("Health score", "number")
    catalog.add_custom_field("CRM record", "url")
    catalog.add_custom_field("Marketing opt-in", "boolean")
    catalog.add_custom_field("Teams", "string", multivalue=True)
    for id_, name in _ACTIVITY_TYPES:
        catalog.add_activity_type(id_, name)
    catalog.add_segment("Champions", ("Identified", "Contacted", "Engaged"))
    catalog.add_segment("Trial sign-ups", ("New", "Qualified", "Converted", "Lost"))
    catalog.add_segment("Event guests", ("Invited", "Confirmed", "Attended"))
    now = room.clock.now()
    catalog.add_tag("customer", now, "Has a paid plan")
    catalog.add_tag("prospect", now, "Talks with sales")
    catalog.add_tag("community", now, "Takes part in the community")

"""What columns are called elsewhere.

Goes in: the name of a table's column, as a product, Stripe, Segment, HubSpot, Salesforce or a loader spells it. Comes
out: the same without prefixes and separators; and for each column of a contract, the names that usually mean it.
"""

import re
from collections.abc import Sequence

_PREFIX = re.compile(
    r"^(properties|property|traits|context_traits|hs|fields|attributes|mailing|address|billing)_+(?=\w)"
)
_SUFFIX = re.compile(r"(?<!_)(_+value|_+c)$")

_PERSON = {
    "id": "id user_id contact_id customer_id person_id member_id lead_id external_id object_id "
    "canonical_vid vid uid uuid guid key",
    "full_name": "full_name name display_name customer_name contact_name real_name",
    "first_name": "first_name given_name fname forename given first",
    "last_name": "last_name family_name surname lname family last",
    "username": "username user_name login screen_name nickname handle",
    "avatar_url": "avatar_url avatar photo_url photo picture image image_url profile_image_url",
    "bio": "bio about biography summary",
    "email": "email email_address work_email primary_email user_email contact_email customer_email mail receipt_email",
    "linkedin": "linkedin linkedin_url linkedin_handle linkedin_profile linkedin_profile_url linkedin_bio",
    "github": "github github_url github_handle github_username github_login",
    "twitter": "twitter twitter_handle twitter_username twitter_url x_handle",
    "discord": "discord discord_handle discord_username discord_tag",
    "external_profiles": "external_profiles profiles",
    "role_at_company": "role_at_company job_function role department persona",
    "title_at_company": "title_at_company job_title title position headline",
    "company_name": "company_name company organization organisation account_name employer org_name associated_company",
    "company_domain": "company_domain domain company_website website email_domain org_domain",
    "country": "country country_name country_code country_iso country_iso_code",
    "city": "city town",
    "region": "region state province state_code",
    "raw_location": "raw_location location timezone",
    "tags": "tags labels",
    "custom_fields": "custom_fields",
}
_OWN = {
    "activity_type": "activity_type event_type event_name event type action kind activity object",
    "timestamp": "timestamp occurred_at event_time event_at happened_at original_timestamp sent_at created_at created "
    "created_date create_date activity_date date time received_at",
    "occurred_at": "occurred_at timestamp event_time created_at created created_date activity_date date time",
    "title": "title subject event_text headline",
    "content": "content body text message description comment",
    "activity_body": "activity_body body content text message description comment subject",
    "url": "url link page_url context_page_url permalink",
    "sub_source": "sub_source channel repository group forum",
    "parent_id": "parent_id reply_to thread_id in_reply_to",
    "note": "note body content text comment message description",
    "value": "value email email_address work_email contact_email customer_email github twitter linkedin",
    "segment": "segment segment_name list list_name audience",
    "status": "status segment_status stage lifecycle_stage",
    "custom_field": "custom_field field field_name property",
    "field": "field field_name custom_field trait property attribute",
    "field_value": "field_value custom_field_value value val",
    "tag": "tag tag_name label label_name",
    "name": "name tag tag_name label",
    "description": "description about",
    "source": "source source_name lead_source",
    "company": "company company_name organization account_name",
    "domain": "domain company_domain website",
    "role": "role job_function department",
    "avatar": "avatar avatar_url photo_url",
}
_USER_KEYS = (
    "user_id uid customer_id customer contact_id person_id member_id who_id author_id actor_id profile_id lead_id "
    "anonymous_id"
)
DELETED = {"isdeleted", "deleted", "fivetrandeleted", "archived", "isarchived", "sdcdeletedat", "deletedat"}
"""Names of columns that mark a row as deleted, as `plain` spells them."""


def plain(name: str) -> str:
    """Return a name without case, separators and what loaders put around it."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_")
    snake = _SUFFIX.sub("", snake)
    while (shorter := _PREFIX.sub("", snake)) != snake:
        snake = shorter
    return snake.replace("_", "").replace(" ", "").replace("-", "")


def usual_names(column: str, *, of_activity: bool) -> Sequence[str]:
    """Return the names that usually mean a column of a contract, the most usual first, as `plain` spells them."""
    if column == "user_id":
        listed = _USER_KEYS
    elif of_activity and column == "id":
        listed = "id event_id message_id activity_id eid uuid guid key"
    elif of_activity and column.startswith("user_") and column.removeprefix("user_") in _PERSON:
        of_person = _PERSON[column.removeprefix("user_")]
        # A bare `name` or `title` of an event is the event's own.
        bare = of_person if column == "user_email" else ""
        listed = " ".join([*(f"user_{name} customer_{name}" for name in of_person.split()), bare])
    elif column in _OWN and (of_activity or column not in _PERSON):
        listed = _OWN[column]
    else:
        listed = _PERSON.get(column, _OWN.get(column, ""))
    return list(dict.fromkeys(plain(name) for name in [column, *listed.split()]))

"""Contacts: POST /source/{destinationSourceId}/user, an upsert by `id` within the source."""

from collections.abc import Callable
from typing import Any

from cr_pipelines.api import Answer, CommonRoomClient, User
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract._contract import Column, Context, Contract


def _plain(read: Callable[[Any], object | None]) -> Callable[[Any, Context], object | None]:
    return lambda value, _context: read(value)


def _custom_fields(value: Any, context: Context) -> object | None:
    return context.room.custom_field_changes(value, clear_nulls=context.clear_nulls)


def person_columns(prefix: str = "", path: str = "") -> tuple[Column, ...]:
    """The columns that describe a person, each with `prefix` before its name and `path` before its field."""

    def column(name: str, field: str, kind: str, about: str, read: Any, **options: bool) -> Column:
        return Column(prefix + name, path + field, kind, about, read, **options)

    line, handle = _plain(values.line), _plain(values.handle)
    return (
        column("id", "id", "text", "Key of the person within the source, made by you.",
               _plain(values.key), required=True, identifies=True, person_id=True),
        column("full_name", "fullName", "text", "Full name.", line, plain=True),
        column("first_name", "firstName", "text", "First name, used when there is no full name.", line, plain=True),
        column("last_name", "lastName", "text", "Last name, used when there is no full name.", line, plain=True),
        column("username", "username", "text", "Name of the account in your product.", line,
               plain=True, identifies=True),
        column("avatar_url", "avatarUrl", "text", "Address of a picture.", _plain(values.url)),
        column("bio", "bio", "text", "The About text of the contact.", _plain(values.text(values.PROSE)), plain=True),
        column("email", "email", "text", "E-mail address; finds and merges profiles.",
               _plain(values.email), identifies=True),
        column("linkedin", "linkedin", "text", "LinkedIn handle or address, such as in/person.", handle),
        column("github", "github", "text", "GitHub handle or address.", handle),
        column("twitter", "twitter", "text", "Twitter handle, with or without @.", handle),
        column("discord", "discord", "text", "Discord account, as username or username#1234.",
               _plain(values.discord)),
        column("external_profiles", "externalProfiles", "list of structs of url and name, or JSON",
               "Other pages about the person.", _plain(values.external_profiles)),
        column("role_at_company", "roleAtCompany", "text", "Role, such as Engineering or Sales.", line, plain=True),
        column("title_at_company", "titleAtCompany", "text", "Job title.", line, plain=True),
        column("company_name", "companyName", "text", "Name of the company.", line, plain=True),
        column("company_domain", "companyDomain", "text", "Web domain of the company.", line, plain=True),
        column("country", "country", "text", "Country of residence.", line, plain=True),
        column("city", "city", "text", "City of residence.", line, plain=True),
        column("region", "region", "text", "State, prefecture or region of residence.", line, plain=True),
        column("raw_location", "rawLocation", "text", "A loose description of a place.", line, plain=True),
        column("tags", "tags", "list of texts, or text with commas", "Names of tags to put on.",
               _plain(values.tags)),
        column("custom_fields", "customFields", "struct, map or JSON object",
               "Custom field name (or id) to value.", _custom_fields, needs_room=True),
    )  # fmt: skip


async def _send(client: CommonRoomClient, source_id: int, user: User) -> Answer:
    return await client.add_or_edit_user(source_id, user)


CONTACT = Contract(
    kind="contact",
    operation="add_or_edit_user",
    endpoint="POST /source/{destinationSourceId}/user",
    key=("id",),
    columns=person_columns(),
    build=lambda read: User(**read),
    send=_send,
    needs_source_id=True,
)

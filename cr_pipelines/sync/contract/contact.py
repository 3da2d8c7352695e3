"""Contacts: POST /source/{destinationSourceId}/user, an upsert by `id` within the source."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import User
from cr_pipelines.sync.contract import custom_fields, values
from cr_pipelines.sync.contract.catalog import CatalogPart
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value, to_source


def _custom_fields(value: Any, context: Context) -> object | None:
    return custom_fields.changes(context.catalog, value, clear_nulls=context.clear_nulls, on_invalid=context.on_invalid)


def person_columns(prefix: str = "", path: str = "") -> tuple[Column, ...]:
    """Return the columns that describe a person, each with `prefix` before its name and `path` before its field."""

    def column(name: str, field: str, kind: str, about: str, read: Any, **options: Any) -> Column:
        return Column(prefix + name, path + field, kind, about, read, **options)

    line, handle = by_value(values.line), by_value(values.handle)
    return (
        column("id", "id", "text", "Key of the person within the source, made by you.",
               by_value(values.key), required=True, identifies=True, person_id=True),
        column("full_name", "fullName", "text", "Full name.", line, plain=True),
        column("first_name", "firstName", "text", "First name, used when there is no full name.", line, plain=True),
        column("last_name", "lastName", "text", "Last name, used when there is no full name.", line, plain=True),
        column("username", "username", "text", "Name of the account in your product.", line,
               plain=True, identifies=True),
        column("avatar_url", "avatarUrl", "text", "Address of a picture.", by_value(values.url)),
        column("bio", "bio", "text", "The About text of the contact.", by_value(values.text(values.PROSE)), plain=True),
        column("email", "email", "text", "E-mail address; finds and merges profiles.",
               by_value(values.email), identifies=True, is_email=True),
        column("linkedin", "linkedin", "text", "LinkedIn handle or address, such as in/person.", handle),
        column("github", "github", "text", "GitHub handle or address.", handle),
        column("twitter", "twitter", "text", "Twitter handle, with or without @.", handle),
        column("discord", "discord", "text", "Discord account, as username or username#1234.",
               by_value(values.discord)),
        column("external_profiles", "externalProfiles", "list of structs of url and name, or JSON",
               "Other pages about the person.", by_value(values.external_profiles)),
        column("role_at_company", "roleAtCompany", "text", "Role, such as Engineering or Sales.", line, plain=True),
        column("title_at_company", "titleAtCompany", "text", "Job title.", line, plain=True),
        column("company_name", "companyName", "text", "Name of the company.", line, plain=True),
        column("company_domain", "companyDomain", "text", "Web domain of the company.", line, plain=True),
        column("country", "country", "text", "Country of residence.", line, plain=True),
        column("city", "city", "text", "City of residence.", line, plain=True),
        column("region", "region", "text", "State, prefecture or region of residence.", line, plain=True),
        column("raw_location", "rawLocation", "text", "A loose description of a place.", line, plain=True),
        column("tags", "tags", "list of texts, or text with commas", "Names of tags to put on.",
               by_value(values.tags)),
        column("custom_fields", "customFields", "struct, map or JSON object",
               "Custom field name (or id) to value.", _custom_fields, needs=(CatalogPart.CUSTOM_FIELDS,)),
    )  # fmt: skip


def _build(read: Mapping[str, Any], _context: Context) -> User:
    return User(**read)


CONTACT = Contract(
    kind="contact",
    endpoint="POST /source/{destinationSourceId}/user",
    key=("id",),
    columns=person_columns(),
    build=_build,
    send=to_source(lambda client, source_id, user: client.add_or_edit_user(source_id, user)),
    needs_source_id=True,
)

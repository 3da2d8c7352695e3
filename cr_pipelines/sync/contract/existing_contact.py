"""Contacts outside any API source: POST /members/, deprecated by the vendor. It finds a contact by its socials."""

from collections.abc import Mapping
from typing import Any

from cr_pipelines.api import Contact, EmailAddress, Location, SocialAccount, SocialHandle
from cr_pipelines.sync.contract import values
from cr_pipelines.sync.contract.columns import LEDGER_ID, segment_column
from cr_pipelines.sync.contract.row_reader import InvalidRow, Problem
from cr_pipelines.sync.contract.types import Column, Context, Contract, by_value

_NETWORKS = ("github", "linkedin", "twitter", "youtube", "discord")
_PLACE = ("city", "region", "country")


def _build(read: Mapping[str, Any], _context: Context) -> Contact:
    fields = {name: value for name, value in read.items() if name not in ("id", "email", *_NETWORKS, *_PLACE)}
    socials: list[SocialAccount | EmailAddress] = [
        SocialAccount(type=network, value=SocialHandle(handle=read[network]))
        for network in _NETWORKS
        if network in read
    ]
    if "email" in read:
        socials.insert(0, EmailAddress(value=read["email"]))
    if not socials and "full_name" not in read:
        message = f"the row does not say who it is about: give an email, {', '.join(_NETWORKS)} or full_name"
        raise InvalidRow([Problem("email", "nobody", message)])
    if socials:
        fields["socials"] = socials
    if place := {name: read[name] for name in _PLACE if name in read}:
        fields["location"] = Location(**place)
    return Contact(**fields)


def _line(name: str, field: str, about: str) -> Column:
    return Column(name, field, "text", about, by_value(values.line), plain=True)


def _account(network: str) -> Column:
    return Column(network, "socials", "text", f"Account on {network}.", by_value(values.account))


EXISTING_CONTACT = Contract(
    kind="existing_contact",
    endpoint="POST /members/",
    key=("id",),
    columns=(
        LEDGER_ID,
        Column("source", "source", "text", "Where the information is from.", by_value(values.written), required=True),
        _line("full_name", "fullName", "Full name."),
        Column("avatar_url", "avatarUrl", "text", "Address of a picture.", by_value(values.url)),
        Column(
            "description",
            "description",
            "text",
            "The About text of the contact.",
            by_value(values.text(values.PROSE)),
            plain=True,
        ),
        Column("email", "socials", "text", "E-mail address.", by_value(values.email), identifies=True, is_email=True),
        *(_account(network) for network in _NETWORKS),
        segment_column("segment", required=False),
        _line("company", "company", "Name of the company."),
        _line("domain", "domain", "Web domain of the company."),
        _line("title", "title", "Job title."),
        _line("role", "role", "Role, such as Finance."),
        _line("city", "location", "City of residence."),
        _line("region", "location", "State or province of residence."),
        _line("country", "location", "Country of residence."),
    ),
    build=_build,
    send=lambda client, _source_id, contact: client.create_or_update_contact(contact),
)

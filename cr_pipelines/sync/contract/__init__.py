"""Contracts: which columns a source of each kind has, and how a row becomes a request.

Goes in: the values of a row. Comes out: the request that is sent for it, or the reasons why none is.
"""

from cr_pipelines.sync.contract.activity import ACTIVITY
from cr_pipelines.sync.contract.catalog import Catalog, CatalogPart
from cr_pipelines.sync.contract.contact import CONTACT
from cr_pipelines.sync.contract.contact_activity import CONTACT_ACTIVITY
from cr_pipelines.sync.contract.contact_note import CONTACT_NOTE
from cr_pipelines.sync.contract.contact_tag import CONTACT_TAG
from cr_pipelines.sync.contract.custom_field_value import CUSTOM_FIELD_VALUE
from cr_pipelines.sync.contract.existing_contact import EXISTING_CONTACT
from cr_pipelines.sync.contract.faults import InvalidValue
from cr_pipelines.sync.contract.handles import handles_in, profile_in
from cr_pipelines.sync.contract.identity import (
    account_hash,
    address_hash,
    canonical_address,
    canonical_domains,
    canonical_id,
    hashed_key,
    keyed_hash,
)
from cr_pipelines.sync.contract.row_reader import InvalidRow, Outgoing, Problem, RowReader
from cr_pipelines.sync.contract.segment_member import SEGMENT_MEMBER
from cr_pipelines.sync.contract.segment_note import SEGMENT_NOTE
from cr_pipelines.sync.contract.tag import TAG
from cr_pipelines.sync.contract.types import Batching, Column, Context, Contract, Match, Mirror

CONTRACTS = {
    contract.kind: contract
    for contract in (
        CONTACT,
        ACTIVITY,
        TAG,
        CONTACT_TAG,
        CUSTOM_FIELD_VALUE,
        SEGMENT_MEMBER,
        CONTACT_NOTE,
        SEGMENT_NOTE,
        EXISTING_CONTACT,
        CONTACT_ACTIVITY,
    )
}
"""Every contract by its kind."""

__all__ = [
    "ACTIVITY",
    "CONTACT",
    "CONTACT_ACTIVITY",
    "CONTACT_NOTE",
    "CONTACT_TAG",
    "CONTRACTS",
    "CUSTOM_FIELD_VALUE",
    "EXISTING_CONTACT",
    "SEGMENT_MEMBER",
    "SEGMENT_NOTE",
    "TAG",
    "Batching",
    "Catalog",
    "CatalogPart",
    "Column",
    "Context",
    "Contract",
    "InvalidRow",
    "InvalidValue",
    "Match",
    "Mirror",
    "Outgoing",
    "Problem",
    "RowReader",
    "account_hash",
    "address_hash",
    "canonical_address",
    "canonical_domains",
    "canonical_id",
    "handles_in",
    "hashed_key",
    "keyed_hash",
    "profile_in",
]

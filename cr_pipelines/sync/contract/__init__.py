"""Contracts: which columns a source of each kind has, and how a row becomes a request."""

from cr_pipelines.sync.contract._contract import (
    Column,
    Context,
    Contract,
    InvalidRow,
    Match,
    Outgoing,
    Problem,
    RowReader,
    address_hash,
    person_key,
)
from cr_pipelines.sync.contract.contact import CONTACT
from cr_pipelines.sync.contract.room import Room

CONTRACTS = {contract.kind: contract for contract in (CONTACT,)}
"""Every contract by its kind."""

__all__ = [
    "CONTACT",
    "CONTRACTS",
    "Column",
    "Context",
    "Contract",
    "InvalidRow",
    "Match",
    "Outgoing",
    "Problem",
    "Room",
    "RowReader",
    "address_hash",
    "person_key",
]

"""Hashes of the columns of some delivered rows, so that a run can say which columns changed.

Goes in: rows as they were delivered. Comes out: a short hash of each column, for up to MOST_ROWS rows of a sync. The
hash is salted with the row's fingerprint and has 16 bits, so a value cannot be recovered from it. A row whose
fingerprint differs from the ledger's, as after a kill, is not compared.
"""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import NamedTuple

from cr_pipelines.sync.state import statements
from cr_pipelines.sync.state.schema import StateSchema, Table, declare
from cr_pipelines.warehouse import Session

MOST_ROWS = 2_000
"""How many rows of a sync have hashes; of a larger source, only a sample is compared."""

COLUMN_HASHES = declare(
    Table(
        "sync_column_hashes",
        {"sync": "text", "key": "text", "fingerprint": "text", "hashes": "text"},
        indexes=(("sync", "key"),),
    )
)


class HashedColumns(NamedTuple):
    """The columns of a row as it was delivered."""

    fingerprint: str
    hashes: Mapping[str, str]


def hash_columns(fingerprint: str, values: Mapping[str, object]) -> HashedColumns:
    """Return the hashes of a row's values."""
    salt = fingerprint.encode()[:64]
    return HashedColumns(
        fingerprint,
        {
            name: blake2b(repr(value).encode(errors="surrogatepass"), digest_size=2, key=salt).hexdigest()
            for name, value in values.items()
        },
    )


def read_column_hashes(session: Session, schema: str, sync: str) -> dict[str, HashedColumns]:
    """Return the stored hashes of a sync, by key."""
    state = StateSchema(session, schema)
    rows = state.fetch(COLUMN_HASHES, ["key", "fingerprint", "hashes"], statements.of_sync(state.names, sync))
    return {key: HashedColumns(fingerprint, json.loads(hashes)) for key, fingerprint, hashes in rows}


def write_column_hashes(session: Session, schema: str, sync: str, rows: Mapping[str, HashedColumns]) -> None:
    """Replace the hashes of these keys."""
    if not rows:
        return
    state = StateSchema(session, schema)

    def work() -> None:
        session.execute(statements.delete_column_hashes(state.names, sync, rows))
        state.append(
            COLUMN_HASHES,
            [
                {"sync": sync, "key": key, "fingerprint": row.fingerprint, "hashes": json.dumps(row.hashes)}
                for key, row in rows.items()
            ],
        )

    session.transaction(work)

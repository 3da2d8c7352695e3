"""Check that the hashes in a state schema were made with this process's hash key.

Goes in: the schema's check value for the key, and the key. Comes out: nothing, or an error that says what to do. With a
wrong key, no hash would match, and suppressed people would be sent.
"""

import hashlib

from cr_pipelines.sync.contract.identity import keyed_hash
from cr_pipelines.sync.errors import OtherHashKey

_LABEL = "cr-pipelines hash key"
_KEPT = 16

WITHOUT_KEY = hashlib.sha256(_LABEL.encode()).hexdigest()[:_KEPT]
"""The check value of a schema whose hashes were made without a key."""


def hash_key_check() -> str:
    """Return the check value that a schema keeps for the hash key: a hash made with it, which reveals another key."""
    return keyed_hash(_LABEL)[:_KEPT]


def check_hash_key(schema: str, kept: str | None) -> None:
    """Raise OtherHashKey if the schema's hashes were made with a different key from this process's.

    `kept` is None for a schema that is older than the key.
    """
    if (kept or WITHOUT_KEY) != hash_key_check():
        raise OtherHashKey(
            f"the hashes in schema {schema} were made with a different CR_HASH_KEY (or without one), so suppressed "
            "people would not be recognized; set CR_HASH_KEY to the value of the first run. To start over with "
            "another key, use a new CR_STATE_SCHEMA, and enter every privacy request there again"
        )

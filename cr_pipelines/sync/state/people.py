"""The tables about people: who asked to be removed, and under which addresses rows were sent.

Goes in: nothing. Comes out: three tables, which every sync reads before it sends anything. `removal` fills the first,
`privacy` the second, and the fold of the ledger the third.
"""

from cr_pipelines.sync.state.schema import Table, declare

PII_REMOVALS = declare(
    Table(
        "pii_removals",
        {
            "request_id": "text",
            "source_hash": "text",
            "email_hash": "text",
            "email": "text",
            "status": "text",
            "requested_at": "timestamp",
            "seen_at": "timestamp",
            "submitted_at": "timestamp",
            "due_at": "timestamp",
            "check_at": "timestamp",
            "checked_at": "timestamp",
            "verified_at": "timestamp",
            "offers": "integer",
            "attempts": "integer",
            "retry_at": "timestamp",
            "http_status": "integer",
            "reason_code": "text",
            "message": "text",
            "lifted_at": "timestamp",
            "lifted_reason": "text",
            "run_id": "text",
        },
    )
)

KNOWN_ADDRESSES = declare(
    Table(
        "known_addresses",
        {
            "sync": "text",
            "key": "text",
            "source_id": "bigint",
            "person": "text",
            "email_hash": "text",
            "noted_at": "timestamp",
        },
        indexes=(("email_hash",), ("sync", "key")),
    )
)

FORMER_ADDRESSES = declare(
    Table(
        "former_addresses",
        {"sync": "text", "key": "text", "email_hash": "text", "replaced_at": "timestamp"},
        indexes=(("email_hash",),),
    )
)

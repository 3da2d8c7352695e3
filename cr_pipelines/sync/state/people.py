"""The tables about people: who asked to be removed, and under which addresses and accounts rows were sent.

Goes in: nothing. Comes out: five tables, which every sync reads before it sends anything. `removal` fills the first,
`privacy` the next three, and the fold of the ledger the last.
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
            "confirmed_at": "timestamp",
            "run_id": "text",
        },
    )
)

KNOWN_ADDRESSES = declare(
    Table(
        "known_addresses",
        {
            "sync": "text",
            "kind": "text",
            "key": "text",
            "source_id": "bigint",
            "person": "text",
            "holder": "text",
            "email_hash": "text",
            "handle_hash": "text",
            "own": "boolean",
            "noted_at": "timestamp",
            "suppressed": "boolean",
        },
        indexes=(("email_hash",), ("handle_hash",), ("key",)),
    )
)
"""What a row was sent with: one entry for each address and account, or a single entry without either.

`person` is the person's id in the destination source. `holder` is the person or thing that the address was sent for,
and is what counts; it is null if the address itself identifies the person. `own` is whether the row says that the
address belongs to that person, as opposed to mentioning it in text. `suppressed` is whether the row was stopped before
anything was sent.
"""

SENT_ADDRESSES = declare(
    Table("sent_addresses", {**KNOWN_ADDRESSES.columns, "run_id": "text"}, indexes=(("sync",),)),
)
"""As above, for active runs: noted before the request leaves, and folded into `known_addresses` later."""

ADDRESS_LIMITS = declare(
    Table("address_limits", {"sequence": "integer", "max_people_per_address": "integer", "set_at": "timestamp"})
)
"""How many people or things an address may be sent for and still belong to one person: a row each time it was set."""

FORMER_ADDRESSES = declare(
    Table(
        "former_addresses",
        {"sync": "text", "key": "text", "email_hash": "text", "replaced_at": "timestamp"},
        indexes=(("email_hash",),),
    )
)

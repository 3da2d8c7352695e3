"""The page of sources: one table of columns for each kind.

Goes in: the contracts. Comes out: Markdown.
"""

import inspect

from cr_pipelines.api import current_way
from cr_pipelines.components import RequestColumns
from cr_pipelines.components.sync.specs import built_in_source
from cr_pipelines.sync.contract import CONTACT, CONTRACTS, Contract
from reference.markdown import as_code, code, page, table

_INTRO = """
Each source is a table or view in the warehouse's default schema, a query, or a data frame. Column names are the
contract; the mapping is SQL in your view. Case doesn't matter. Columns outside the contract are ignored, and
`cr-pipelines doctor` lists them. All sources are optional: if a built-in sync's source doesn't exist, the sync logs a
warning and succeeds.

**Bold** columns are required: the source must have them, and a null makes the row `invalid`. Any other null is not
sent, so it doesn't clear anything. To let a null clear a custom field, which Common Room cannot undo, set
`clear_nulls: true` on the sync. An empty text is a value, which replaces the one in the room. A blank address,
web address or account, and an empty list, count as null.

You can give activity types, custom fields, segments and statuses by name or id. If the room has no such name, the row
is `invalid`, and the message suggests the nearest name.

Text over 1,000 characters (20,000 in prose such as `bio`), control characters, malformed addresses and values of the
wrong type make a row `invalid`: it is not sent, and it is listed with the field and the fix. Rows are validated
before they are sent because Common Room's response to a bad request doesn't name the field.
"""


def sources_page() -> str:
    """Return the page."""
    rows = [
        (f"[`{built_in_source(kind)}`](#{built_in_source(kind)})", code(kind), _about(contract), _resent(contract))
        for kind, contract in CONTRACTS.items()
    ]
    rows.append(
        (
            "[`common_room_pii_requests`](#common_room_pii_requests)",
            "",
            "Privacy requests: people who asked to be forgotten.",
            "",
        )
    )
    overview = table(("source", "kind", "what a row becomes", "sent again"), rows)
    return page("Sources", _INTRO, overview, *map(_section, CONTRACTS.values()), _requests())


def _about(contract: Contract) -> str:
    module = inspect.getmodule(contract.build)
    return as_code(" ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split()))


def _resent(contract: Contract) -> str:
    if not contract.repeatable:
        return "never: that would add a second one"
    return "when it changes"


def _section(contract: Contract) -> str:
    facts = [
        f"Kind `{contract.kind}`, sent by {_endpoints(contract)}. Key: {_key(contract)}.",
        "Needs the id of an API signal." if contract.needs_source_id else "",
        _batches(contract),
        f"Can be synced day by day, by `{contract.partition_by}`." if contract.partition_by else "",
        "Mirrors the source: see [Tags](../tags.md)." if contract.mirror else "",
        "" if contract.repeatable else "Each row is sent at most once: see [Notes](../notes.md).",
        _legacy(contract),
    ]
    columns = [
        (
            f"**`{column.name}`**" if column.required and column.unless is None else code(column.name),
            column.kind,
            column.about,
            code(column.field) if column.field else "not sent",
        )
        for column in contract.columns
    ]
    return "\n\n".join(
        [
            f"## {built_in_source(contract.kind)}",
            " ".join(filter(None, facts)),
            table(("column", "type", "content", "API field"), columns),
        ]
    )


def _key(contract: Contract) -> str:
    return ", or else ".join(", ".join(map(code, key)) for key in contract.keys)


def _endpoints(contract: Contract) -> str:
    if not contract.person_key:
        return code(contract.endpoint)
    return f"{code(CONTACT.endpoint)}, or by the legacy {code(contract.endpoint)} for rows without `user_id`"


def _legacy(contract: Contract) -> str:
    if current_way(contract.endpoint) is None:
        return ""
    if contract.person_key:
        return "Needs the id of an API signal where the source has `user_id`: see [Tags](../tags.md)."
    return "This is a [legacy operation](../legacy-operations.md)."


def _batches(contract: Contract) -> str:
    if contract.batching is None:
        return ""
    if contract.person_key:
        return f"Up to {contract.batching.most} rows of one person share a request."
    same = " and ".join(map(code, contract.batching.by))
    return f"Up to {contract.batching.most} rows with the same {same} share a request."


def _requests() -> str:
    rows = [
        (code(name) if name == "requested_at" else f"**`{name}`**", field.description)
        for name, field in RequestColumns.model_fields.items()
    ]
    return "\n\n".join(
        [
            "## common_room_pii_requests",
            "See [Privacy requests](../privacy.md). The attribute `columns` of the component renames these columns.",
            table(("column", "content"), rows),
        ]
    )

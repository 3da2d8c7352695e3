from datetime import datetime

from cr_pipelines.sync import PII_REMOVALS, Ledger, StateSchema, SyncError
from cr_pipelines.warehouse import Session

_UNDER_WAY = ("pending", "failed", "submitted", "overdue")


class NotUnsuppressed(SyncError):
    """A person is not let back in; the message says why, and what to do."""


def unsuppress(
    session: Session, schema: str, request_id: str, reason: str, now: datetime, *, even_unverified: bool
) -> int:
    """Let the person of a request be synced again: lift every request of theirs, and offer their rows anew.

    Returns how many requests were lifted. Raises NotUnsuppressed.
    """
    state, ledger, text = StateSchema(session, schema), Ledger(session, schema), session.dialect.literal
    state.prepare()
    found = session.fetch_all(
        f"SELECT email_hash, status FROM {state.names.table('pii_removals')} "
        f"WHERE request_id = {text(request_id)} AND lifted_at IS NULL AND email_hash IS NOT NULL"
    )
    if not found:
        raise NotUnsuppressed(
            f"no request {request_id} withholds anybody: there is none of that id, its address is invalid, or it was "
            "lifted before; `cr-pipelines pii report` lists all of them"
        )
    hashes = ", ".join(text(email_hash) for email_hash, _ in found)
    withholding = f"email_hash IN ({hashes}) AND lifted_at IS NULL"
    under_way = session.fetch_all(
        f"SELECT DISTINCT request_id, status FROM {state.names.table('pii_removals')} WHERE {withholding} "
        f"AND status IN ({', '.join(map(text, _UNDER_WAY))})"
    )
    if under_way and not even_unverified:
        raise NotUnsuppressed(
            f"the removal is still under way ({', '.join(sorted(f'{name}: {status}' for name, status in under_way))}): "
            "sending the person now would undo it. Wait until it is verified, or say --even-unverified"
        )
    [(lifted,)] = session.fetch_all(f"SELECT count(*) FROM {state.names.table('pii_removals')} WHERE {withholding}")
    ledger.offer_anew(hashes)
    state.update(PII_REMOVALS, {"lifted_at": now, "lifted_reason": reason, "email": None}, withholding)
    return int(lifted)

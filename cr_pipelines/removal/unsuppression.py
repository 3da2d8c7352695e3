"""Lift a suppression when a person comes back.

Goes in: the id of a request. Comes out: every request about the same person is lifted, and their rows are sent again.
"""

from datetime import datetime

from cr_pipelines.removal.register import Register
from cr_pipelines.sync import SuppressionList, SyncError


class NotUnsuppressed(SyncError):
    """A person stays suppressed; the message says why, and what to do."""


def unsuppress(
    register: Register,
    suppression_list: SuppressionList,
    request_id: str,
    reason: str,
    now: datetime,
    *,
    even_unverified: bool,
) -> int:
    """Lift every request about the person of a request, so that their rows are sent again.

    Returns how many requests were lifted. Raises NotUnsuppressed.
    """
    hashes = register.effective(request_id)
    if not hashes:
        raise NotUnsuppressed(
            f"no request {request_id} suppresses anybody: the id is unknown, its address is invalid, or it was "
            "already lifted; `cr-pipelines pii report` lists all requests"
        )
    unfinished = register.unfinished(hashes)
    if unfinished and not even_unverified:
        raise NotUnsuppressed(
            f"the removal is still in progress ({', '.join(f'{name}: {status}' for name, status in unfinished)}): "
            "sending the person now would undo it; wait until it is verified, or lift it even unverified"
        )
    suppression_list.mark_for_resend(hashes)
    lifted = register.lift(hashes, reason, now)
    suppression_list.forget_suppressed(hashes)
    return lifted

"""Which errors have a message for the user.

Goes in: any exception. Comes out: one line that says what to do, or None for an error that nobody expects.
"""

from cr_pipelines.errors import CrPipelinesError


def explained(error: Exception) -> str | None:
    """The error as one line that says what to do, or None for one that nobody expects."""
    return " ".join(str(error).split()) if isinstance(error, CrPipelinesError) else None

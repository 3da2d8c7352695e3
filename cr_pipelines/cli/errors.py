"""Which errors have a message for the user.

Goes in: any exception. Comes out: one line that says what to do, or None for an unexpected error.
"""

from cr_pipelines import settings
from cr_pipelines.errors import CrPipelinesError


def explain(error: Exception) -> str | None:
    """Return the error as one line that says what to do, or None if it is unexpected."""
    return " ".join(settings.explain(error).split()) if isinstance(error, CrPipelinesError) else None

"""Which errors have a message for the user.

Goes in: any exception. Comes out: one line that says what to do, or None for an error that nobody expects.
"""

from cr_pipelines.api import BadToken, UnexpectedResponse, UnknownSource, Unreachable
from cr_pipelines.errors import CrPipelinesError

VARIABLES: dict[type[CrPipelinesError], str] = {
    BadToken: "COMMON_ROOM_API_TOKEN",
    UnknownSource: "COMMON_ROOM_DESTINATION_SOURCE_ID",
    Unreachable: "COMMON_ROOM_BASE_URL",
    UnexpectedResponse: "COMMON_ROOM_BASE_URL",
}
"""The environment variable that sets what an error of the client asks to check."""


def explained(error: Exception) -> str | None:
    """Return the error as one line that says what to do, or None for one that nobody expects."""
    if not isinstance(error, CrPipelinesError):
        return None
    message = " ".join(str(error).split())
    variable = VARIABLES.get(type(error))
    return f"{message} ({variable})" if variable and variable not in message else message

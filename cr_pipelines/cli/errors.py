"""Which errors a user can mend."""

from cr_pipelines.api import CommonRoomError
from cr_pipelines.settings import SettingsError
from cr_pipelines.sync import SyncError
from cr_pipelines.warehouse import WarehouseError


def explained(error: Exception) -> str | None:
    """The error as one line that says what to do, or None for one that nobody expects."""
    if isinstance(error, SettingsError | WarehouseError | SyncError | CommonRoomError):
        return " ".join(str(error).split())
    return None

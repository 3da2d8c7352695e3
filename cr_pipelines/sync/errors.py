"""What can end a sync, or keep it from starting.

Goes in: what a stage of the run found. Comes out: an error whose message says what to change.
"""

from cr_pipelines.errors import CrPipelinesError


class SyncError(CrPipelinesError):
    """A sync that cannot run, or could not continue."""


class SourceUnusable(SyncError):
    """The source does not fit the contract."""


class AlreadyRunning(SyncError):
    """Another run of the same sync is still active."""

    transient = True


class TakenOver(SyncError):
    """Another run took over from this one, and may be sending its rows."""


class OtherHashKey(SyncError):
    """The hashes in the state schema were made with another hash key, or without one."""


class OtherRoom(SyncError):
    """The state schema belongs to a different room or destination source from the one that the run would send to."""


class RoomNotConfirmed(SyncError):
    """Whether the state schema belongs to the room that the run would send to could not be read."""

    transient = True


class StateSchemaTooNew(SyncError):
    """A later version of cr-pipelines has migrated the state schema."""

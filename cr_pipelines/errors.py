"""The root of every error that the package raises on purpose.

Goes in: what went wrong, from any layer. Comes out: one class to catch, and one question to ask it: would the same call
work later (`transient`), or does somebody have to change something first (terminal)?

    CrPipelinesError
    ├── SettingsError                 settings             an environment variable or a resource is wrong
    ├── AlertNotSent              (transient)  components.alerts  a webhook or mail server did not take an alert
    ├── WarehouseError                warehouse.errors     the warehouse cannot do what was asked
    │   ├── SourceMissing                                  the source does not exist
    │   └── WarehouseBusy             (transient)          another process has the warehouse
    ├── SyncError                     sync.errors          a sync cannot run
    │   ├── SourceUnusable                                 the source does not fit the contract
    │   ├── AlreadyRunning            (transient)          another run of the same sync has not ended
    │   ├── TakenOver                                      another run took over from this one
    │   ├── OtherHashKey                                   the state schema was hashed with another key
    │   ├── OtherRoom                                      the state schema belongs to another room
    │   ├── RoomNotConfirmed          (transient)          which room the token is for could not be read
    │   ├── StateSchemaTooNew                              a later version has migrated the state schema
    │   ├── ServerSilent          (transient)          no response at all came for minutes
    │   ├── SyncStopped               (transient)          the run ended early; what it did is recorded
    │   └── NotUnsuppressed           removal              the suppression of a person could not be lifted
    └── CommonRoomError               api.errors           an operation of the API did not succeed
        ├── BadToken                                       403: wrong, expired or revoked token
        ├── UnknownSource                                  404 on a /source/ path
        ├── InvalidRequest                                 400: the content was rejected
        ├── NotFound                                       404: no such contact, tag, segment or field
        ├── RateLimited               (transient)          the rate limit would keep us waiting too long
        ├── ServerFault               (transient)          5xx until the retries were spent
        ├── Unreachable               (transient)          no connection, or no response in time
        ├── ResponseLost                                   an append was sent and no response came
        ├── FailureReported                                a success status, and a failure in the body
        ├── OperationGone                                  no such operation at its address
        └── UnexpectedResponse                             a response that the API does not describe
            └── NotTheApi                                  a response of something else, such as a login page

Each engine has its own errors below WarehouseError and WarehouseBusy.
"""

from typing import ClassVar


class CrPipelinesError(Exception):
    """Something that a person can act on; the message says how.

    Attributes:
        transient: whether the same call may succeed later with nothing changed.
    """

    transient: ClassVar[bool] = False

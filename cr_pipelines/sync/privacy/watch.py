"""What a run knows about the suppression list while it sends.

Goes in: the list, read in every session that the run opens. Comes out: who is suppressed, whether this is recent enough
to send, and the run's confirmation that it neither sends nor has in flight anything about these people. A removal is
sent only once every run has confirmed.
"""

from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.privacy.in_flight import RequestsInFlight
from cr_pipelines.sync.privacy.lease import lease_clock
from cr_pipelines.sync.privacy.suppression import Suppressed, SuppressionList
from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.runs import RunRegistry
from cr_pipelines.sync.timing import Timing
from cr_pipelines.warehouse import Session

_NEVER = float("-inf")


class SuppressionWatch:
    """The suppression list as the run last read it.

    `look` may run in another thread; everything else belongs to the thread that sends.

    Attributes:
        in_flight: the requests of the run that may still arrive.
    """

    def __init__(self, run: RunKey, schema: str, source_id: int | None, timing: Timing, kind: str = ""):
        self._run = run
        self._kind = kind
        self._schema = schema
        self._source_id = source_id
        self._lease_seconds = timing.lease_seconds
        self._suppressed = Suppressed()
        self._looked_at = _NEVER
        self._clear_version = self._confirmed_version = -1
        self.in_flight = RequestsInFlight(timing.linger_seconds)

    @property
    def suppressed(self) -> Suppressed:
        """Who is suppressed, according to the last read."""
        return self._suppressed

    @property
    def expired(self) -> bool:
        """Whether the last read is too old to send."""
        return lease_clock() - self._looked_at > self._lease_seconds

    def can_confirm(self) -> bool:
        """Return whether the run has nothing in flight about people in a version that it has not confirmed yet."""
        suppressed = self._suppressed
        # Once this is true, it stays true: every request since then was checked against that list.
        if self._clear_version < suppressed.version and not self.in_flight.concern(suppressed):
            self._clear_version = suppressed.version
        return self._clear_version > self._confirmed_version

    def look(self, session: Session) -> None:
        """Read the list if it has changed, and confirm the version about which the run has nothing in flight."""
        begun = lease_clock()
        suppression_list = SuppressionList(session, StateNames(session.dialect, self._schema))
        known = self._suppressed.version
        if known < 0 or suppression_list.version() != known:
            self._suppressed = suppression_list.read(self._run.sync, self._source_id, self._kind)
        self._looked_at = begun
        clear_version = self._clear_version
        if clear_version > self._confirmed_version:
            RunRegistry(session, self._schema).confirm(*self._run, clear_version)
            self._confirmed_version = clear_version

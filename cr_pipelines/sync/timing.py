"""How often a run writes, reads and reports, and how long it may send with its last copy of the suppression list.

Goes in: nothing, or other durations in a test. Comes out: one value that is passed to every stage of the run.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Durations of a run, in seconds, and the sizes that go with them.

    Attributes:
        flush_seconds: outcomes are written, and the suppression list is read, at least this often.
        full_flush_seconds: as above, while `flush_rows` outcomes wait. At thousands of rows a second, opening the
            warehouse for every 500 rows would cost a fifth of a core.
        flush_rows: see above.
        max_unrecorded: sending pauses while this many outcomes are unwritten, for example because another process has
            the warehouse open.
        outage_seconds: how long outcomes wait in memory while the warehouse is busy or cannot be reached. Then the run
            ends with the engine's reason.
        silence_seconds: the run ends if requests were sent and no response has arrived for this long.
        heartbeat_seconds: the time between two heartbeats of the run.
        progress_seconds: the time until the first report of progress. The pause between two reports doubles each time.
        longest_progress_seconds: the longest pause between two reports.
        lease_seconds: a run sends nothing once its copy of the suppression list is older than this.
        lease_surely_over_seconds: a run without a heartbeat for this long cannot have a request in flight that
            was checked against an earlier list: the lease, the longest time that the client gives a request, and more.
        linger_seconds: how long a request without a response may still arrive.
        confirmation_seconds: the time between two checks of whether running syncs have confirmed a suppression list.
    """

    flush_seconds: float = 1.0
    full_flush_seconds: float = 0.5
    flush_rows: int = 500
    max_unrecorded: int = 4_000
    outage_seconds: float = 300.0
    silence_seconds: float = 180.0
    heartbeat_seconds: float = 20.0
    progress_seconds: float = 5.0
    longest_progress_seconds: float = 60.0
    lease_seconds: float = 60.0
    lease_surely_over_seconds: float = 150.0
    linger_seconds: float = 2.0
    confirmation_seconds: float = 0.25

"""How often a run writes, looks and reports, and how long it may send by what it last knew.

Goes in: nothing, or other durations in a test. Comes out: one value that every stage of the run is given.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """Durations of a run, in seconds, and the sizes that go with them.

    Attributes:
        flush_seconds: outcomes are written, and the suppression list is read, at least this often.
        full_flush_seconds: as above, while `flush_rows` outcomes wait. At thousands of rows a second, opening the
            warehouse for every 500 of them would cost a fifth of a core.
        flush_rows: see above.
        max_unrecorded: sending waits for the ledger while this many outcomes are not written, for example because
            another process has the warehouse.
        outage_seconds: outcomes wait in memory while the warehouse cannot be reached or is busy, for this long. Then
            the run ends with the engine's reason.
        silence_seconds: the run ends when no response has come for this long while requests were sent.
        heartbeat_seconds: between two heartbeats of the run.
        progress_seconds: until the first report of progress. The pause between two reports doubles each time.
        longest_progress_seconds: the longest pause between two reports.
        lease_seconds: a run sends nothing once its last look at the suppression list is older.
        lease_surely_over_seconds: a run without a heartbeat for this long cannot have a request in flight that
            was checked against an earlier list: the lease, the longest time that the client gives a request, and more.
        linger_seconds: how long a request without a response may still arrive.
        confirmation_seconds: between two looks at whether running syncs have confirmed a suppression list.
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

"""Privacy: who is suppressed, and how nobody who is gets sent.

Goes in: the suppression list, and every request at the moment when it leaves. Comes out: requests about suppressed
people are stopped, and removals learn when a run is clear of them.
"""

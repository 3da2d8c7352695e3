"""Privacy: who is suppressed, and how the engine makes sure that they are not sent.

Goes in: the suppression list, and every request at the moment when it leaves. Comes out: requests about suppressed
people are stopped, and removals learn when a run has nothing about them in flight.
"""

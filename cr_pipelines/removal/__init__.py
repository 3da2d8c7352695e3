"""Privacy requests, from a row in the warehouse to the proof that Common Room has removed the person.

`requests` reads where the requests are, `register` is the table of what became of each, `settlement` sends them,
`verification` checks whether they were carried out, `unsuppression` allows a person to be synced again, and `report`
has the results to show. `Removals` is the interface to all of them.
"""

from cr_pipelines.removal.removals import Batch, Removals
from cr_pipelines.removal.report import RemovalRecord, Settlement, Standing, Verification
from cr_pipelines.removal.timing import Timing
from cr_pipelines.removal.unsuppression import NotUnsuppressed
from cr_pipelines.sync import RequestSource

__all__ = [
    "Batch",
    "NotUnsuppressed",
    "RemovalRecord",
    "Removals",
    "RequestSource",
    "Settlement",
    "Standing",
    "Timing",
    "Verification",
]

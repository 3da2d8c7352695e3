"""Privacy requests: from a row in the warehouse to the proof that Common Room has forgotten the person.

`_requests` says where the requests are, `_register` is our table of what became of each, `_settlement` sends them,
`_verification` looks whether they were done, `_report` says what is to be shown; `Removals` is the face of it all.
"""

from cr_pipelines.removal.removals import Batch, Removals
from cr_pipelines.removal.report import RemovalRecord, Settlement, Standing, Verification
from cr_pipelines.removal.requests import RequestSource
from cr_pipelines.removal.timing import Timing
from cr_pipelines.removal.unsuppression import NotUnsuppressed

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

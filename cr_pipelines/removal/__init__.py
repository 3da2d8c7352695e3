"""Privacy requests: from a row in the warehouse to the proof that Common Room has forgotten the person.

`_requests` says where the requests are, `_register` is our table of what became of each, `_settlement` sends them,
`_verification` looks whether they were done, `_report` says what is to be shown; `Removals` is the face of it all.
"""

from cr_pipelines.removal._removals import Batch, Removals
from cr_pipelines.removal._report import RemovalRecord, Settlement, Standing, Verification
from cr_pipelines.removal._requests import RequestSource
from cr_pipelines.removal._timing import Timing
from cr_pipelines.removal._unsuppression import NotUnsuppressed

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

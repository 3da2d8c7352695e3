"""The plan: which rows of a source must be sent, determined inside the warehouse.

Goes in: a source and the ledger. Comes out: a `Plan`, whose spool holds the offered rows on disk while they are sent.
"""

from cr_pipelines.sync.plan.plan import Plan, describe
from cr_pipelines.sync.plan.planner import Planner

__all__ = ["Plan", "Planner", "describe"]

"""Finds out how a real room behaves where the vendor's description leaves it open.

Goes in: a token, a destination source, and consent to write throwaway records. Comes out: what the room does, for each
assumption of the client and the sandbox, and a report without secrets and personal data.
"""

from cr_pipelines.probe.assumptions import ASSUMPTIONS, Assumption
from cr_pipelines.probe.room import ProbedRoom, Unclear
from cr_pipelines.probe.run import Consent, Report, Result, probe

__all__ = ["ASSUMPTIONS", "Assumption", "Consent", "ProbedRoom", "Report", "Result", "Unclear", "probe"]

"""Parts of Dagster that are not final. We keep track of them; the warnings are noise for everyone who loads the syncs.

Goes in: a block that uses them. Comes out: the same, without Dagster's warnings.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg


@contextmanager
def without_beta_warnings() -> Iterator[None]:
    """Suppress Dagster's warnings that some of its parameters are in beta or in preview."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        yield

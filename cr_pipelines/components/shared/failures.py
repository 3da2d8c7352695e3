"""What an error means for Dagster.

Goes in: any exception of a run. Comes out: `dagster.Failure` for an error of the package, whose message says what to
do, and `dagster.RetryRequested` for everything else. The text of an unknown exception may quote a row, so it is never
passed to Dagster.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import dagster as dg

from cr_pipelines.errors import CrPipelinesError
from cr_pipelines.settings import explain

RETRY_SECONDS = 5


class UnexpectedError(Exception):
    """An exception that is not the package's own: its type and place, without its text, which may quote a row."""


NO_RUN_RETRY = {"dagster/retry_on_asset_or_op_failure": "false"}
"""Tags of a job whose steps retry on their own: run retries of the instance repeat its runs only after a crash."""

NEVER_RETRIED = {**NO_RUN_RETRY, "dagster/max_retries": "0"}
"""Tags of a run that failed permanently, so that run retries of the instance do not repeat it."""


@contextmanager
def failing_in_dagster(
    context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext,
    details: Callable[[CrPipelinesError], Mapping[str, Any]] | None = None,
) -> Iterator[None]:
    """Turn the exceptions of the block into Dagster's.

    A run that failed permanently gets the tags NEVER_RETRIED.

    Args:
        context: the context of the step that runs the block.
        details: additional metadata for a failure.

    Raises:
        dagster.Failure: for every CrPipelinesError. Dagster does not retry it: the next run of the schedule or sensor
            is the retry of a transient error, and the others need somebody to change something.
        dagster.RetryRequested: for any other exception, such as a lost worker; once.
    """
    try:
        yield
    except CrPipelinesError as error:
        if not error.transient:
            _never_retry(context)
        raise permanent_failure(error, details(error) if details else {}) from None
    except dg.Failure as failure:
        if not failure.allow_retries:
            _never_retry(context)
        raise
    except Exception as error:
        if isinstance(error, RuntimeError) and str(error) == "Query interrupted":
            # DuckDB lost the exception from the handler of SIGTERM or SIGINT: somebody ended the run.
            raise dg.DagsterExecutionInterruptedError from None
        # Requested here, not by a retry policy: with a policy, Dagster restarts a run that somebody terminated.
        raise dg.RetryRequested(max_retries=1, seconds_to_wait=RETRY_SECONDS) from without_text(error)


def _never_retry(context: dg.AssetExecutionContext | dg.AssetCheckExecutionContext) -> None:
    context.instance.add_run_tags(context.run.run_id, NEVER_RETRIED)


def permanent_failure(error: Exception, details: Mapping[str, Any] | None = None) -> dg.Failure:
    """Return a failure that Dagster does not retry, with the error's message, which must contain no value of a row."""
    metadata = {**(details or {}), "error": type(error).__name__}
    return dg.Failure(description=explain(error), metadata=metadata, allow_retries=False)


def without_text(error: Exception) -> UnexpectedError:
    """Return what Dagster may keep of an exception that is not the package's own."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    return UnexpectedError(f"{type(error).__qualname__} (message omitted: it may quote a row), raised at\n{frames}")

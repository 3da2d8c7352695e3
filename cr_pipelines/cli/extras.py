"""Optional dependencies.

Goes in: a block that imports the sandbox. Comes out: an error with the command that installs what is missing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def sandbox_extra() -> Iterator[None]:
    """Import what the sandbox needs. Raises ClickException with the command that installs a missing package."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the sandbox needs {error.name}, which is not installed; run: pip install 'cr-pipelines[sandbox]'"
        ) from None

"""What not every installation has."""

from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def sandbox_extra() -> Iterator[None]:
    """Import what the sandbox needs. Raises ClickException that says how to install what is missing."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise click.ClickException(
            f"the sandbox needs {error.name}, which is not installed: pip install 'cr-pipelines[sandbox]'"
        ) from None

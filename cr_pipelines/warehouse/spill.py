"""A private folder for what DuckDB spills to disk.

Goes in: the path of a DuckDB file that this process has open. Comes out: a folder that only the user can read, removed
when its session ends. A process that was killed leaves its folder behind; the next session removes it.
"""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cr_pipelines.warehouse.errors import WarehouseError

_ATTEMPTS = 20

_MARK = "in_use"
"""The file that a live process has locked in its folder."""

_open: dict[Path, tuple[Path, int]] = {}
"""By DuckDB file: the folder of this process, and how many sessions share it."""


@contextmanager
def spill_folder(file: Path) -> Iterator[Path]:
    """Make a folder for the sessions of this process, and remove those of dead ones and of DuckDB's own default.

    The caller holds the file's lock in this process, so no other thread does the same.
    """
    key = file.resolve()
    shared = _open.get(key)
    if shared is None:
        folder, mark = _make(key)
        users = 0
    else:
        folder, users = shared
        mark = None
    _open[key] = (folder, users + 1)
    try:
        yield folder
    finally:
        if users:
            _open[key] = (folder, users)
        else:
            del _open[key]
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):
                folder.parent.rmdir()
            if mark is not None:
                os.close(mark)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Make a folder that belongs to no file, and remove those of dead processes."""
    folder, mark = _make(Path(tempfile.gettempdir()) / f"cr-pipelines-{os.getuid()}")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):
            folder.parent.rmdir()
        os.close(mark)


def _make(file: Path) -> tuple[Path, int]:
    """Return a new folder, and the open marker file that shows that it is in use."""
    for _ in range(_ATTEMPTS):
        parent = _parent(file)
        # A process that ends may remove the parent in between.
        with suppress(FileNotFoundError):
            turn = os.open(parent, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(turn, fcntl.LOCK_EX)
                _sweep(parent)
                return _make_in(parent)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise WarehouseError(
                    f"no folder for temporary files can be made in {parent}: {error.strerror}"
                ) from None
            finally:
                os.close(turn)
    raise WarehouseError(f"no folder for temporary files can be made beside {file}")


def _make_in(parent: Path) -> tuple[Path, int]:
    folder = parent / f"{os.getpid()}-{uuid.uuid4().hex[:8]}"
    folder.mkdir(mode=0o700)
    mark = os.open(folder / _MARK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(mark, fcntl.LOCK_EX)
    return folder, mark


def sweep_default(file: Path) -> None:
    """Remove what DuckDB left in its own default folder, which nobody else uses while we have the file open."""
    folder = file.resolve().with_name(f"{file.resolve().name}.tmp")
    for leftover in folder.glob("duckdb_temp_*"):
        with suppress(OSError):
            leftover.unlink()
    with suppress(OSError):
        folder.rmdir()


def _parent(file: Path) -> Path:
    """Return the folder next to the file, or in the system's temporary folder if the former is not writable."""
    beside = file.with_name(f"{file.name}.spill")
    elsewhere = (
        Path(tempfile.gettempdir()) / f"cr-pipelines-{os.getuid()}-{uuid.uuid5(uuid.NAMESPACE_URL, str(file)).hex}"
    )
    for parent in (beside, elsewhere):
        with suppress(OSError):
            parent.mkdir(mode=0o700, exist_ok=True)
            if parent.stat().st_uid == os.getuid() and not parent.is_symlink():
                parent.chmod(0o700)
                return parent
    return Path(tempfile.mkdtemp(prefix="cr-pipelines-"))


def _sweep(parent: Path) -> None:
    """Remove the folders of dead processes, whose marker file nobody has locked."""
    for folder in parent.iterdir():
        try:
            mark = os.open(folder / _MARK, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue
        else:
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(mark)

import subprocess
import sys
from pathlib import Path

import pytest

from cr_pipelines_tests.support.wheel import PROJECT, UV


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # With the build backend of the lock.
    build = [UV, "build", "--quiet", "--wheel", "--no-build-isolation", "--python", sys.executable]
    subprocess.run([*build, "--out-dir", folder, PROJECT], check=True)
    [built] = folder.glob("*.whl")
    return built

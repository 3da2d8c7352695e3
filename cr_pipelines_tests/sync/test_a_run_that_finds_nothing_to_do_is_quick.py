import subprocess
import sys
from pathlib import Path

import pytest

from cr_pipelines_tests.support.flow import Flow
from cr_pipelines_tests.support.warehouses import ENGINE

RUN = Path(__file__).with_name("run_a_sync.py")


@pytest.mark.skipif(ENGINE != "duckdb", reason="PostgreSQL's driver imports pandas itself")
def test_it_does_not_import_pandas(flow: Flow):
    """Which takes longer than the run."""
    flow.run()
    arguments = [flow.data.url, flow.sandbox.base_url, flow.sandbox.token]
    run = f"sys.argv[1:] = {arguments!r}; runpy.run_path({str(RUN)!r})"
    code = f"import runpy, sys; {run}; print('pandas' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "10 unchanged" in said
    assert said.endswith("False\n")

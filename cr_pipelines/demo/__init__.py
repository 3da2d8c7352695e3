"""The demo: a made-up company's warehouse, synced into a sandbox through Dagster, all in one folder.

Goes in: which ports to use, and whether to exit after the syncs. Comes out: the results in the terminal, and an exit
code. `demo` runs the steps, `story` prints them, `sample` makes the warehouse, `home` knows the folder,
`dagster_processes` runs the syncs (through `materialize`) and the UI, and `outcome` finds out what became of the rows.
"""

from cr_pipelines.demo.demo import run_demo
from cr_pipelines.demo.home import DemoError
from cr_pipelines.demo.sample import SAMPLE_SOURCES, SampleSource, build_sample_warehouse

__all__ = ["SAMPLE_SOURCES", "DemoError", "SampleSource", "build_sample_warehouse", "run_demo"]

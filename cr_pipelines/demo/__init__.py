"""The demo: a made-up company's warehouse, synced into a sandbox through Dagster, all in one folder.

`run_demo` runs it and prints what happens; `sample` makes the warehouse, `home` knows the folder, `dagster_processes`
runs the syncs (by `materialize`) and the UI, `outcome` finds out what became of the rows.
"""

from cr_pipelines.demo.demo import run_demo
from cr_pipelines.demo.home import DemoError
from cr_pipelines.demo.sample import SAMPLE_SOURCES, SampleSource, build_sample_warehouse

__all__ = ["SAMPLE_SOURCES", "DemoError", "SampleSource", "build_sample_warehouse", "run_demo"]

"""The demo: a made-up company's warehouse, synced into a sandbox through Dagster, all in one folder.

`run_demo` tells the story; `sample` makes the warehouse, `_home` knows the folder, `_leash` sees that no
process outlives the demo, `_dagster` runs the syncs (by `_materialize`) and the UI, `_outcome` finds out what became
of the rows.
"""

from cr_pipelines.demo.demo import run_demo
from cr_pipelines.demo.home import DemoError
from cr_pipelines.demo.sample import SAMPLE_SOURCES, SampleSource, build_sample_warehouse

__all__ = ["SAMPLE_SOURCES", "DemoError", "SampleSource", "build_sample_warehouse", "run_demo"]

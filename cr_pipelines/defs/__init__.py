"""The ready-made syncs, one folder each with a `defs.yaml` that names its kind and its source, and the catalog."""

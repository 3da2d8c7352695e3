"""The built-in syncs, the catalog and the privacy requests: a folder each, with a `defs.yaml`."""

"""The room of a sandbox: contacts, catalog, clock, storage and removals, with no HTTP in it.

Goes in: what clients sent, as the TypedDicts of `inputs`. Comes out: the room's state, by `Room`.
"""

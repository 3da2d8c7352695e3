"""The state of the engine: its tables in the warehouse, their versions, and what they say about rows and runs."""

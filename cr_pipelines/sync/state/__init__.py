"""The state of the engine: its tables in the warehouse, their versions, and what they say of rows and runs."""

"""Keeps a Common Room workspace in step with a data warehouse, from inside Dagster."""

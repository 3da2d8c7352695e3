"""What several components share.

Goes in: resources, errors and Dagster contexts. Comes out: specs, check results, failures and schedules in one manner.
A component imports from here and from itself, and never the internals of another component.
"""

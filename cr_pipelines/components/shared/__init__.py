"""What several components share.

Goes in: resources, errors and Dagster contexts. Comes out: specs, check results, failures and schedules in a consistent
form. A component imports only from here and from itself, never the internals of another component.
"""

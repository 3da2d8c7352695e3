"""When Dagster runs a sync because its source was updated.

Goes in: the partitions of a sync, if it has any. Comes out: an automation condition.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from cr_pipelines.components.sync.options import DailyPartitions


def on_source_update(partitions: DailyPartitions | None = None) -> dg.AutomationCondition[Any]:
    """Return a condition that runs a sync after an update of an upstream asset, once the update can be used.

    The sync waits while a run of it or of an upstream asset is in progress, and while a check of an upstream asset,
    such as a dbt test, has failed. An update that arrives in the meantime is synced afterwards, because only a run
    requested after an update handles it.

    An update of the source does not say which days it changed, so a partitioned sync runs for today and the days to
    recheck. Conditions need an automation sensor that is turned on, in Dagster's Automation tab.
    """
    days = 1 + (partitions.recheck_days if partitions else 0)
    updated = dg.AutomationCondition.any_deps_updated()
    # Unlike with `since_last_handled`, the sync's own materialization does not count: an update may have come after
    # that run read the source. Neither does a request that an update follows within the same tick.
    handled = (dg.AutomationCondition.newly_requested() & ~updated) | dg.AutomationCondition.initial_evaluation()
    failed = dg.AutomationCondition.any_deps_match(
        dg.AutomationCondition.any_checks_match(dg.AutomationCondition.check_failed())
    )
    return (
        dg.AutomationCondition.in_latest_time_window(timedelta(days=days))
        & updated.since(handled)
        & ~dg.AutomationCondition.in_progress()
        & ~dg.AutomationCondition.any_deps_in_progress()
        & dg.AutomationCondition.all_deps_blocking_checks_passed()
        & ~failed
    ).with_label("on_source_update")

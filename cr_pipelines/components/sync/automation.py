from datetime import timedelta
from typing import Any

import dagster as dg

from cr_pipelines.components.sync.options import DailyPartitions


def on_source_update(partitions: DailyPartitions | None = None) -> dg.AutomationCondition[Any]:
    """Run when an upstream asset was updated, such as the dbt model that makes the source, and no run goes on.

    Of a partitioned sync, today and the days to re-check are run: an update of the source does not say which days it
    changed. Conditions need an automation sensor that is switched on, in Dagster's Automation tab.
    """
    days = 1 + (partitions.recheck_days if partitions else 0)
    return (
        dg.AutomationCondition.in_latest_time_window(timedelta(days=days))
        & dg.AutomationCondition.any_deps_updated().since_last_handled()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("on_source_update")

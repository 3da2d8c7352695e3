"""When Dagster runs a sync because its source was updated.

Goes in: the partitions of a sync, if it has any. Comes out: an automation condition.
"""

from datetime import timedelta
from typing import Any

import dagster as dg

from cr_pipelines.components.sync.options import DailyPartitions


def on_source_update(partitions: DailyPartitions | None = None) -> dg.AutomationCondition[Any]:
    """Return a condition that runs a sync after an upstream asset was updated, unless a run is in progress.

    An update of the source does not say which days it changed, so a partitioned sync runs for today and the days to
    recheck. Conditions need an automation sensor that is turned on, in Dagster's Automation tab.
    """
    days = 1 + (partitions.recheck_days if partitions else 0)
    return (
        dg.AutomationCondition.in_latest_time_window(timedelta(days=days))
        & dg.AutomationCondition.any_deps_updated().since_last_handled()
        & ~dg.AutomationCondition.in_progress()
    ).with_label("on_source_update")

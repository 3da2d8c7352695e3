"""The conditions that an alert is about.

Goes in: what Dagster's instance and the register of privacy requests say now, and what earlier ticks have seen. Comes
out: alerts that begin or continue, and those that are over.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import takewhile

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecord
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status

from cr_pipelines.components.alerts.alert import Alert, Memory
from cr_pipelines.components.shared.runs import is_of_asset
from cr_pipelines.removal import Standing
from cr_pipelines.sync import rows

_OVERLAP = timedelta(minutes=5)
"""For how long failed runs are checked again: they may become visible out of order."""

_MOST_RUNS = 1_000
_MOST_EVALUATIONS = 200
_LONGEST_WAIT = 3_600.0
"""Seconds after which the result of a check counts even though its run has not ended: it may never end."""
_SHOWN_TEXT = 600


def our_assets(context: dg.SensorEvaluationContext) -> list[dg.AssetKey]:
    """Return the assets of the code location that write to Common Room, or remove people from it."""
    if context.repository_def is None:
        return []
    graph = context.repository_def.asset_graph
    return sorted(
        node.key
        for node in graph.asset_nodes
        if node.is_executable
        and ("commonroom" in node.kinds or any(name.startswith("common_room/") for name in node.metadata))
    )


def failed_runs(context: dg.SensorEvaluationContext, assets: Sequence[dg.AssetKey], memory: Memory) -> list[Alert]:
    """Return an alert for each asset with runs that failed since the last tick. Records in the memory what it saw."""
    if memory.runs_since is None:
        memory.runs_since = datetime.now(UTC).timestamp()
        return []
    since = datetime.fromtimestamp(memory.runs_since, UTC) - _OVERLAP
    records = context.instance.get_run_records(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since), limit=_MOST_RUNS
    )
    failed: dict[dg.AssetKey, list[dg.DagsterRun]] = {}
    for record in records:
        run = record.dagster_run
        ended = record.end_time or record.update_timestamp.timestamp()
        if run.run_id in memory.runs_seen or ended < memory.runs_since - _OVERLAP.total_seconds():
            continue
        for key in assets:
            if is_of_asset(context, run, key):
                failed.setdefault(key, []).append(run)
    newest = max((record.update_timestamp.timestamp() for record in records), default=memory.runs_since)
    memory.runs_since = max(memory.runs_since, newest)
    memory.runs_seen = [record.dagster_run.run_id for record in records]
    return [_run_failed(context, key, runs) for key, runs in failed.items()]


def _run_failed(context: dg.SensorEvaluationContext, key: dg.AssetKey, runs: Sequence[dg.DagsterRun]) -> Alert:
    asset, latest = key.to_user_string(), runs[0]
    what = "a run failed" if len(runs) == 1 else f"{len(runs):,} runs failed; the last one"
    return Alert(
        f"run {asset}",
        "run_failed",
        "error",
        f"{asset}: {what}: {_reason(context.instance, latest.run_id)}",
        asset=asset,
        partition=latest.tags.get("dagster/partition"),
        run_id=latest.run_id,
        count=len(runs),
    )


def _reason(instance: dg.DagsterInstance, run_id: str) -> str:
    """Return why a run failed, in the package's own words, which contain no value of a row."""
    for event in instance.all_logs(run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        data = event.get_dagster_event().step_failure_data
        if data.user_failure_data is not None and data.user_failure_data.description:
            return data.user_failure_data.description[:_SHOWN_TEXT]
    return "look at the run in Dagster"


def recovered_runs(context: dg.SensorEvaluationContext, assets: Sequence[dg.AssetKey], memory: Memory) -> list[Alert]:
    """Return the end of an alert for each asset that was materialized after its runs failed."""
    over = []
    for key in assets:
        asset = key.to_user_string()
        began = memory.lasting.get(f"run {asset}")
        latest = None if began is None else _last_success(context.instance, key)
        if began is not None and latest is not None and latest > began:
            over.append(Alert(f"run {asset}", "recovered", "info", f"{asset}: a run succeeded again", asset=asset))
    return over


def checks(
    context: dg.SensorEvaluationContext, assets: Collection[dg.AssetKey], memory: Memory, *, warnings: bool
) -> tuple[list[Alert], list[Alert]]:
    """Return the checks that failed since the last tick, and those that passed after they failed.

    For a check that no tick has seen before, only the latest result counts.
    """
    graph = context.repository_def.asset_graph if context.repository_def else None
    began: dict[str, Alert] = {}
    over: dict[str, Alert] = {}
    for key in sorted(graph.asset_check_keys if graph else ()):
        if key.asset_key not in assets:
            continue
        for record in _evaluations(context.instance, key, memory):
            alert = _check_alert(record, warnings=warnings)
            began.pop(alert.subject, None)
            over.pop(alert.subject, None)
            (over if alert.kind == "recovered" else began)[alert.subject] = alert
    return list(began.values()), list(over.values())


def _evaluations(
    instance: dg.DagsterInstance, key: dg.AssetCheckKey, memory: Memory
) -> Iterator[AssetCheckExecutionRecord]:
    """Yield the new results of a check, oldest first, up to one from a run that may still fail."""
    last = memory.checks.get(key.to_user_string())
    most = 1 if last is None else _MOST_EVALUATIONS
    found = instance.event_log_storage.get_asset_check_execution_history(
        key, limit=most, status={Status.SUCCEEDED, Status.FAILED}
    )
    unseen = (record for record in reversed(found) if last is None or record.id > last)
    new = list(takewhile(lambda record: _counts(instance, record), unseen))
    if new:
        memory.checks[key.to_user_string()] = new[-1].id
    yield from new


def _counts(instance: dg.DagsterInstance, record: AssetCheckExecutionRecord) -> bool:
    """Return whether a result causes a separate alert; otherwise, it may still belong to the failure of its run."""
    if datetime.now(UTC).timestamp() - record.create_timestamp > _LONGEST_WAIT:
        return True
    run = instance.get_run_by_id(record.run_id)
    return run is None or run.is_finished


def _check_alert(record: AssetCheckExecutionRecord, *, warnings: bool) -> Alert:
    asset, check = record.key.asset_key.to_user_string(), record.key.name
    day = f" of {record.partition}" if record.partition else ""
    subject = f"check {check}{day} of {asset}"
    event = record.event.get_dagster_event() if record.event else None
    evaluation = event.asset_check_evaluation_data if event else None
    is_warning = evaluation is not None and evaluation.severity == dg.AssetCheckSeverity.WARN
    if record.status == Status.SUCCEEDED or (is_warning and not warnings):
        text = f"{asset}: the check {check}{day} passes again"
        return Alert(subject, "recovered", "info", text, asset, check, record.partition, record.run_id)
    about = (evaluation.description if evaluation else None) or "look at the check in Dagster"
    return Alert(
        subject,
        "check_failed",
        "warning" if is_warning else "error",
        f"{asset}: the check {check}{day} {'warns' if is_warning else 'failed'}: {about[:_SHOWN_TEXT]}",
        asset,
        check,
        record.partition,
        record.run_id,
    )


def overdue_removals(asset: str, standing: Standing, now: datetime) -> tuple[list[Alert], list[Alert]]:
    """Return whether removals are overdue, or due but not verified."""
    subject = f"removals of {asset}"
    overdue = standing.by_status.get("overdue", 0)
    if overdue:
        text = (
            f"{asset}: {overdue:,} removals are overdue, more than 15 days after they were submitted. Request ids: "
            f"{', '.join(standing.overdue)}. Send the output of `cr-pipelines pii report` to Common Room's support"
        )
    elif standing.next_due_at is not None and standing.next_due_at < now - timedelta(days=1):
        text = (
            f"{asset}: a removal was due on {standing.next_due_at:%Y-%m-%d}, and has not been verified. Start the "
            "schedule that verifies removals, or execute the check removed_in_time"
        )
    else:
        return [], [Alert(subject, "recovered", "info", f"{asset}: no removal is overdue", asset=asset)]
    return [Alert(subject, "removal_overdue", "error", text, asset=asset, check="removed_in_time")], []


def without_success(
    context: dg.SensorEvaluationContext, assets: Sequence[dg.AssetKey], hours: float, now: datetime
) -> tuple[list[Alert], list[Alert]]:
    """Return the assets whose last success is older than this many hours, and the others.

    An asset that has never succeeded is in neither: its source may not exist, which turns a sync off.
    """
    began, over = [], []
    for key in assets:
        asset, latest = key.to_user_string(), _last_success(context.instance, key)
        if latest is None:
            continue
        age = (now.timestamp() - latest) / 3600
        subject = f"success of {asset}"
        if age <= hours:
            over.append(Alert(subject, "recovered", "info", f"{asset}: succeeded again", asset=asset))
            continue
        text = (
            f"{asset}: no run has succeeded for {age:,.0f} hours. Check that its schedule is on and that the daemon "
            "is running, then look at its last run"
        )
        began.append(Alert(subject, "no_success", "error", text, asset=asset))
    return began, over


def _last_success(instance: dg.DagsterInstance, key: dg.AssetKey) -> float | None:
    event = instance.get_latest_materialization_event(key)
    return None if event is None else event.timestamp


def summary(sent: int, pending: int) -> str:
    """Return what a tick did, in words."""
    waiting = f"; {rows(pending).replace('row', 'alert')} could not be sent, and the next tick tries again"
    return f"{rows(sent).replace('row', 'alert')} sent{waiting if pending else ''}"

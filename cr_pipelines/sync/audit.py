"""An audit: check that Common Room stored the contacts that it accepted, with the values that were sent.

Goes in: a sample of the ledger's delivered keys. Comes out: how many match what was sent, and the keys of those that
are absent or different, with the names of the fields. A 202 promises nothing, so each contact is looked up in the room
(GET /members). No value leaves this module.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cr_pipelines.api import CommonRoomClient, NotFound, OperationGone
from cr_pipelines.sync.entry_point import run_sync
from cr_pipelines.sync.errors import SyncError
from cr_pipelines.sync.event_loop import check_no_loop_runs, run_in_loop
from cr_pipelines.sync.explanation import RowExplanation
from cr_pipelines.sync.model import Destination, Options, Sync
from cr_pipelines.sync.profile_comparison import ACCOUNTS, differing_fields
from cr_pipelines.sync.report import MOST_EXPLAINED, rows
from cr_pipelines.sync.state.ledger import Ledger
from cr_pipelines.sync.state.schema import StateSchema
from cr_pipelines.warehouse import Warehouse

AUDITED_KINDS = ("contact",)
"""The kinds for which the API shows what was stored."""

NO_ADDRESS = "they have neither an email nor an account that can be looked up"


@dataclass
class AuditReport:
    """What an audit found. Nothing in it is personal data.

    Attributes:
        sampled: delivered rows that were chosen.
        found: rows that the room shows as they were sent.
        absent: keys of rows that the room does not have.
        different: rows that differ in the room: the names of the fields, by key.
        changed_since: rows that have changed or left the source since; they are not looked up.
        unreadable: rows that cannot be looked up, by reason.
    """

    sync: str
    sampled: int = 0
    found: int = 0
    absent: list[str] = field(default_factory=list)
    different: dict[str, list[str]] = field(default_factory=dict)
    changed_since: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)

    @property
    def passed(self) -> bool:
        """Whether nothing that was looked up is absent or different."""
        return not self.absent and not self.different

    @property
    def looked_up(self) -> int:
        """How many rows were looked up."""
        return self.found + len(self.absent) + len(self.different)

    def summary(self) -> str:
        """Return the report in one line."""
        if not self.sampled:
            return f"{self.sync}: nothing to audit; no row was delivered that long ago"
        line = (
            f"{self.sync}: of {rows(self.looked_up)} looked up, {self.found:,} found as sent, "
            f"{len(self.absent):,} absent, {len(self.different):,} different"
        )
        if self.different:
            names = Counter(name for names in self.different.values() for name in names)
            line += f" ({', '.join(f'{name} {number:,}' for name, number in names.most_common())})"
        if self.changed_since:
            line += f"; {rows(self.changed_since)} changed since"
        return "; ".join(
            [line, *(f"{rows(number)} cannot be read back: {why}" for why, number in self.unreadable.items())]
        )


def audit_sync(
    sync: Sync,
    warehouse: Warehouse,
    destination: Destination,
    *,
    schema: str = "common_room",
    sample: int = 20,
    settled_for: timedelta = timedelta(minutes=10),
) -> AuditReport:
    """Look up a sample of the contacts that were delivered, and compare each with its row.

    Args:
        sync: a sync of contacts.
        warehouse: where the source and the ledger are.
        destination: the room; set a `rate_share` on its client that leaves capacity for syncs.
        schema: the schema of the ledger.
        sample: how many rows, at most.
        settled_for: the minimum age of a delivery, because the room stores rows a little after it accepts them.

    Raises:
        SyncError: rows of this kind cannot be read back.
        CommonRoomError: the room cannot be read.
        SourceMissing, SourceUnusable, WarehouseError: the source or the ledger cannot be read.
    """
    if sync.kind not in AUDITED_KINDS:
        raise SyncError(
            f"{sync.name}: Common Room cannot look up rows of kind {sync.kind}; only syncs of kind "
            f"{' and '.join(AUDITED_KINDS)} can be audited"
        )
    check_no_loop_runs()
    report = AuditReport(sync.name)
    with warehouse.session() as session:
        StateSchema(session, schema).prepare()
        ledger = Ledger(session, schema)
        ledger.fold(sync.name)
        keys = ledger.delivered_sample(sync.name, datetime.now(UTC) - settled_for, min(sample, MOST_EXPLAINED))
    report.sampled = len(keys)
    if not keys:
        return report
    # A dry run builds the requests again for rows that have not changed since they were sent.
    options = Options(dry_run=True, resync="all", keys=keys, samples=0)
    planned = run_sync(sync, warehouse, destination, schema=schema, options=options)
    same = [row for row in planned.explanations if row.is_as_delivered and row.request is not None]
    report.changed_since = len(keys) - len(same)
    run_in_loop(_look_up(same, destination, report))
    return report


async def _look_up(planned: list[RowExplanation], destination: Destination, report: AuditReport) -> None:
    async with destination.open_client() as client:
        field_names = {each.id: each.name for each in await client.list_custom_fields()}
        for position, row in enumerate(planned):
            body = json.loads(row.request or "{}")
            place = _place(body)
            if place is None:
                report.unreadable[NO_ADDRESS] += 1
                continue
            try:
                await _compare(client, row.key, body, place, field_names, report)
            except OperationGone as error:
                report.unreadable[str(error)] += len(planned) - position
                return


async def _compare(
    client: CommonRoomClient,
    key: str,
    body: Mapping[str, Any],
    place: Mapping[str, str],
    field_names: Mapping[int, str],
    report: AuditReport,
) -> None:
    try:
        profiles = await client.find_contacts(**place)
    except NotFound:
        profiles = []
    # Several contacts may share an account; the one that is most similar to the row is taken.
    differences = min((differing_fields(body, profile, field_names) for profile in profiles), key=len, default=None)
    if differences is None:
        report.absent.append(key)
    elif differences:
        report.different[key] = differences
    else:
        report.found += 1


def _place(body: Mapping[str, Any]) -> dict[str, str] | None:
    """Return what the contact of a request can be looked up by."""
    if body.get("email"):
        return {"email": body["email"]}
    return next(({network: body[network]["value"]} for network in ACCOUNTS if body.get(network)), None)

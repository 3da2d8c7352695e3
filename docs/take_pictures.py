"""Take the README's pictures of a demo that has run for a while.

    .venv/bin/python docs/take_pictures.py [contacts] [month] [failures]

Goes in: a demo in a temporary folder. Comes out: the files in docs/images. Needs Chromium and fonts for
the names of the demo's people (on Debian: chromium, fonts-noto-core, fonts-noto-cjk).
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Browser, FloatRect, Locator, Page

from cr_pipelines.demo import build_sample_warehouse
from cr_pipelines_tests.support import dagster_pages
from cr_pipelines_tests.support.chromium import HOW_TO_INSTALL, chromium, find_chromium
from cr_pipelines_tests.support.running_demo import RunningDemo

IMAGES = Path(__file__).with_name("images")
LARGEST_BYTES = 200_000
SETTLE_SECONDS = 20

PEOPLE_AT_FIRST = 160
LIMIT, INTERVAL_SECONDS = 60, 3
WEEKS = ((34, 8), (21, 26), (42, 17), (12, 40), (55, 11), (28, 31), (38, 9), (47, 23), (19, 35), (44, 14))
"""For each run: how many people are added, and how many are changed."""
BREAKING_WEEK, FIXING_WEEK = 4, 7

LATER = "ALTER TABLE common_room_contacts RENAME TO people"
AT_FIRST = f"CREATE TABLE common_room_contacts AS SELECT * FROM people ORDER BY id LIMIT {PEOPLE_AT_FIRST}"
ADD = (
    "INSERT INTO common_room_contacts SELECT * FROM people ANTI JOIN common_room_contacts USING (id) ORDER BY id LIMIT"
)
BREAK = """
UPDATE common_room_contacts SET email = 'carla at example' WHERE id = 'usr_1007';
UPDATE common_room_contacts SET company_name = repeat('Polar Metrics ', 100) WHERE id = 'usr_1044';
UPDATE common_room_contacts SET avatar_url = 'portrait.jpg' WHERE id = 'usr_1058';
UPDATE common_room_contacts SET full_name = 'Robin' || chr(7) || ' Berg' WHERE id = 'usr_1063';
UPDATE common_room_contacts SET custom_fields = struct_update(custom_fields, "Plan" := 'Platinum') WHERE id = 'usr_1071'
"""
FIX = """
UPDATE common_room_contacts AS broken SET email = people.email, company_name = people.company_name,
  avatar_url = people.avatar_url, full_name = people.full_name, custom_fields = people.custom_fields
FROM people WHERE people.id = broken.id AND people.id IN ('usr_1007', 'usr_1044', 'usr_1058', 'usr_1063', 'usr_1071')
"""

DAYS, PER_DAY, BROKEN_DAYS_AGO = 30, 1000, 12
BACKFILL_SECONDS = 1200.0
MONTH = f"""
DROP TABLE common_room_activities;
CREATE TABLE events AS
SELECT 'month_' || i AS id, 'used_product' AS activity_type, 'usr_' || (1001 + i % 500) AS user_id,
  (date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')
    - (1 + i // {PER_DAY}) * INTERVAL 1 DAY + (i % {PER_DAY}) * INTERVAL 80 SECOND AS timestamp,
  CASE i WHEN {(BROKEN_DAYS_AGO - 1) * PER_DAY} THEN 'seven' ELSE '7' END AS seats
FROM range({DAYS * PER_DAY}) AS numbers(i);
CREATE VIEW common_room_activities AS
SELECT id, activity_type, user_id, timestamp, 'Changed the seats by ' || CAST(seats AS INTEGER) AS content FROM events
"""
"""A view that fails on one value, and so for one day."""
FIX_MONTH = "UPDATE events SET seats = '7' WHERE seats = 'seven'"

CHANGE_ALL = (
    "UPDATE common_room_contacts SET bio = (CASE WHEN hash(id) % 3 = 0 THEN 'Away' ELSE 'Seen' END) || ' at ' || now()"
)
FAILURES: dict[str, dict[str, Any]] = {
    "login_page": {"operation": "*", "preset": "login_page"},
    "unavailable": {"operation": "*", "status": 503},
    "refused_rows": {
        "operation": "addUpdateUserToSource",
        "containing": "Away at",
        "status": 400,
        "body": {"reason": "invalid-request-body"},
    },
    "revoked_token": {"operation": "*", "skip": 40, "preset": "revoked_token"},
}
"""How Common Room responds during a run, by the name of its pictures."""

PLOTS = ("dagster/row_count", "rows_delivered", "rows_invalid", "seconds")

TOP_OF_TEXT = """text => {
    const tops = [];
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) {
        const place = nodes.currentNode.data.indexOf(text);
        if (place >= 0) {
            const range = document.createRange();
            range.setStart(nodes.currentNode, place);
            range.setEnd(nodes.currentNode, place + 1);
            tops.push(range.getBoundingClientRect().top);
        }
    }
    return Math.min(...tops.filter(top => 0 < top && top < innerHeight), innerHeight);
}"""


def main() -> None:
    """Take the pictures of the stories that are named, else of all: some weeks, a month of activities, failures."""
    if find_chromium() is None:
        sys.exit(HOW_TO_INSTALL)
    IMAGES.mkdir(exist_ok=True)
    stories = {"contacts": story_of_contacts, "month": story_of_a_month, "failures": story_of_failures}
    with chromium() as browser:
        for name in sys.argv[1:] or stories:
            with tempfile.TemporaryDirectory() as folder:
                stories[name](Path(folder), browser)


def story_of_contacts(folder: Path, browser: Browser) -> None:
    """Start the demo with some of its people, add the others week by week, and take the pictures."""
    demo = RunningDemo(folder)
    build_sample_warehouse(demo.warehouse)
    demo.sql(f"{LATER}; {AT_FIRST}")
    with demo:
        live_through_weeks(demo, browser)
        take_materialization(demo, browser)
        take_plots(demo, browser)
        take_columns(demo, browser)
        take_sandbox(demo, browser)


def story_of_a_month(folder: Path, browser: Browser) -> None:
    """Start the demo as it is, take the whole graph and the schedules, and backfill a month of activities."""
    with RunningDemo(folder) as demo:
        demo.sync("room_activity_types", "room_custom_fields", "room_segments", "room_segment_statuses", "room_tags")
        take_lineage(demo, browser)
        take_schedules(demo, browser)
        take_backfill(demo, browser)


def story_of_failures(folder: Path, browser: Browser) -> None:
    """Start the demo, and let rows not arrive in four ways."""
    with RunningDemo(folder) as demo:
        for name, script in FAILURES.items():
            demo.sql(CHANGE_ALL)
            demo.control.set_scripts(script)
            run = demo.sync(ends=("SUCCESS", "FAILURE"))
            demo.control.set_scripts()
            take_failure(name, demo, browser, run)


def take_failure(name: str, demo: RunningDemo, browser: Browser, run: str) -> None:
    """Take the check that is red, and the run if it failed."""
    check = "rejections_under_threshold" if name == "refused_rows" else "delivery_complete"
    with opened(browser, width=1280, height=620, scale=0.9) as page:
        dagster_pages.open_check(page, demo.dagster, check)
        take(f"check_{name}", page, page.locator("body"), margin=(0, 0))
    if name in ("login_page", "revoked_token"):
        with opened(browser, width=1280, height=760, scale=0.9) as page:
            dagster_pages.open_run(page, demo.dagster, run)
            # The paths of a stack trace are those of one machine.
            take(f"run_{name}", page, page.locator("body"), margin=(0, 0), above="Stack Trace")


def live_through_weeks(demo: RunningDemo, browser: Browser) -> None:
    """Run the sync for every week; take the picture of rejected keys before they are fixed."""
    demo.control.set_limit(LIMIT, INTERVAL_SECONDS)
    for week, (added, changed) in enumerate(WEEKS):
        if week == BREAKING_WEEK:
            demo.sql(BREAK)
        if week == FIXING_WEEK:
            take_rejected(demo, browser)
            demo.sql(FIX)
        demo.sql(f"{ADD} {added}")
        demo.sql(
            f"UPDATE common_room_contacts SET username = id || '-{week}' WHERE id IN "
            f"(SELECT id FROM common_room_contacts ORDER BY md5(id || '{week}') LIMIT {changed})"
        )
        demo.sync()


def take_lineage(demo: RunningDemo, browser: Browser) -> None:
    """Take every source table and every sync, with their checks, and the catalog."""
    with opened(browser, width=1280, height=4000, scale=0.55) as page:
        dagster_pages.open_lineage(page, demo.dagster)
        # Ages of less than a minute are counted by the second.
        page.wait_for_function("() => !document.body.innerText.includes('seconds ago')", timeout=90_000)
        corners = page.get_by_text("room_activity_types", exact=True), page.get_by_text("commonroom", exact=True).last
        take("lineage", page, *corners, page.get_by_text("tags", exact=True), margin=(64, 64))


def take_schedules(demo: RunningDemo, browser: Browser) -> None:
    """Take the schedules of all syncs."""
    with opened(browser, width=1100, height=1200, scale=1) as page:
        dagster_pages.open_schedules(page, demo.dagster)
        first, last = page.get_by_text("Automation", exact=True).last, page.get_by_text("verify_pii_removals_schedule")
        take("schedules", page, first, last, page.get_by_text("Actions", exact=True), margin=(44, 32))


def take_backfill(demo: RunningDemo, browser: Browser) -> None:
    """Take the days of a backfill, one of which failed; then repeat the backfill with that day fixed."""
    today = datetime.now(UTC).date()
    days = [str(today - timedelta(days=back)) for back in range(DAYS, 0, -1)]
    demo.sql(MONTH)
    demo.control.clear_requests()
    print_backfill(demo, demo.backfill(days, BACKFILL_SECONDS))
    with opened(browser, width=1280, height=1560, scale=0.9) as page:
        dagster_pages.open_partitions(page, demo.dagster)
        page.get_by_text(days[-2], exact=True).first.click()
        shown = page.get_by_role("tablist").first, page.get_by_text(days[0], exact=True).first
        take("backfill", page, *shown, dagster_pages.metadata_row(page, "rows_delivered"), margin=(16, 16))
    demo.sql(FIX_MONTH)
    print_backfill(demo, demo.backfill(days, BACKFILL_SECONDS))


def print_backfill(demo: RunningDemo, ended: dict[str, str]) -> None:
    """Print how the days ended, and what the sandbox was sent for them."""
    sent = len(demo.control.requests(operation="addUpdateActivityToSource"))
    stored = sum(activity["id"].startswith("month_") for activity in demo.control.activities())
    click.echo(
        f"backfill of {len(ended)} days: {dict(Counter(ended.values()))}; {sent:,} requests, {stored:,} activities"
    )
    demo.control.clear_requests()


def take_materialization(demo: RunningDemo, browser: Browser) -> None:
    """Take the overview of the asset, down to the last number of the latest run."""
    with opened(browser, width=1280, height=1500, scale=1.15) as page:
        dagster_pages.open_overview(page, demo.dagster)
        button = page.get_by_text("Materialize", exact=True)
        corners = page.get_by_role("tablist").first, button, button.locator("xpath=following::button[1]")
        take("materialization", page, *corners, dagster_pages.metadata_row(page, "rows_per_second"), margin=(23, 1))


def take_plots(demo: RunningDemo, browser: Browser) -> None:
    """Take some of the metadata over time."""
    with opened(browser, width=1500, height=3200, scale=1.5) as page:
        plots = dagster_pages.open_plots(page, demo.dagster)
        for name in plots.keys() - set(PLOTS):
            plots[name].evaluate("plot => plot.hidden = true")
        take("plots", page, *(plots[name] for name in PLOTS), margin=(16, -10))


def take_columns(demo: RunningDemo, browser: Browser) -> None:
    """Take the API's fields, and the source column that each comes from."""
    with opened(browser, width=1620, height=2000, scale=1.2) as page:
        take("column_lineage", page, dagster_pages.open_columns(page, demo.dagster), margin=(4, 4))


def take_rejected(demo: RunningDemo, browser: Browser) -> None:
    """Take the rows that a run could not send."""
    with opened(browser, width=1640, height=1800, scale=1.25) as page:
        dagster_pages.open_latest_event(page, demo.dagster, demo.latest_run())
        take("rejected", page, dagster_pages.metadata_row(page, "rejected_keys"), margin=(2, 2))


def take_sandbox(demo: RunningDemo, browser: Browser) -> None:
    """Take the room, and one of its contacts."""
    champion = next(user for user in demo.control.users().values() if "champion" in user["tags"])
    with opened(browser, width=1280, height=1800, scale=1) as page:
        page.goto(demo.sandbox)
        take("sandbox", page, page.locator("header"), page.locator("table.people tbody tr").nth(3), margin=(0, 0))
        page.goto(f"{demo.sandbox}/contacts/{champion['contact']}")
        take("sandbox_contact", page, page.locator("header"), page.locator("aside .card").nth(1), margin=(0, 18))


@contextmanager
def opened(browser: Browser, *, width: int, height: int, scale: float) -> Iterator[Page]:
    """Open a page of this size in CSS pixels, each of which is `scale` pixels wide in the picture."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=scale, locale="en-US", timezone_id="UTC"
    )
    with context, context.new_page() as page:
        yield page


def take(name: str, page: Page, *shown: Locator, margin: tuple[int, int], above: str | None = None) -> None:
    """Take the part of the page around the locators, or what of it is above a text, once it no longer changes."""
    give_up = time.monotonic() + SETTLE_SECONDS
    before = b""
    while (picture := page.screenshot(clip=cut(around(shown, margin), page, above))) != before:
        if time.monotonic() > give_up:
            sys.exit(f"{name} still changes after {SETTLE_SECONDS} seconds")
        before = picture
        page.wait_for_timeout(500)
    if len(picture) > LARGEST_BYTES:
        sys.exit(f"{name} has {len(picture):,} bytes, more than {LARGEST_BYTES:,}")
    (IMAGES / f"{name}.png").write_bytes(picture)
    click.echo(f"{name}.png  {len(picture):,} bytes")


def around(shown: tuple[Locator, ...], margin: tuple[int, int]) -> FloatRect:
    """Return the part of the page with all locators, and margins in CSS pixels: left and right, above and below."""
    boxes = [box for locator in shown if (box := locator.bounding_box())]
    left = max(min(box["x"] for box in boxes) - margin[0], 0)
    top = max(min(box["y"] for box in boxes) - margin[1], 0)
    right = max(box["x"] + box["width"] for box in boxes) + margin[0]
    bottom = max(box["y"] + box["height"] for box in boxes) + margin[1]
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def cut(box: FloatRect, page: Page, above: str | None) -> FloatRect:
    """Return a box as far down as a text, where it is in sight."""
    return box if above is None else {**box, "height": page.evaluate(TOP_OF_TEXT, above) - box["y"]}


if __name__ == "__main__":
    main()

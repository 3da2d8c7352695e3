"""Dagster's UI and the sandbox's page as the demo opens them, read by a person at a browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from cr_pipelines_tests.support import dagster_pages
from cr_pipelines_tests.support.running_demo import RunningDemo

pytestmark = pytest.mark.timeout(600)


def test_the_lineage_leads_from_the_source_table_to_the_sync_and_its_checks(page: Page, demo: RunningDemo) -> None:
    dagster_pages.open_lineage(page, demo.dagster)
    expect(page.get_by_text("5 / 5 Passed").first).to_be_visible()
    expect(page.get_by_text("4 / 4 Passed").first).to_be_visible()
    expect(page.get_by_text("Materialized", exact=True).first).to_be_visible()
    source = page.get_by_text("common_room_contacts", exact=True).bounding_box()
    sync = page.get_by_text("contacts", exact=True).bounding_box()
    assert source
    assert sync
    assert source["x"] + source["width"] < sync["x"]


def test_the_columns_say_which_column_fills_each_field(page: Page, demo: RunningDemo) -> None:
    columns = dagster_pages.open_columns(page, demo.dagster)
    row = columns.get_by_role("row").filter(has=page.get_by_text("roleAtCompany", exact=True))
    expect(row).to_contain_text("role_at_company")


def test_who_materializes_sees_what_was_delivered_there_and_in_the_sandbox(
    page: Page, other_page: Page, demo: RunningDemo
) -> None:
    other_page.goto(demo.sandbox)
    requests = other_page.locator(".tiles div", has_text="Requests").locator("dd")
    sent = int(requests.inner_text().replace(",", ""))
    demo.sql("UPDATE common_room_contacts SET username = 'renamed' WHERE id IN ('usr_1003', 'usr_1100', 'usr_1499')")
    before = demo.latest_run()

    dagster_pages.materialize(page, demo.dagster)

    metadata = dagster_pages.open_latest_event(page, demo.dagster, demo.next_run(before))
    expected = {"dagster/row_count": 500, "rows_offered": 3, "rows_delivered": 3, "rows_invalid": 0, "requests": 4}
    assert {name: int(metadata[name]) for name in expected} == expected
    assert float(metadata["seconds"]) > 0
    # The page keeps itself up to date. The run does not count its request for the room that the token belongs to.
    expect(requests).to_have_text(f"{sent + 5:,}")


def test_a_row_that_was_not_sent_is_shown_with_what_to_do_and_without_its_value(page: Page, demo: RunningDemo) -> None:
    demo.sql("UPDATE common_room_contacts SET email = 'somebody at nowhere' WHERE id = 'usr_1200'")
    demo.sync()
    dagster_pages.open_latest_event(page, demo.dagster, demo.latest_run())
    rejected = dagster_pages.metadata_row(page, "rejected_keys")
    expect(rejected).to_contain_text("usr_1200")
    expect(rejected).to_contain_text("email is not an e-mail address")
    assert "somebody at nowhere" not in page.content()


def test_the_numbers_of_the_runs_are_plotted_over_time(page: Page, demo: RunningDemo) -> None:
    plots = dagster_pages.open_plots(page, demo.dagster)
    wanted = {"dagster/row_count", "rows_offered", "rows_delivered", "rows_invalid", "rows_rejected", "rows_suppressed"}
    assert wanted | {"requests", "requests_rate_limited", "seconds"} <= plots.keys()


def test_the_sandbox_shows_the_contacts_and_the_requests_per_second(page: Page, demo: RunningDemo) -> None:
    page.goto(demo.sandbox)
    expect(page.locator(".tiles div", has_text="Contacts").locator("dd")).to_have_text("506")
    expect(page.get_by_text("506 contacts, page 1 of 21")).to_be_visible()
    bars = page.get_by_role("img", name="Requests per second").locator("path")
    expect(bars).to_have_attribute("d", re.compile("M"))

    name = demo.control.users()["usr_1003"]["fullName"]
    page.get_by_role("searchbox").fill(name)
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    expect(page.locator("table.people tbody tr")).to_have_count(1)


def test_a_contact_has_its_tags_and_custom_fields(page: Page, demo: RunningDemo) -> None:
    user = demo.control.users()["usr_1003"]
    page.goto(f"{demo.sandbox}/contacts/{user['contact']}")
    expect(page.get_by_role("heading", level=1)).to_have_text(user["fullName"])
    for shown in [*user["tags"], *user["custom_fields"]]:
        expect(page.get_by_text(shown, exact=True)).to_be_visible()


def test_the_days_of_activities_show_which_of_them_were_sent(page: Page, demo: RunningDemo) -> None:
    dagster_pages.open_partitions(page, demo.dagster)
    expect(page.get_by_text("Materialized (6)")).to_be_visible()
    expect(page.get_by_text("Failed (0)")).to_be_visible()

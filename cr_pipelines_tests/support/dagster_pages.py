"""The pages of Dagster that show common_room/contacts: each function returns when a person could read the page."""

from playwright.sync_api import Locator, Page

_ASSET = "/assets/common_room/contacts"
_GROUP = "/locations/__repository__@cr_pipelines/asset-groups/common_room/lineage"

# The outermost box around each canvas.
_PLOT = "xpath=//div[count(.//canvas)=1][not(parent::div[count(.//canvas)=1])]"

_ROWS_OF_LARGEST_TABLE = """() => {
  const rows = table => [...table.querySelectorAll(':scope > tbody > tr')];
  const [largest] = [...document.querySelectorAll('table')].sort((a, b) => rows(b).length - rows(a).length);
  return rows(largest).map(row => [...row.children].map(cell => cell.innerText.trim()));
}"""


_ALL_ARE_DRAWN = """() => {
  const canvases = [...document.querySelectorAll('canvas')];
  const pixels = canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  return canvases.length > 0 && canvases.every(canvas => canvas.width && pixels(canvas).some(Boolean));
}"""


_CHOOSE = """(element, [name, value]) => {
  const editor = element.CodeMirror;
  const line = new RegExp(`^( *)${name}: .*$`, 'm');
  const text = editor.getValue();
  editor.setValue(line.test(text)
    ? text.replace(line, `$1${name}: ${value}`)
    : text.replace(/^( *)dry_run: .*$/m, `$&\\n$1${name}: ${value}`));
}"""


def open_lineage(page: Page, dagster: str) -> None:
    """The group's graph: the source table and the sync."""
    page.goto(dagster + _GROUP)
    # It is the last that a node shows.
    page.get_by_text("Passed").first.wait_for()


def open_partitions(page: Page, dagster: str) -> None:
    """The days of activities, with how many of them are there, missing and failed."""
    page.goto(f"{dagster}/assets/common_room/activities?view=partitions")
    page.get_by_text("Materialized", exact=False).first.wait_for()


def open_schedules(page: Page, dagster: str) -> None:
    """Every schedule and sensor of the code location."""
    page.goto(f"{dagster}/automation")
    page.get_by_text("sync_tags_schedule").wait_for()


def open_overview(page: Page, dagster: str) -> None:
    """What the asset is, where it stands, and the metadata of the latest materialization; its columns folded up."""
    page.goto(dagster + _ASSET)
    page.get_by_text("rows_delivered", exact=True).wait_for()
    page.get_by_text("Latest check results").wait_for()
    page.get_by_text("Columns", exact=True).click()
    page.get_by_text("Column name", exact=True).wait_for(state="hidden")


def materialize(page: Page, dagster: str) -> None:
    """Press the button, and see that a run is launched."""
    page.goto(dagster + _ASSET)
    page.get_by_text("Materialize", exact=True).click()
    page.get_by_text("Launched run").wait_for()


def launch(page: Page, dagster: str, asset: str, *, partitioned: bool = False, **choices: str) -> None:
    """Open the Launchpad from the arrow beside the button, change what is filled in if at all, and press its button."""
    page.goto(f"{dagster}/assets/common_room/{asset}")
    button = page.locator("button", has_text="Materialize").first
    button.wait_for()
    button.locator("xpath=following-sibling::*[1] | ../following-sibling::*[1]").first.click()
    page.get_by_text("Open launchpad").click()
    editor = page.locator(".CodeMirror")
    editor.get_by_text("config", exact=True).first.wait_for()
    for name, value in choices.items():
        editor.evaluate(_CHOOSE, [name, value])
    # The page checks what was changed before it offers the button.
    page.get_by_text("No errors").wait_for()
    page.get_by_role("button", name="Materialize").last.click()
    if partitioned:
        # Dagster asks about a run without a partition.
        page.get_by_role("button", name="Confirm").click()


def open_columns(page: Page, dagster: str) -> Locator:
    """The asset's columns, the fields of the API: the table of them."""
    page.goto(dagster + _ASSET)
    table = page.locator("table", has=page.get_by_text("Column name", exact=True))
    table.wait_for()
    return table


def open_plots(page: Page, dagster: str) -> dict[str, Locator]:
    """The metadata over time: a plot by the name of what it shows."""
    open_overview(page, dagster)
    page.get_by_text("Plots", exact=True).click()
    plots = page.locator(_PLOT)
    page.wait_for_function(_ALL_ARE_DRAWN)
    return {plot.inner_text().strip(): plot for plot in plots.all()}


def open_latest_event(page: Page, dagster: str, run: str) -> dict[str, str]:
    """The materialization by a run, which is the latest: its metadata by name."""
    page.goto(f"{dagster}{_ASSET}?view=events")
    page.get_by_text("Materialized in run").wait_for()
    page.get_by_text(run[:8]).wait_for()
    page.get_by_text("rows_delivered", exact=True).wait_for()
    return {row[0]: row[1] for row in page.evaluate(_ROWS_OF_LARGEST_TABLE)}


def open_check(page: Page, dagster: str, check: str) -> None:
    """A check of the contacts: what it says of the latest run."""
    page.goto(f"{dagster}{_ASSET}?view=checks&checkDetail={check}")
    page.get_by_text("Latest execution", exact=False).first.wait_for()


def open_run(page: Page, dagster: str, run: str) -> None:
    """The timeline and the events of a run that failed."""
    page.goto(f"{dagster}/runs/{run}")
    page.get_by_text("RUN_FAILURE", exact=True).first.wait_for()


def metadata_row(page: Page, name: str) -> Locator:
    """The row of a table of metadata that has this name."""
    return page.locator("tr", has=page.get_by_text(name, exact=True))

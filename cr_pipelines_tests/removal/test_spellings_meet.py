"""Request and row meet in any spelling of an address and in any type of an id, and nobody else is suppressed."""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import adbc_driver_postgresql.dbapi
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cr_pipelines.api import CommonRoomClient
from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Destination, Report, Sync, run_sync
from cr_pipelines.warehouse import open_warehouse
from cr_pipelines_tests.support.warehouses import CORE_ENGINES, EmptyWarehouse, PostgreSQLDatabase, empty_warehouse

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ID_TYPES = {
    "duckdb": ["BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(20,4)", "VARCHAR", "UBIGINT"],
    "postgresql": ["bigint", "double precision", "numeric", "numeric(20,4)", "text", "integer"],
}
BLANK = st.text(" \t\n\r\u00a0\u2003\u2028\u3000\u200b\ufeff\u00ad\u2060\u200e\u202a\U000e0020", max_size=3)
LOCAL = st.text("abcXYZiI0_-+", min_size=1, max_size=12)
"""The sandbox takes no other letters here; `test_one_spelling` has them."""
LABEL = st.text("abciIdüøčñд例한مبא0", min_size=1, max_size=8)


@st.composite
def domains(draw: st.DrawFn) -> str:
    """A domain that IDNA knows: letters of one direction, and none that begins with a digit."""
    label = draw(LABEL)
    right = [letter for letter in label if letter in "مبא"]
    return "".join(right) or f"x{label}"


def spelled(draw: st.DrawFn, local: str, domain: str) -> str:
    """The address as somebody else may write it."""
    encoded = domain.encode().decode() if domain.isascii() else f"xn--{domain.encode('punycode').decode()}"
    address = f"{local}@{draw(st.sampled_from([domain, encoded, domain.upper()]))}.example"
    address = draw(st.sampled_from([address, address.upper(), address.lower(), address.swapcase()]))
    address = unicodedata.normalize(draw(st.sampled_from(["NFC", "NFD"])), address)
    return draw(BLANK) + address + draw(BLANK)


@st.composite
def people(draw: st.DrawFn) -> list[tuple[str, str, str, str]]:
    """Addresses: as they are sent first, as the requests have them, as they stand in a text, and of somebody else."""
    found = []
    for number in range(draw(st.integers(8, 20))):
        local, domain = f"p{draw(LOCAL)}{number}", unicodedata.normalize("NFC", draw(domains()))
        found.append(
            (
                *(spelled(draw, local, domain) for _ in range(2)),
                spelled(draw, local, domain).strip(),
                f"{local}-other@{domain}.example",
            )
        )
    return found


LOCALES = {
    "postgresql in C": "LC_COLLATE 'C' LC_CTYPE 'C'",
    "postgresql in Turkish of ICU": "LOCALE_PROVIDER icu ICU_LOCALE 'tr' LC_COLLATE 'C' LC_CTYPE 'C'",
    "postgresql in C.UTF-8 of its own": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'",
    "postgresql in Turkish of the system": "LC_COLLATE 'tr_TR.utf8' LC_CTYPE 'tr_TR.utf8'",
}
"""How databases compare text and change its case, beside the server's own way."""


@pytest.fixture(scope="module", params=[*CORE_ENGINES, *(LOCALES if "postgresql" in CORE_ENGINES else ())])
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyWarehouse]:
    folder: Path = tmp_path_factory.mktemp("spellings")
    if request.param not in LOCALES:
        with empty_warehouse(folder, request.param) as data:
            yield data
        return
    try:
        database = PostgreSQLDatabase(locale=LOCALES[request.param])
    except adbc_driver_postgresql.dbapi.Error as error:
        pytest.skip(f"the server has no such locale: {str(error).splitlines()[0]}")
    try:
        yield database
    finally:
        database.remove()


@given(people=people(), types=st.tuples(st.integers(0, 5), st.integers(0, 5)))
# A smaller example would take minutes to find.
@settings(max_examples=5, deadline=None, phases=[Phase.reuse, Phase.generate], suppress_health_check=list(HealthCheck))
def test_request_and_row_meet_in_every_spelling_and_nobody_else_does(
    data: EmptyWarehouse, sandbox: SandboxServer, people: list[tuple[str, str, str, str]], types: tuple[int, int]
) -> None:
    data.sql("DROP SCHEMA IF EXISTS common_room CASCADE")
    data.sql("DROP TABLE IF EXISTS common_room_pii_requests")
    sandbox.control.reset()
    first, second = (ID_TYPES[data.kind][number] for number in types)
    asked, others = range(len(people)), range(1_000, 1_000 + len(people))

    table(
        data, "people", first, [(i, people[i][0], "") for i in asked] + [(i, people[i - 1_000][3], "") for i in others]
    )
    sent = run(data, sandbox, "people")
    assert (sent.delivered, sent.invalid) == (2 * len(people), 0), sent.rejected_rows

    listed = ", ".join(f"('r{i}', {literal(people[i][1])})" for i in asked)
    data.sql(f"CREATE TABLE common_room_pii_requests AS SELECT * FROM (VALUES {listed}) AS v(request_id, email)")
    # The address has left the rows, and the ids have another type.
    table(
        data, "people", second, [(i, None, "new") for i in asked] + [(i, people[i - 1_000][3], "new") for i in others]
    )
    changed = run(data, sandbox, "people")
    assert (changed.suppressed, changed.delivered, changed.invalid) == (len(people), len(people), 0), changed

    # Another table, with other ids, has the address in a text, and in its own column.
    rows = [(i + 5_000, None, f"write to {people[i][2]} today") for i in asked]
    rows += [(i + 7_000, people[i][0], "") for i in asked] + [(i + 8_000, people[i - 1_000][3], "") for i in others]
    table(data, "elsewhere", "text" if data.kind == "postgresql" else "VARCHAR", rows)
    found = run(data, sandbox, "elsewhere")
    assert (found.suppressed, found.delivered, found.invalid) == (2 * len(people), len(people), 0), found


def table(data: EmptyWarehouse, name: str, id_type: str, rows: list[tuple[int, str | None, str]]) -> None:
    listed = ", ".join(f"({number}, {literal(email)}, {literal(bio)})" for number, email, bio in rows)
    data.sql(f"DROP TABLE IF EXISTS {name}")
    data.sql(
        f"CREATE TABLE {name} AS SELECT CAST(id AS {id_type}) AS id, CAST(email AS text) AS email, "
        f"nullif(bio, '') AS bio FROM (VALUES {listed}) AS v(id, email, bio)"
    )


def literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def run(data: EmptyWarehouse, sandbox: SandboxServer, name: str) -> Report:
    room = Destination(lambda: CommonRoomClient(sandbox.token, sandbox.base_url), sandbox.source_id)
    return run_sync(Sync(name, "contact", name), open_warehouse(data.url), room)

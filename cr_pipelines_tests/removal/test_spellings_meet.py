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
from cr_pipelines.sync.contract import address_hash, hashed_key
from cr_pipelines_tests.support.turkish import TURKISH, turkish_database
from cr_pipelines_tests.support.warehouses import (
    CORE_ENGINES,
    EmptyWarehouse,
    PostgreSQLDatabase,
    empty_warehouse,
    opened,
)

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

ID_TYPES = {
    "duckdb": ["BIGINT", "HUGEINT", "DOUBLE", "DECIMAL(20,4)", "VARCHAR", "UBIGINT"],
    "postgresql": ["bigint", "double precision", "numeric", "numeric(20,4)", "text", "integer"],
    "sqlite": ["INTEGER", "REAL", "NUMERIC", "TEXT", "BIGINT", "DOUBLE"],
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
    "postgresql in C.UTF-8 of its own": "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C'",
}
"""How databases compare text and change its case, beside the server's own way and that of Turkish."""
IN_TURKISH = {f"postgresql in Turkish of {locale}": locale for locale in TURKISH}


@pytest.fixture(
    scope="module", params=[*CORE_ENGINES, *([*LOCALES, *IN_TURKISH] if "postgresql" in CORE_ENGINES else ())]
)
def data(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmptyWarehouse]:
    folder: Path = tmp_path_factory.mktemp("spellings")
    if request.param in IN_TURKISH:
        with turkish_database(IN_TURKISH[request.param]) as data:
            assert data.sql("SELECT lower('I'), lower('\u0130')")[0][0] == "\u0131"
            yield data
        return
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
    first, second = (ID_TYPES[data.kind.partition("-")[0]][number] for number in types)
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


def test_a_key_is_the_same_in_every_locale(data: EmptyWarehouse, sandbox: SandboxServer) -> None:
    data.sql("DROP SCHEMA IF EXISTS common_room CASCADE")
    sandbox.control.reset()
    letters = ("I", "i", "\u0130", "\u0131", "\u00c9", "\u00e9")
    table(data, "letters", "text", [(letter, f"{n}.IDIL@ISIK.example", "") for n, letter in enumerate(letters)])
    assert run(data, sandbox, "letters").delivered == len(letters)
    assert keys(data, "letters") == {letter: address_hash(f"{n}.idil@isik.example") for n, letter in enumerate(letters)}

    rows = [("LinkedIn", "IDIL", "I"), ("LINKEDIN", "IDIL", "I"), ("Email", "IDIL@ISIK.example", "I")]
    listed = ", ".join(f"({', '.join(map(literal, row))})" for row in rows)
    data.sql("DROP TABLE IF EXISTS tagged")
    data.sql(f"CREATE TABLE tagged AS SELECT * FROM (VALUES {listed}) AS v(social_type, value, tag)")
    report = run(data, sandbox, "tagged", "contact_tag")
    assert report.duplicate_rows == 2, report
    assert set(keys(data, "tagged")) == {
        '["linkedin","IDIL","I"]',
        f'["email","{hashed_key("idil@isik.example")}","I"]',
    }


@pytest.mark.parametrize("collation", ["tr-x-icu", "any_case"])
def test_the_collation_of_a_column_changes_no_key_and_hides_no_request(
    data: EmptyWarehouse, sandbox: SandboxServer, collation: str
) -> None:
    if data.kind != "postgresql" or not data.sql("SELECT 1 FROM pg_collation WHERE collname = 'tr-x-icu'"):
        pytest.skip("the database has no collations of ICU")
    data.sql("DROP SCHEMA IF EXISTS common_room CASCADE")
    data.sql("DROP TABLE IF EXISTS common_room_pii_requests; DROP TABLE IF EXISTS collated")
    sandbox.control.reset()
    data.sql(
        "CREATE COLLATION IF NOT EXISTS any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    text = f'text COLLATE "{collation}"'
    data.sql(f"CREATE TABLE collated (id {text}, email {text})")
    data.sql("INSERT INTO collated VALUES ('I', 'IDIL@ISIK.example'), ('i', 'idil2@isik.example'), ('a', NULL)")
    data.sql(f"CREATE TABLE common_room_pii_requests (request_id {text}, email {text})")
    data.sql("INSERT INTO common_room_pii_requests VALUES ('R', 'idil@ISIK.example'), ('r', 'no@isik.example')")

    report = run(data, sandbox, "collated")

    assert (report.delivered, report.suppressed, report.invalid) == (2, 1, 0), report.rejected_rows
    assert set(keys(data, "collated")) == {"I", "i", "a"}
    assert data.sql("SELECT count(*) FROM common_room.pii_removals") == [(2,)]
    data.sql("UPDATE collated SET id = 'A' WHERE id = 'a'")
    assert run(data, sandbox, "collated").delivered == 1


def keys(data: EmptyWarehouse, sync: str) -> dict[str, str | None]:
    return dict(data.sql(f"SELECT key, email_hash FROM common_room.sync_ledger WHERE sync = '{sync}'"))


def table(data: EmptyWarehouse, name: str, id_type: str, rows: list[tuple[int | str, str | None, str]]) -> None:
    listed = ", ".join(f"({literal(str(number))}, {literal(email)}, {literal(bio)})" for number, email, bio in rows)
    data.sql(f"DROP TABLE IF EXISTS {name}")
    data.sql(
        f"CREATE TABLE {name} AS SELECT CAST(id AS {id_type}) AS id, CAST(email AS text) AS email, "
        f"nullif(bio, '') AS bio FROM (VALUES {listed}) AS v(id, email, bio)"
    )


def literal(text: str | None) -> str:
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def run(data: EmptyWarehouse, sandbox: SandboxServer, name: str, kind: str = "contact") -> Report:
    room = Destination(lambda: CommonRoomClient(sandbox.token, sandbox.base_url), sandbox.source_id)
    return run_sync(Sync(name, kind, name), opened(data), room)

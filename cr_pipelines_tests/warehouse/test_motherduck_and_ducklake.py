"""MotherDuck and DuckLake by their URLs, as far as a machine without DuckDB's extensions can show it.

`make test-warehouses` reads a real DuckLake.
"""

from pathlib import Path

import pytest

from cr_pipelines.warehouse import Source, WarehouseError, kind_of, open_warehouse, shown_url
from cr_pipelines.warehouse.duckdb_attached import AttachedDuckDB

STATE = "postgresql://u@127.0.0.1:1/state"


def source(url: str) -> Source:
    return open_warehouse(url, STATE).source


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("duckdb:///md:crm", "motherduck"),
        ("md:crm?motherduck_token=t", "motherduck"),
        ("motherduck:crm", "motherduck"),
        ("MD:crm", "motherduck"),
        ("duckdb:///ducklake:lake.ducklake", "ducklake"),
        ("ducklake:postgres:dbname=lake host=db", "ducklake"),
    ],
)
def test_both_forms_of_the_url_name_the_engine(url: str, kind: str):
    assert (kind_of(url), source(url).kind, shown_url(url)) == (kind, kind, f"{kind}:…")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("duckdb:///ducklake:lake.ducklake", "ATTACH 'ducklake:lake.ducklake' AS lake (READ_ONLY)"),
        ("ducklake:/data/it's.ducklake", "ATTACH 'ducklake:/data/it''s.ducklake' AS lake (READ_ONLY)"),
        (
            "duckdb:///ducklake:postgres:dbname=lake password=a%3Fb%23c?data_path=s3://bucket/lake/",
            "ATTACH 'ducklake:postgres:dbname=lake password=a?b#c' AS lake (READ_ONLY, DATA_PATH 's3://bucket/lake/')",
        ),
    ],
)
def test_a_lake_is_attached_for_reading(url: str, expected: str):
    lake = source(url)
    assert isinstance(lake, AttachedDuckDB)
    assert lake.statements() == ["LOAD ducklake", expected]


def test_an_extension_is_downloaded_only_if_the_url_says_so():
    lake = source("ducklake:lake.ducklake?install_extensions=true")
    assert isinstance(lake, AttachedDuckDB)
    assert lake.statements()[0] == "INSTALL ducklake"


@pytest.mark.parametrize("url", ["md:crm", "duckdb:///md:crm", "ducklake:lake.ducklake"])
def test_the_state_is_refused_there(url: str):
    with pytest.raises(WarehouseError, match=r"the state cannot be kept in (motherduck|ducklake); set a state URL"):
        open_warehouse(url)
    with pytest.raises(WarehouseError, match="the state URL must name a DuckDB file"):
        open_warehouse("duckdb:///crm.duckdb", url)


@pytest.mark.parametrize("place", ["md:crm", "ducklake:lake.ducklake"])
def test_an_extension_that_is_not_installed_is_named(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(WarehouseError, match=r"extension (motherduck|ducklake) is not installed .* run INSTALL"):
        source(place).session().__enter__()
    assert not Path("lake.ducklake").exists()


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("md:", "duckdb:///md:database"),
        ("md:crm/other", "duckdb:///md:database"),
        ("md:crm?data_path=x", "duckdb:///md:database"),
        ("ducklake:", "duckdb:///ducklake:catalog"),
        ("ducklake:lake.ducklake?motherduck_token=x", "duckdb:///ducklake:catalog"),
        ("ducklake:postgres:password=a#b", "duckdb:///ducklake:catalog"),
        ("ducklake:lake.ducklake?memory=much", "must be numbers"),
    ],
)
def test_a_url_that_is_not_well_formed_says_which_form_is_right(url: str, form: str):
    with pytest.raises(WarehouseError, match=form):
        source(url)

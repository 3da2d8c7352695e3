"""What a sync may read: a table by name, or a query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cr_pipelines.warehouse import Relation


@pytest.mark.parametrize(
    "name", ["contacts", "crm.contacts", "raw.crm.contacts", "_x1", "SELECTED", "fromages", "kontakty_č"]
)
def test_a_name_is_a_table(name: str) -> None:
    assert not Relation(name).is_query
    assert str(Relation(name)) == name


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "select * from x",
        "  (SELECT id FROM x)",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "FROM x",
        "VALUES (1)",
        "-- the people\nSELECT * FROM x",
        "/* of\nthe CRM */ SELECT * FROM x",
        "SELECT(1)",
    ],
)
def test_a_statement_is_a_query_and_messages_do_not_repeat_it(query: str) -> None:
    assert Relation(query).is_query
    assert str(Relation(query)) == "the query"


@pytest.mark.parametrize(
    "text",
    ["", " ", "my table", "a.b.c.d", "1st", 'x"; DROP TABLE y', "DELETE FROM x", "x; SELECT 1", "a..b", "a."],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a table name"):
        Relation(text)


@given(st.text())
def test_any_text_is_a_name_a_query_or_refused(text: str) -> None:
    try:
        relation = Relation(text)
    except ValueError:
        return
    assert relation.is_query or text.count(".") <= 2

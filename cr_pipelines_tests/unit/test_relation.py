"""What a sync may read: a table by name, or a query."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cr_pipelines.warehouse import Relation


@pytest.mark.parametrize(
    "name",
    [
        "contacts",
        "crm.contacts",
        "raw.crm.contacts",
        "my-project.crm.contacts",
        "_x1",
        "SELECTED",
        "fromages",
        "kontakty_č",
    ],
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
    [
        "",
        " ",
        "my table",
        "a.b.c.d",
        "1st",
        'x"; DROP TABLE y',
        "DELETE FROM x",
        "x; SELECT 1",
        "a..b",
        "a.",
        "a-b",
        "a-b.c",
        "a.b-c.d",
    ],
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


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS id) AS s; DROP TABLE precious; --",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE x;",
        "SELECT 1) UNION (SELECT 2",
        "WITH a AS (DELETE FROM x RETURNING *) SELECT * FROM a",
        "WITH a AS (SELECT 1) DELETE FROM x",
        "WITH a AS (UPDATE x SET y = 1 RETURNING *) SELECT * FROM a",
        "SELECT * FROM x/* ; */; DELETE FROM y",
        "SELECT ';' FROM x; DROP TABLE x",
    ],
)
def test_more_than_one_select_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="the source"):
        Relation(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1;",
        "SELECT 1; -- the end;",
        "SELECT ';' AS a, ')' AS b FROM x -- );",
        "SELECT $$;)$$ AS a",
        "SELECT E'\\';)' AS a",
        'SELECT "a;b)" FROM x',
        "SELECT updated, update FROM (SELECT * FROM x) AS y",
    ],
)
def test_signs_within_texts_names_and_comments_are_none(text: str) -> None:
    assert not Relation(text).query.rstrip().endswith(";")


@pytest.mark.parametrize(
    ("text", "absent", "mentioned"),
    [
        ("contacts", "CONTACTS", True),
        ("contacts", "base", False),
        ("crm.contacts", "demo.crm.contacts", True),
        ("crm.contacts", "demo.crm", True),
        ("crm.contacts", "demo.raw.contacts", False),
        ("crm.contacts", "contacts.raw", False),
        ("a-b.crm.contacts", "a-b:crm.contacts", True),
        ("SELECT * FROM crm.contacts", "demo.crm.contacts", True),
        ("SELECT * FROM crm.contacts", "demo:crm", True),
        ("SELECT * FROM crm.contacts", "demo.crm.base", False),
        ("SELECT 'base' AS a FROM crm.contacts -- base", "base", False),
    ],
)
def test_only_what_the_source_itself_names_makes_it_absent(text: str, absent: str, mentioned: bool) -> None:
    assert Relation(text).mentions(absent) is mentioned


@pytest.mark.parametrize(
    ("text", "absent", "mentioned"),
    [
        ("contacts", "people:crm.contacts", True),
        ("contacts", "people:raw.contacts", False),
        ("contacts", "people:crm", True),
        ("raw.contacts", "people:raw", True),
        ("other.raw.contacts", "people:raw.contacts", False),
        ("other.raw.contacts", "other", True),
    ],
)
def test_a_name_is_completed_with_its_home(text: str, absent: str, mentioned: bool) -> None:
    assert Relation(text).mentions(absent, home=("people", "crm")) is mentioned

"""The SQL that repairs what earlier versions of cr-pipelines left in the state tables.

Goes in: the names of the state tables and the columns that they have. Comes out: the statement's text, for a migration.
"""

from collections.abc import Collection

from cr_pipelines.sync.state.names import StateNames
from cr_pipelines.sync.state.statements import sql
from cr_pipelines.warehouse import LONGEST_KEY


def hash_long_keys(names: StateNames, table: str) -> str:
    """Rename keys that are too long for an index to their present spelling."""
    dialect = names.dialect
    return (
        f"UPDATE {names.table(table)} SET key = {dialect.kept_key('key')} "
        f"WHERE {dialect.byte_length('key')} > {LONGEST_KEY}"
    )


def name_holders(names: StateNames) -> str:
    """Fill in the person or thing that an address was sent for, in rows that are older than the column."""
    return (
        f"UPDATE {names.table('known_addresses')} SET holder = 'person ' || person "
        "WHERE holder IS NULL AND person IS NOT NULL"
    )


def one_row_of_each_key(names: StateNames, columns: Collection[str]) -> list[str]:
    """Keep one ledger row for each key that has several.

    A row that was sent, or may have been, takes precedence over one that was not; of two such rows, the last one sent
    wins. An append that was sent must not be sent again.
    """
    ledger, listed = names.table("sync_ledger"), names.columns(columns)
    own = names.dialect.identifier("sync_ledger")
    of_ledger = ", ".join(f"l.{names.dialect.identifier(name)}" for name in columns)
    return [
        sql(f"""
            CREATE TEMPORARY TABLE cr_repaired AS
            SELECT {listed} FROM (
              SELECT {of_ledger}, row_number() OVER (
                PARTITION BY l.sync, l.key
                ORDER BY CASE l.status WHEN 'unknown' THEN 0 WHEN 'delivered' THEN 1 ELSE 2 END,
                CASE WHEN l.last_sent_at IS NULL THEN 1 ELSE 0 END, l.last_sent_at DESC
              ) AS newness
              FROM {ledger} AS l
              JOIN (SELECT sync, key FROM {ledger} GROUP BY sync, key HAVING count(*) > 1) AS r
              ON r.sync = l.sync AND r.key = l.key
            ) AS numbered
            WHERE newness = 1
        """),
        sql(f"""
            DELETE FROM {ledger}
            WHERE EXISTS (SELECT 1 FROM cr_repaired AS r WHERE r.sync = {own}.sync AND r.key = {own}.key)
        """),
        f"INSERT INTO {ledger} ({listed}) SELECT {listed} FROM cr_repaired",
        "DROP TABLE cr_repaired",
    ]


def respelled_people(names: StateNames, columns: Collection[str]) -> str:
    """Note people whose id has a number's former spelling, such as `42.0` or `1e+16`, under the present one as well.

    Such a number cannot be distinguished from a string that looks like one, so the former spelling remains.
    """
    dialect, table = names.dialect, names.table("known_addresses")
    double = dialect.types["double"]
    spelled = dialect.spelled("number", double)
    number = "regexp_replace(person, '^-?[0-9]+([.][0-9]+)?(e[+]?[0-9]+)?$', '')"
    own = ", ".join("people.spelled" if name == "person" else f"people.{dialect.identifier(name)}" for name in columns)
    return sql(f"""
        INSERT INTO {table} ({names.columns(columns)})
        SELECT {own}
        FROM (
          SELECT numbers.*, {spelled} AS spelled
          FROM (
            SELECT known.*, CASE WHEN {number} = '' THEN CAST(person AS {double}) END AS number
            FROM {table} AS known
            WHERE person LIKE '%.%' OR person LIKE '%e+%'
          ) AS numbers
        ) AS people
        WHERE people.spelled <> people.person
    """)

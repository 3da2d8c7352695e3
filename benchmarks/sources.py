"""Sources of any size for the benchmarks."""

from pathlib import Path

import duckdb

CONTACTS = """
CREATE TABLE common_room_contacts AS SELECT
    i::VARCHAR AS id, 'Name ' || md5(i::VARCHAR) AS full_name, 'First' || i AS first_name, 'Last' || i AS last_name,
    'user' || i AS username, 'https://img.example.com/' || md5((3 * i)::VARCHAR) AS avatar_url,
    md5((i + 1)::VARCHAR) || ' ' || md5((i + 2)::VARCHAR) AS bio, 'user' || i || '@example.com' AS email,
    'in/user' || i AS linkedin, 'gh' || i AS github, 'tw' || i AS twitter, 'user' || i || '#1234' AS discord,
    'Engineering' AS role_at_company, 'Engineer ' || i % 1000 AS title_at_company,
    'Company ' || i % 5000 AS company_name, 'company' || i % 5000 || '.com' AS company_domain,
    'Country ' || i % 200 AS country, 'City ' || i % 3000 AS city, 'Region ' || i % 500 AS region,
    'City, Country' AS raw_location, ['tag' || i % 10, 'tag' || i % 7] AS tags, {{'Seats': i % 100}} AS custom_fields
FROM range({rows}) AS numbers(i)
"""


def contacts(path: Path, rows: int) -> str:
    """A DuckDB file of so many contacts with 22 columns, about 600 bytes a row; gives its URL."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute(CONTACTS.format(rows=rows))
    return f"duckdb:///{path}"

"""How the URL of a BigQuery project becomes a client; nothing is sent."""

from pathlib import Path

import pytest
from google.auth.credentials import AnonymousCredentials

from cr_pipelines.warehouse import WarehouseError, open_warehouse


def test_the_options_of_the_url_reach_the_client():
    url = (
        "bigquery://people/crm?location=EU&billing_project=payer&maximum_bytes_billed=1000000"
        "&endpoint=http://127.0.0.1:9050"
    )
    client = open_warehouse(url)._client()
    config = client.default_query_job_config
    assert (client.project, client.location) == ("payer", "EU")
    assert (str(config.default_dataset), config.maximum_bytes_billed) == ("people.crm", 1_000_000)
    assert config.labels == {"application": "cr-pipelines"}
    assert client._connection.API_BASE_URL == "http://127.0.0.1:9050"
    assert isinstance(client._credentials, AnonymousCredentials)


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("maximum_bytes_billed=much", "maximum_bytes_billed in the warehouse URL must be a whole number"),
        ("key=secret", "it takes the options location, credentials"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(option: str, expected: str):
    with pytest.raises(WarehouseError, match=expected) as caught:
        open_warehouse(f"bigquery://people/crm?{option}")
    assert "secret" not in str(caught.value)


def test_a_credentials_file_that_is_not_there_is_named_without_a_traceback(tmp_path: Path):
    warehouse = open_warehouse(f"bigquery://people/crm?credentials={tmp_path / 'nowhere.json'}")
    with (
        pytest.raises(WarehouseError, match="credentials file in the warehouse URL cannot be read"),
        warehouse.session(),
    ):
        pass

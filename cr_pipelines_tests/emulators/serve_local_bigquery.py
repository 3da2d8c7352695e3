"""local-bigquery with DuckDB's extensions from its own packages: PORT FOLDER. Runs in an environment of its own.

Otherwise it would download them. It looks for them in the home folder, which the caller sets.
"""

import sys

from local_bigquery.cli import main
from packaged_extensions import put_into_home

port, folder = sys.argv[1:]
put_into_home("icu", "ducklake", "spatial")
sys.argv = ["local-bigquery", "serve", "--host", "127.0.0.1", "--port", port, "--grpc-port", str(int(port) + 1)]
sys.argv += ["--project", "people", "--dataset", "crm", "--data-dir", folder]
main()

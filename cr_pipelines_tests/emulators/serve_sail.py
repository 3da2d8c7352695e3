"""Sail as a Spark server, and a client of it: queries in as lines of JSON, results out.

Runs in an environment of its own.
"""

# ruff: noqa: T201

import base64
import json
import sys

import pyarrow as pa
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

server = SparkConnectServer("127.0.0.1", 0)
server.start()
spark = SparkSession.builder.remote(f"sc://127.0.0.1:{server.listening_address[1]}").getOrCreate()
spark.conf.set("spark.sql.session.timeZone", "UTC")
spark.conf.set("spark.sql.ansi.enabled", "true")
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    try:
        frame = spark.sql(asked["query"])
        if asked["types"]:
            print(json.dumps({"types": frame.dtypes}), flush=True)
            continue
        table = frame.toArrow()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        print(json.dumps({"rows": base64.b64encode(sink.getvalue()).decode()}), flush=True)
    except Exception as error:
        print(json.dumps({"error": str(error)[:500]}), flush=True)
server.stop()

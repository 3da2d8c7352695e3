"""Rows that were read, and what the ledger has of them, come together by position, in pieces that fit into memory."""

import os
import random
from typing import Any

import pyarrow as pa
import pytest

from cr_pipelines.sync.plan import read_rows
from cr_pipelines.sync.plan.apart_statements import KNOWN
from cr_pipelines.sync.plan.read_rows import InOrder, ReadRows, whole_rows
from cr_pipelines.sync.plan.spool import LEDGER_COLUMNS


def read(first: int, sizes: list[int]) -> ReadRows:
    """Rows whose key, fingerprint, hash and value say which they are."""
    rows = ReadRows(first)
    for size in sizes:
        numbers = range(first, first := first + size)
        texts = [f"r{n}" for n in numbers]
        names = ["cr_key", "fingerprint", "row_hash", "value_id"]
        rows.write(pa.record_batch([texts, texts, list(numbers), texts], names=names))
    return rows


def joined(positions: list[int]) -> pa.RecordBatch:
    known: dict[str, Any] = {name: [f"{name} {n}" for n in positions] for name in KNOWN}
    known = {"position": positions, **known, "planned_hash": positions, "copy_number": [1] * len(positions)}
    return pa.record_batch(known)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_every_row_that_is_joined_comes_out_whole(monkeypatch: pytest.MonkeyPatch, share: float):
    monkeypatch.setattr(read_rows, "_ROWS_PER_PIECE", 70)
    reads = [read(0, [30, 1, 300]), read(331, [200, 69])]
    chance = random.Random(7)
    positions = [n for n in range(600) if chance.random() < share]
    shuffled = chance.sample(positions, len(positions))
    in_order = InOrder()
    for start in range(0, len(shuffled), 90):
        in_order.write(joined(shuffled[start : start + 90]))
        in_order.keep()
    found = [row for batch in whole_rows(reads, in_order.batches(50)) for row in batch.to_pylist()]
    assert [row["planned_hash"] for row in found] == positions
    assert list(found[0]) == [*LEDGER_COLUMNS, "value_id", "planned_hash", "copy_number"]
    for row in found:
        number = row["planned_hash"]
        assert (row["value_id"], row["fingerprint"], row["row_hash"]) == (f"r{number}", f"r{number}", number)
        assert all(row[name] == f"{name} {number}" for name in KNOWN)


def test_a_query_that_begins_again_drops_only_its_own_rows():
    in_order = InOrder()
    in_order.write(joined([4, 0]))
    in_order.keep()
    in_order.write(joined([3, 1]))
    in_order.clear()
    in_order.write(joined([2]))
    in_order.keep()
    [batch] = in_order.batches(10)
    assert batch.column(0).to_pylist() == [0, 2, 4]


def test_any_number_of_pieces_is_one_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(read_rows, "_ROWS_PER_PIECE", 1)
    before = len(os.listdir("/dev/fd"))  # noqa: PTH208 - macOS has it, too
    in_order = InOrder()
    in_order.write(joined(list(range(500))))
    in_order.keep()
    assert len(os.listdir("/dev/fd")) <= before + 2  # noqa: PTH208
    assert sum(batch.num_rows for batch in in_order.batches(10)) == 500

"""Which rows a run offers."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cr_pipelines.sync import Options, Sync
from cr_pipelines.sync.contract import CONTRACTS
from cr_pipelines.sync.plan.offers import COMPARISONS, also_offered, turns

UPSERT, APPEND = Sync("contacts", "contact", "t"), Sync("notes", "segment_note", "t")
TAGS, RECREATED = Sync("tags", "tag", "t"), Sync("tags", "tag", "t", recreate_deleted=True)


@pytest.mark.parametrize(
    ("sync", "options", "also"),
    [
        (UPSERT, {}, set()),
        (UPSERT, {"resync": "failed"}, {"rejected"}),
        (UPSERT, {"resync": "all"}, {"rejected", "unchanged", "deleted_remotely"}),
        (UPSERT, {"keys": ["c1"]}, set()),
        (TAGS, {}, set()),
        (RECREATED, {}, {"deleted_remotely"}),
        (RECREATED, {"resync": "failed"}, {"rejected"}),
        (APPEND, {}, set()),
        (APPEND, {"resync": "failed"}, {"rejected"}),
        (APPEND, {"resync": "all"}, {"rejected", "deleted_remotely"}),
        (APPEND, {"keys": ["n1"]}, {"unknown", "changed_after_delivery"}),
        (APPEND, {"keys": ["n1"], "resync": "failed"}, {"rejected", "unknown"}),
        (
            APPEND,
            {"keys": ["n1"], "resync": "all"},
            {"rejected", "unchanged", "deleted_remotely", "unknown", "changed_after_delivery"},
        ),
    ],
)
def test_rows_that_need_nothing_are_offered_only_when_asked_for(
    sync: Sync, options: dict[str, Any], also: set[str]
) -> None:
    assert also_offered(sync, Options(**options)) == also


SYNCS = st.sampled_from([Sync("s", kind, "t") for kind in CONTRACTS] + [RECREATED])
OPTIONS = st.builds(Options, resync=st.sampled_from(["changed", "failed", "all"]), keys=st.sampled_from([(), ("k",)]))


@given(sync=SYNCS, options=OPTIONS)
def test_an_append_that_may_have_arrived_is_sent_again_only_by_its_key(sync: Sync, options: Options) -> None:
    offered = also_offered(sync, options)
    if not sync.contract.repeatable and not options.keys:
        assert not offered & {"unchanged", "unknown", "changed_after_delivery"}


@given(sync=SYNCS, options=OPTIONS)
def test_no_row_is_offered_twice_and_none_that_left_the_source(sync: Sync, options: Options) -> None:
    offered = [name for turn in turns(options, also_offered(sync, options)) for name in re.findall(r"'(\w+)'", turn)]
    assert len(offered) == len(set(offered))
    assert "absent" not in offered or "why <> 'absent'" in turns(options, also_offered(sync, options))[0]
    assert set(offered) <= {*COMPARISONS, "failed"}


@given(sync=SYNCS, options=OPTIONS)
def test_new_and_changed_rows_go_before_those_that_failed(sync: Sync, options: Options) -> None:
    first, *later = turns(options, also_offered(sync, options))
    if options.resync == "failed":
        assert "was_status IN ('failed', 'rejected')" in first
        assert not any("'new'" in turn or "'changed'" in turn for turn in (first, *later))
    else:
        assert {"new", "changed", "interrupted"} <= set(re.findall(r"'(\w+)'", first))
        assert {"retry", "recheck"} <= set(re.findall(r"'(\w+)'", later[0]))

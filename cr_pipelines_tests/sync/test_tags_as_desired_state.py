"""Tags: the room has those of the source, as the source has them."""

import httpx
import pytest

from cr_pipelines.sandbox import SandboxServer
from cr_pipelines.sync import Sync, SyncStopped
from cr_pipelines_tests.support.flow import Flow


@pytest.fixture
def tags(flow: Flow) -> Flow:
    flow.sql("CREATE TABLE common_room_tags (name VARCHAR, description VARCHAR, entity_types VARCHAR)")
    flow.sql("INSERT INTO common_room_tags VALUES ('VIP', 'Important', 'member'), ('Beta', NULL, 'member, company')")
    return with_options(flow)


def with_options(flow: Flow, **options: object) -> Flow:
    return Flow(flow.data, flow.sandbox, Sync("tags", "tag", "common_room_tags", **options))


def calls(sandbox: SandboxServer) -> list[tuple[str, int]]:
    reads = {"listTags", "getApiTokenStatus"}
    requests = [request for request in sandbox.control.requests() if request["operation"] not in reads]
    sandbox.control.clear_requests()
    return [(request["operation"], request["status"]) for request in requests]


def api(flow: Flow) -> httpx.Client:
    headers = {"authorization": f"Bearer {flow.sandbox.token}"}
    return httpx.Client(base_url=flow.sandbox.base_url, headers=headers, trust_env=False)


def room_tags(flow: Flow) -> dict[str, str | None]:
    """The live tags and their descriptions, but for those that every new room has."""
    with api(flow) as room:
        tags = room.get("/tags").json()["labels"]
    flow.sandbox.control.clear_requests()
    found = {tag["name"]: tag["description"] for tag in tags}
    assert {"customer", "prospect", "community"} <= set(found)
    return {name: found[name] for name in found if name not in {"customer", "prospect", "community"}}


def delete_by_hand(flow: Flow, name: str) -> None:
    with api(flow) as room:
        [id_] = [tag["id"] for tag in room.get("/tags").json()["labels"] if tag["name"] == name]
        room.delete(f"/tags/{id_}").raise_for_status()
    flow.sandbox.control.clear_requests()


def test_tags_are_made_and_described(tags: Flow, sandbox: SandboxServer):
    tags.run()
    assert calls(sandbox) == [("createTag", 200)] * 2
    assert room_tags(tags) == {"VIP": "Important", "Beta": None}
    sandbox.control.clear_requests()
    tags.sql("UPDATE common_room_tags SET description = 'Very important' WHERE name = 'VIP'")
    tags.run()
    assert calls(sandbox) == [("updateTag", 200)]
    assert room_tags(tags)["VIP"] == "Very important"


def test_a_tag_that_the_room_has_already_takes_no_request_unless_it_differs(tags: Flow, sandbox: SandboxServer):
    tags.sql("DELETE FROM common_room_tags")
    tags.sql("INSERT INTO common_room_tags VALUES ('customer', NULL, 'member'), ('prospect', 'Talks', 'member')")
    assert tags.run().delivered == 2
    assert calls(sandbox) == [("updateTag", 200)]


def test_what_a_tag_is_for_cannot_be_changed_and_is_said_to_be_invalid(tags: Flow):
    tags.run()
    tags.sql("UPDATE common_room_tags SET entity_types = 'member, activity' WHERE name = 'VIP'")
    assert tags.run().invalid == 1
    assert "asks for activity, but the room's tag of this name is not for that" in tags.rejected()["VIP"][1]


def test_a_tag_deleted_by_hand_is_reported_and_restored_only_when_asked(tags: Flow, sandbox: SandboxServer):
    tags.run()
    delete_by_hand(tags, "VIP")
    for _ in range(2):
        report = tags.run()
        assert (report.deleted_remotely, report.deleted_remotely_keys, report.unchanged) == (1, ["VIP"], 2)
        assert "1 deleted remotely; deleted remotely: VIP;" in report.summary()
    assert not calls(sandbox)
    report = with_options(tags, recreate_deleted=True).run()
    assert (report.deleted_remotely, report.delivered, report.unchanged) == (1, 1, 1)
    assert room_tags(tags) == {"VIP": "Important", "Beta": None}
    assert tags.run().deleted_remotely == 0


def test_a_tag_that_left_the_source_stays_unless_removal_is_asked_for(tags: Flow, sandbox: SandboxServer):
    tags.run()
    tags.sql("DELETE FROM common_room_tags WHERE name = 'VIP'")
    sandbox.control.clear_requests()
    assert (tags.run().absent_from_source, calls(sandbox)) == (1, [])
    deleting = with_options(tags, on_source_delete="delete")
    planned = deleting.run(dry_run=True)
    assert (planned.deletions, planned.deletion_keys, calls(sandbox)) == (1, ["VIP"], [])
    assert (deleting.run(limit=1).deletions, calls(sandbox)) == (0, [])
    report = deleting.run()
    assert (report.deletions, report.deletion_keys, calls(sandbox)) == (1, ["VIP"], [("deleteTag", 200)])
    assert room_tags(tags) == {"Beta": None}
    sandbox.control.clear_requests()
    assert (deleting.run().deletions, calls(sandbox)) == (0, [])
    tags.sql("INSERT INTO common_room_tags VALUES ('VIP', 'Again', 'member')")
    assert deleting.run().delivered == 1
    assert room_tags(tags)["VIP"] == "Again"


def test_too_many_removals_are_refused_and_nothing_is_lost(tags: Flow, sandbox: SandboxServer):
    tags.sql(
        "INSERT INTO common_room_tags SELECT 'Tag ' || i, NULL, 'member' FROM generate_series(0, 19) AS numbers(i)"
    )
    tags.run()
    tags.sql("DELETE FROM common_room_tags WHERE name LIKE 'Tag 1%'")
    tags.sql("INSERT INTO common_room_tags VALUES ('New', NULL, 'member')")
    sandbox.control.clear_requests()
    deleting = with_options(tags, on_source_delete="delete")
    for expected in ([("createTag", 200)], []):
        with pytest.raises(SyncStopped, match=r"11 of 2\d tags left the source"):
            deleting.run()
        assert calls(sandbox) == expected
    report = with_options(tags, on_source_delete="delete", max_deletions=11).run()
    assert (report.deletions, len(calls(sandbox))) == (11, 11)


def test_an_emptied_source_deletes_nothing(tags: Flow, sandbox: SandboxServer):
    tags.run()
    tags.sql("DELETE FROM common_room_tags")
    sandbox.control.clear_requests()
    report = with_options(tags, on_source_delete="delete").run()
    assert (report.emptied, report.deletions, calls(sandbox)) == (True, 0, [])


def test_a_tag_whose_name_has_an_at_sign_is_followed_all_the_same(tags: Flow, sandbox: SandboxServer):
    tags.sql("INSERT INTO common_room_tags VALUES ('met@conference', NULL, 'member')")
    tags.run()
    assert tags.run().deleted_remotely == 0
    tags.sql("DELETE FROM common_room_tags WHERE name = 'met@conference'")
    assert with_options(tags, on_source_delete="delete").run().deletions == 1
    assert "met@conference" not in room_tags(tags)


def test_removal_is_for_tags_only():
    with pytest.raises(ValueError, match="for tags only"):
        Sync("contacts", "contact", "common_room_contacts", on_source_delete="delete")

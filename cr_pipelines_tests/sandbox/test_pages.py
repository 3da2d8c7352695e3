from html.parser import HTMLParser

import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines_tests.support.room import anyone, put_user

EVIL = '<script>alert("x")</script>'
PAGES = ("/", "/activities", "/segments", "/tags", "/removals", "/requests", "/api")


class Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.attributes: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.attributes.update(given)
        if tag == "script":
            self.scripts.append(given.get("src"))
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]


def fill_with_evil(api: httpx.Client, control: SandboxClient) -> None:
    control.add_custom_field(EVIL, "string")
    control.add_segment(EVIL, [EVIL])
    field = next(field["id"] for field in api.get("/members/customFields").json() if field["name"] == EVIL)
    put_user(
        api,
        id=EVIL,
        email="evil@example.com",
        fullName=EVIL,
        companyName=EVIL,
        bio=EVIL,
        externalProfiles=[{"url": "javascript:alert(1)", "name": EVIL}],
        tags=[{"type": "name", "name": EVIL}],
        customFields=[{"id": field, "value": {"type": "string", "value": EVIL}}],
    )
    activity = {
        "id": EVIL,
        "activityType": "signed_up",
        "user": {"id": EVIL},
        "activityTitle": {"type": "text", "value": EVIL},
        "content": {"type": "text", "value": EVIL},
        "url": "javascript:alert(1)",
        "subSource": {"type": "name", "name": EVIL},
    }
    assert api.post("/source/1/activity", json=activity).status_code == 202
    api.post("/members/note", json={"socialType": "email", "value": "evil@example.com", "note": EVIL})
    for segment in api.get("/segments").json():
        api.post(f"/segments/{segment['id']}", json={"socialType": "email", "value": "evil@example.com"})
        api.post("/segments/note", json={"segmentId": segment["id"], "note": EVIL})
    api.get(f"/user/{EVIL}")


def test_nothing_that_was_sent_becomes_markup(
    sandbox: SandboxServer, api: httpx.Client, control: SandboxClient
) -> None:
    fill_with_evil(api, control)
    (contact,) = control.contacts()
    for path in (*PAGES, f"/contacts/{contact['id']}", f"/?search={EVIL}", f"/{EVIL}", "/?page=zwei"):
        page = anyone.get(sandbox.url + path)
        markup = Markup()
        markup.feed(page.text)
        assert markup.scripts == ["/static/page.js"]
        assert not {name for name in markup.attributes if name.startswith("on") or name == "style"}
        assert all(address.startswith(("/", "data:")) for address in markup.addresses)
        assert "default-src 'self'" in page.headers["content-security-policy"]
    shown = anyone.get(f"{sandbox.url}/contacts/{contact['id']}").text
    assert shown.count("&lt;script&gt;") > 8


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_an_empty_room(sandbox: SandboxServer, path: str) -> None:
    page = anyone.get(sandbox.url + path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_contacts_are_searched_by_name_and_address_and_paged(sandbox: SandboxServer, api: httpx.Client) -> None:
    for number in range(60):
        put_user(api, id=str(number), fullName=f"Person {number}", email=f"p{number}@example.com")
    first = anyone.get(sandbox.url).text
    assert "Person 59" in first
    assert "Person 30<" not in first
    assert "page 1 of 3" in first
    assert "Person 30<" in anyone.get(sandbox.url, params={"page": 2}).text
    assert "Person 0<" in anyone.get(sandbox.url, params={"page": 99}).text
    for search in ("person 17", "P17@EXAMPLE"):
        found = anyone.get(sandbox.url, params={"search": search}).text
        assert "Person 17<" in found
        assert "Person 18<" not in found


def test_a_contact_has_a_page_until_and_after_it_is_anonymized(
    sandbox: SandboxServer, api: httpx.Client, control: SandboxClient
) -> None:
    fill_with_evil(api, control)
    api.delete("/user/evil@example.com")
    (contact,) = control.contacts()
    assert "evil@example.com" in anyone.get(f"{sandbox.url}/removals").text
    control.advance(11 * 86_400)
    page = anyone.get(f"{sandbox.url}/contacts/{contact['id']}")
    assert page.status_code == 200
    assert "Anonymized contact" in page.text
    assert "evil@example.com" not in page.text
    assert anyone.get(f"{sandbox.url}/contacts/1").status_code == 404


def test_the_pages_need_nothing_from_elsewhere(sandbox: SandboxServer) -> None:
    page = anyone.get(sandbox.url).text
    markup = Markup()
    markup.feed(page)
    assert all(address.startswith(("/", "data:")) for address in markup.addresses)
    for name in ("page.css", "page.js"):
        assert anyone.get(f"{sandbox.url}/static/{name}").status_code == 200
    assert anyone.get(f"{sandbox.url}/static/../pages.py").status_code == 404
    assert anyone.post(sandbox.url).status_code == 405


def test_the_control_api_explains_what_it_refuses(sandbox: SandboxServer, control: SandboxClient) -> None:
    missing = anyone.get(f"{sandbox.url}/_sandbox/nothing")
    assert missing.status_code == 404
    assert "GET /_sandbox/summary" in missing.json()["there_is"]
    with pytest.raises(ValueError, match="advance_seconds"):
        control.advance(-1)
    with pytest.raises(ValueError, match="positive"):
        control.set_limit(0)
    with pytest.raises(ValueError, match="15 days"):
        control.set_removals(days=16)
    with pytest.raises(ValueError, match="type"):
        control.add_custom_field("x", "colour")
    assert anyone.post(f"{sandbox.url}/_sandbox/faults", json=[]).status_code == 400
    assert anyone.get(f"{sandbox.url}/_sandbox/contacts?limit=x").status_code == 400

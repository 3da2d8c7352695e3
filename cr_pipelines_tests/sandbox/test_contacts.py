import httpx
import pytest

from cr_pipelines.sandbox import SandboxClient, SandboxServer
from cr_pipelines_tests.support.examples import FULL_USER
from cr_pipelines_tests.support.room import anyone, client_of, custom_field_id, put_user

INVALID = {"reason": "invalid-request-body"}


def test_the_token_status_names_the_room_of_the_token(api: httpx.Client) -> None:
    response = api.get("/api-token-status")
    assert response.status_code == 200
    assert set(response.json()) == {"jti", "communityName", "communityId"}


@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic sandbox-token", "sandbox-token"])
def test_without_a_known_token_every_operation_is_forbidden(sandbox: SandboxServer, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header}
    response = anyone.get(f"{sandbox.base_url}/tags", headers=headers)
    assert (response.status_code, response.json()) == (403, {"reason": "Token not valid"})


def test_several_tokens_can_be_accepted() -> None:
    with SandboxServer(token="one, two") as sandbox:
        for token, status in (("one", 200), ("two", 200), ("three", 403)):
            with client_of(sandbox, token) as api:
                assert api.get("/tags").status_code == status


def test_a_user_is_stored_with_every_field_as_sent(api: httpx.Client, control: SandboxClient) -> None:
    response = put_user(api, **FULL_USER)
    assert response.status_code == 202
    stored = control.users()["u1"]
    assert {name: stored[name] for name in FULL_USER} == FULL_USER


def test_a_user_is_accepted_at_once_and_stored_a_moment_later() -> None:
    with SandboxServer(settle_seconds=3600) as sandbox, client_of(sandbox) as api:
        assert put_user(api, id="u1", email="a@example.com").status_code == 202
        assert api.get("/user/a@example.com").status_code == 404
        assert sandbox.control.summary()["waiting"] == 1
        sandbox.control.advance(3601)
        assert api.get("/user/a@example.com").status_code == 200


def test_fields_sent_replace_null_clears_and_fields_left_out_stay(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="u1", fullName="Ada", city="London", bio="x")
    put_user(api, id="u1", fullName="Ada L.", bio=None)
    stored = control.users()["u1"]
    assert (stored["fullName"], stored["city"]) == ("Ada L.", "London")
    assert "bio" not in stored


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fullName": "no id"},
        {"id": 7},
        {"id": ""},
        {"id": "u", "fullName": 7},
        {"id": "u", "email": "nobody"},
        {"id": "u", "email": "two@at@example.com"},
        {"id": "u", "email": "a b@example.com"},
        {"id": "u", "email": ""},
        {"id": "u", "github": "ada"},
        {"id": "u", "github": {"type": "url", "value": "ada"}},
        {"id": "u", "discord": {"username": "ada"}},
        {"id": "u", "externalProfiles": [{"name": "no url"}]},
        {"id": "u", "tags": [{"type": "name"}]},
        {"id": "u", "tags": "a, b"},
        {"id": "u", "tags": None},
        {"id": "u", "tags": [{"type": "id", "id": "999999"}]},
        {"id": "u", "misspelled": "field"},
        [],
        "text",
    ],
)
def test_a_body_that_breaks_the_contract_is_refused_without_naming_the_field(
    api: httpx.Client, control: SandboxClient, body: object
) -> None:
    response = api.post("/source/1/user", json=body)
    assert response.status_code == 400
    assert response.json().items() >= INVALID.items()
    assert set(response.json()) == {"reason", "docs"}
    assert control.summary()["contacts"] == 0


@pytest.mark.parametrize("content", [b"", b"{", b'{"id": "u1"', b"\xff"])
def test_a_body_that_is_not_json_is_refused(api: httpx.Client, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert api.post("/source/1/user", content=content, headers=headers).status_code == 400


def test_a_body_that_does_not_say_it_is_json_is_refused(api: httpx.Client) -> None:
    response = api.post("/source/1/user", content=b'{"id": "u1"}', headers={"content-type": "text/plain"})
    assert response.status_code == 400


def test_a_body_may_be_as_large_as_512_kib_and_no_larger(api: httpx.Client) -> None:
    frame = len(b'{"id":"u","bio":""}')
    largest = 512 * 1024
    assert put_user(api, id="u", bio="x" * (largest - frame)).status_code == 202
    assert put_user(api, id="u", bio="x" * (largest - frame + 1)).status_code == 400


@pytest.mark.parametrize("source", ["2", "abc", "-1", "1.0"])
def test_an_unknown_destination_source_is_not_found(api: httpx.Client, source: str) -> None:
    assert api.post(f"/source/{source}/user", json={"id": "u1"}).status_code == 404


def test_users_with_one_email_address_are_one_contact(api: httpx.Client, control: SandboxClient) -> None:
    second = control.add_source("CRM")
    put_user(api, id="u1", email="Ada@Example.com", fullName="Ada", tags=[{"type": "name", "name": "one"}])
    body = {"id": "x", "email": "ada@example.COM", "city": "London", "tags": [{"type": "name", "name": "two"}]}
    api.post(f"/source/{second}/user", json=body)
    (contact,) = control.contacts()
    assert len(contact["users"]) == 2
    assert contact["tags"] == ["one", "two"]
    assert contact["known"]["fullName"] == "Ada"
    assert contact["known"]["city"] == "London"


def test_contacts_that_turn_out_to_be_one_person_are_merged_with_all_they_have(
    api: httpx.Client, control: SandboxClient
) -> None:
    put_user(api, id="u1", email="a@example.com", tags=[{"type": "name", "name": "one"}])
    put_user(api, id="u2", twitter={"type": "handle", "value": "ada"})
    note = {"socialType": "twitter", "value": "@Ada", "note": "hello"}
    assert api.post("/members/note", json=note).status_code == 200
    activity = {"id": "1", "activityType": "signed_up", "user": {"id": "u2"}}
    api.post("/source/1/activity", json=activity)
    assert control.summary()["contacts"] == 2
    put_user(api, id="u2", email="A@example.com")
    (contact,) = control.contacts()
    assert [user["fields"]["id"] for user in contact["users"]] == ["u1", "u2"]
    assert (contact["tags"], contact["activities"], len(contact["notes"])) == (["one"], 1, 1)
    (member,) = api.get("/members", params={"twitter": "ada"}).json()
    assert member["common_room_member_url"].endswith(f"/contacts/{contact['id']}")


def test_a_changed_email_address_leaves_the_old_one_unknown(api: httpx.Client) -> None:
    put_user(api, id="u1", email="old@example.com")
    put_user(api, id="u1", email="new@example.com")
    assert api.get("/user/old@example.com").status_code == 404
    assert api.get("/user/new@example.com").status_code == 200


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("email", "ADA@example.com"),
        ("twitter", "ada"),
        ("twitter", "@Ada"),
        ("github", "ada"),
        ("github", "https://github.com/ada"),
        ("linkedin", "in/ada"),
        ("linkedin", "https://www.linkedin.com/in/ada/"),
    ],
)
def test_a_contact_is_found_by_address_and_accounts(api: httpx.Client, parameter: str, value: str) -> None:
    put_user(api, **FULL_USER)
    (member,) = api.get("/members", params={parameter: value}).json()
    assert member["fullName"] == "Ada Lovelace"
    assert member["organization"] == "Analytical Engines"
    assert member["location"].items() >= {"city": "London", "region": "London", "country": "United Kingdom"}.items()


def test_a_lookup_without_a_parameter_is_an_error_and_one_without_a_hit_not_found(api: httpx.Client) -> None:
    assert api.get("/members").status_code == 400
    assert api.get("/members", params={"email": "nobody@example.com"}).status_code == 404
    assert api.get("/user/nobody@example.com").json()["status"] == "not-found"


def test_an_email_address_in_a_path_is_percent_decoded(api: httpx.Client) -> None:
    put_user(api, id="u1", email="a+b/c%d@example.com")
    (found,) = api.get("/user/a%2Bb%2Fc%25d%40example.com").json()["ids"]
    assert isinstance(found, int)


def test_a_legacy_contact_joins_the_contact_with_its_address(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="u1", email="a@example.com")
    (segment, *_) = api.get("/segments").json()
    body = {
        "source": "crm",
        "fullName": "Ada",
        "description": "bio",
        "socials": [
            {"type": "github", "value": {"handle": "ada"}},
            {"type": "email", "value": "A@example.com"},
            {"type": "youtube", "value": {"handle": "adatube"}},
        ],
        "segment": segment["id"],
        "company": "Engines",
        "location": {"city": "London"},
    }
    for _ in range(2):
        assert api.post("/members/", json=body).status_code == 200
    (contact,) = control.contacts()
    assert contact["known"]["bio"] == "bio"
    assert len(contact["users"]) == 2
    assert [joined["id"] for joined in contact["segments"]] == [segment["id"]]
    (member,) = api.get("/members", params={"github": "ada"}).json()
    assert (member["youtube"], member["organization"]) == (["adatube"], "Engines")


@pytest.mark.parametrize(
    "body",
    [
        {"fullName": "no source"},
        {"source": "crm"},
        {"source": "crm", "fullName": "x", "segment": 1},
        {"source": "crm", "socials": [{"type": "myspace", "value": {"handle": "x"}}]},
        {"source": "crm", "socials": [{"type": "email", "value": "nobody"}]},
    ],
)
def test_a_legacy_contact_that_breaks_the_contract_is_refused(api: httpx.Client, body: object) -> None:
    assert api.post("/members/", json=body).status_code == 400


def test_a_note_is_appended_each_time(api: httpx.Client, control: SandboxClient) -> None:
    note = {"socialType": "email", "value": "a@example.com", "note": "hello"}
    assert api.post("/members/note", json=note).status_code == 404
    put_user(api, id="u1", email="a@example.com")
    for _ in range(2):
        assert api.post("/members/note", json=note).status_code == 200
    assert [kept["note"] for kept in control.notes()] == ["hello", "hello"]
    assert api.post("/members/note", json=note | {"socialType": "fax"}).status_code == 400


def test_custom_fields_are_listed_with_the_values_of_enums_and_by_who_may_write_them(
    api: httpx.Client, control: SandboxClient
) -> None:
    other = control.add_source("CRM")
    control.add_custom_field("CRM stage", "enum", ["won", "lost"], sources=[other])
    fields = {field["name"]: field for field in api.get("/members/customFields").json()}
    assert {field["type"] for field in fields.values()} == {
        "enum", "string", "date", "int", "number", "url", "boolean",
    }  # fmt: skip
    assert fields["CRM stage"]["values"] == ["won", "lost"]
    assert "values" not in fields["Seats"]

    def writable(source: object) -> set[str]:
        response = api.get("/members/customFields", params={"destinationSourceId": str(source)})
        return {field["name"] for field in response.json()}

    assert writable(other) == set(fields)
    assert writable(1) == set(fields) - {"CRM stage"}
    assert writable(77) == set()
    stage = [{"id": fields["CRM stage"]["id"], "value": {"type": "enum", "value": "won"}}]
    assert put_user(api, id="u1", customFields=stage).status_code == 400
    assert api.post(f"/source/{other}/user", json={"id": "u1", "customFields": stage}).status_code == 202


GOOD_VALUES = [
    ("Plan", "enum", "Team"),
    ("Products used", "enum", ["API", "Dashboards"]),
    ("Account owner", "string", ""),
    ("Renewal date", "date", "2026-02-28"),
    ("Seats", "int", -3),
    ("Seats", "int", 4.0),
    ("Health score", "number", 0.5),
    ("CRM record", "url", "https://crm.example/1?x=y"),
    ("Marketing opt-in", "boolean", False),
    ("Teams", "string", []),
]
BAD_VALUES = [
    ("Plan", "enum", "Platinum"),
    ("Plan", "string", "Team"),
    ("Plan", "enum", ["Team"]),
    ("Products used", "enum", "API"),
    ("Products used", "enum", ["API", "Fax"]),
    ("Account owner", "string", 7),
    ("Renewal date", "date", "2026-02-30"),
    ("Renewal date", "date", "2026-02-28T00:00:00Z"),
    ("Renewal date", "date", "20260228"),
    ("Seats", "int", 1.5),
    ("Seats", "int", True),
    ("Seats", "int", "3"),
    ("Health score", "number", "high"),
    ("CRM record", "url", "crm.example"),
    ("Marketing opt-in", "boolean", "yes"),
    ("Marketing opt-in", "boolean", None),
    ("Plan", "colour", "red"),
]


@pytest.mark.parametrize(("name", "type_", "value"), GOOD_VALUES)
def test_a_custom_field_takes_values_of_its_type(
    api: httpx.Client, control: SandboxClient, name: str, type_: str, value: object
) -> None:
    change = {"id": custom_field_id(api, name), "value": {"type": type_, "value": value}}
    assert put_user(api, id="u1", customFields=[change]).status_code == 202
    assert control.users()["u1"]["custom_fields"] == {name: value}


@pytest.mark.parametrize(("name", "type_", "value"), BAD_VALUES)
def test_a_custom_field_takes_no_other_value(api: httpx.Client, name: str, type_: str, value: object) -> None:
    change = {"id": custom_field_id(api, name), "value": {"type": type_, "value": value}}
    assert put_user(api, id="u1", customFields=[change]).status_code == 400


def test_a_custom_field_sent_without_value_is_cleared_and_others_stay(
    api: httpx.Client, control: SandboxClient
) -> None:
    seats, plan = custom_field_id(api, "Seats"), custom_field_id(api, "Plan")
    put_user(
        api,
        id="u1",
        customFields=[
            {"id": seats, "value": {"type": "int", "value": 3}},
            {"id": plan, "value": {"type": "enum", "value": "Team"}},
        ],
    )
    put_user(api, id="u1", fullName="Ada")
    assert control.users()["u1"]["custom_fields"] == {"Seats": 3, "Plan": "Team"}
    put_user(api, id="u1", customFields=[{"id": seats}])
    assert control.users()["u1"]["custom_fields"] == {"Plan": "Team"}
    assert put_user(api, id="u1", customFields=[{"id": 1}]).status_code == 400


def test_a_custom_field_is_set_on_an_existing_contact(api: httpx.Client, control: SandboxClient) -> None:
    put_user(api, id="u1", email="a@example.com")
    who = {"socialType": "email", "value": "a@example.com"}
    plan, products = custom_field_id(api, "Plan"), custom_field_id(api, "Products used")

    def send(**body: object) -> int:
        return api.post("/members/customFields", json=who | body).status_code

    assert send(customFieldId=plan, customFieldValue={"type": "enum", "value": "Free"}) == 200
    values = [{"type": "enum", "value": "API"}, {"type": "enum", "value": "Analytics"}]
    assert send(customFieldId=products, customFieldValues=values) == 200
    assert send(customFieldId=products, customFieldValues=values[:1]) == 200
    assert control.contacts()[0]["custom_fields"] == {"Plan": "Free", "Products used": ["API"]}
    assert send(customFieldId=plan, customFieldValue={"type": "enum", "value": "Platinum"}) == 400
    assert send(customFieldId=plan, customFieldValues=values) == 400
    assert send(customFieldId=plan) == 400
    assert send(customFieldId=1, customFieldValue={"type": "enum", "value": "Free"}) == 404
    assert send(value="b@example.com", customFieldId=plan, customFieldValue={"type": "enum", "value": "Free"}) == 404


def test_a_legacy_contact_is_found_by_each_of_several_accounts_of_one_network(api: httpx.Client) -> None:
    socials = [{"type": "github", "value": {"handle": handle}} for handle in ("ada", "lovelace")]
    api.post("/members/", json={"source": "crm", "fullName": "Ada", "socials": socials})
    found = [api.get("/members", params={"github": handle}) for handle in ("ada", "@Lovelace")]
    assert [response.json()[0]["github"] for response in found] == [["ada", "lovelace"]] * 2


def test_an_address_names_the_sources_it_came_from(api: httpx.Client) -> None:
    put_user(api, id="u1", email="ada@example.com")
    api.post("/members/", json={"source": "crm", "socials": [{"type": "email", "value": "ada@example.com"}]})
    [profile] = api.get("/members", params={"email": "ada@example.com"}).json()
    assert profile["email"] == [{"email": "ada@example.com", "sources": ["Warehouse", "crm"]}]

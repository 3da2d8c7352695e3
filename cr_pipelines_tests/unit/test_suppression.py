"""Whether a row or a request body is about a suppressed person."""

import json
import time
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import idna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cr_pipelines.sync import Timing
from cr_pipelines.sync.contract import address_hash
from cr_pipelines.sync.contract.identity import canonical_domain, keyed_hash, keyed_hashes, lowered
from cr_pipelines.sync.contract.punycode import punycode
from cr_pipelines.sync.model import RunKey
from cr_pipelines.sync.privacy import address_search
from cr_pipelines.sync.privacy.address_search import hashes_in
from cr_pipelines.sync.privacy.lease import lease_clock
from cr_pipelines.sync.privacy.send_guard import InFlight, LeaseExpired, RowSuppressed
from cr_pipelines.sync.privacy.suppression import Suppressed
from cr_pipelines.sync.privacy.watch import SuppressionWatch

ADA, BOB = "ada.lovelace+news@example.com", "bob@example.com"
HASH = address_hash(ADA)
LIST = Suppressed(3, frozenset({HASH}), keys={"c1": HASH}, people={"u1": HASH})


@pytest.mark.parametrize(
    ("key", "person", "hashes", "found"),
    [
        ("c1", None, (), HASH),
        ("c2", "u1", (), HASH),
        ("c2", "u2", (address_hash(BOB), HASH), HASH),
        ("c2", "u2", (address_hash(BOB),), None),
        ("u1", None, (), None),
        ("c2", "c1", (), None),
    ],
)
def test_a_row_is_suppressed_by_its_key_its_person_or_an_address(
    key: str, person: str | None, hashes: tuple[str, ...], found: str | None
) -> None:
    assert LIST.address_of(key, person, hashes) == found


def test_an_empty_list_suppresses_nobody() -> None:
    assert Suppressed(5).address_of("c1", "u1", [HASH]) is None
    assert Suppressed(5).address_in(ADA.encode()) is None


def as_json(text: str) -> bytes:
    return json.dumps({"note": text}, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "text",
    [
        "{}", "<{}>", '"{}"', "({})", "[{}]", "mailto:{}", "to:{}", "x={}&y=1", "{}.", "{}, bob@example.com", "...{}",
        "**{}**", "_{}_", "-{}", "line\n{}\nline", "tab\t{}", 'Ada "the first" <{}>', "連絡先は{}です",
        "bob@example.com;{}", "https://x.example/?email={}", "{}…",
    ],
)  # fmt: skip
def test_an_address_is_found_whatever_surrounds_it(text: str) -> None:
    assert LIST.address_in(as_json(text.format(ADA))) == HASH


def test_an_address_with_many_marks_is_found_after_another_mark() -> None:
    address = "!".join("abcdefghij") + "@example.com"
    assert address_hash(address) in hashes_in(json.dumps({"text": f"see x=x!{address}"}).encode())


@pytest.mark.parametrize("spelling", [ADA.upper(), ADA.title(), quote(ADA, safe=""), quote(ADA.upper(), safe="")])
def test_an_address_is_found_in_any_spelling(spelling: str) -> None:
    assert LIST.address_in(as_json(f"see {spelling} please")) == HASH


@pytest.mark.parametrize(
    "other", [BOB, "x" + ADA, "a" + ADA.replace("@", "@sub."), "ada.lovelace@example.com", "no address"]
)
def test_another_address_is_not_taken_for_it(other: str) -> None:
    assert LIST.address_in(as_json(f"see {other} please")) is None


NAMES = st.from_regex(r"[a-z0-9]([a-z0-9._+'-]{0,12}[a-z0-9])?", fullmatch=True)
DOMAINS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{2,6}){1,2}", fullmatch=True)
ADDRESSES = st.builds("{}@{}".format, NAMES, DOMAINS)
AROUND = st.text(st.sampled_from(' \n\t"<>()[],;:\\'), min_size=1, max_size=3)


@given(address=ADDRESSES, before=AROUND, after=AROUND, upper=st.booleans(), words=st.text(max_size=20))
def test_any_address_is_found_between_any_marks(address: str, before: str, after: str, upper: bool, words: str) -> None:
    suppressed = Suppressed(1, frozenset({address_hash(address)}))
    written = address.upper() if upper else address
    body = as_json(f"{words}{before}{written}{after}{words}".encode(errors="ignore").decode())
    assert suppressed.address_in(body) == address_hash(address)


@given(st.binary())
def test_no_body_is_too_odd_to_be_searched(body: bytes) -> None:
    assert LIST.address_in(body) in (None, HASH)


@given(address=ADDRESSES, blanks=st.sampled_from(["", " ", "\n"]))
def test_one_address_has_one_hash_and_another_has_another(address: str, blanks: str) -> None:
    assert address_hash(blanks + address.upper() + blanks) == address_hash(address)
    assert address_hash(address) != address_hash("x" + address)


@pytest.mark.parametrize(
    "text",
    ["mailto:{}", "ada%2Elovelace%2Bnews%40example.com", "ada.lovelace%252Bnews%2540example.com",
     "ada.lovelace+news&#64;example.com", "ada.lovelace+news\\u0040example.com", "ada.love\u00adlace+news@example.com",
     "\ufeffada.lovelace+news@example.com",
     "see\u00a0ada.lovelace+news@example.com", "ada.lovelace%2Bnews@example.com"],
)  # fmt: skip
def test_an_address_is_found_in_the_spellings_of_links_and_markup(text: str) -> None:
    assert LIST.address_in(as_json(text.format(ADA))) == HASH


HOSTILE = {
    "letters": "a", "Japanese": "日", "four bytes": "𠀀", "dashes": "x@" + "a-" * 40, "at signs": "@", "pairs": "a@",
    "marks": "!" * 200 + "@a.bc", "quoted": "%40", "escaped": "\\", "markup": "&#64;", "dots": "a.",
    "addresses": "ada@example.com ", "format": "\u00ad@a.bc",
}  # fmt: skip


def seconds_of_search(text: str) -> float:
    body = as_json(text)
    spent = []
    for _ in range(7):
        begun = time.thread_time()
        LIST.address_in(body)
        spent.append(time.thread_time() - begun)
    return min(spent)


@pytest.mark.parametrize("unit", HOSTILE.values(), ids=HOSTILE)
def test_the_search_takes_time_in_proportion_to_the_size(unit: str) -> None:
    small, large = ((unit * (size // len(unit) + 1))[:size] for size in (20_000, 80_000))
    # Four times the size: a square would take sixteen times as long.
    assert seconds_of_search(large) < 8 * seconds_of_search(small) + 0.002


@pytest.mark.parametrize("unit", ["a", "日", "𠀀", "x@" + "a-" * 10_000])
def test_a_long_text_costs_about_a_millisecond(unit: str) -> None:
    assert seconds_of_search((unit * 20_000)[:20_000]) < 0.003


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("@a." * 6_667, 4),
        ("ada@example.com " * 1_250, 1),
        ("日本語@例え.日本 " * 1_500, 2),
        ("néa@é.fr " * 2_000, 4),
        ("é@é.b" * 4_000, 8),
        (" ".join(f"p{number}@example.com" for number in range(1_000)), 1_000),
        (" ".join(f"né{number}@exämple.de" for number in range(1_000)), 3_000),
        ("!" * 300 + "@a.bc" * 100, 80),
        ("a" * 20_000, 0),
    ],
)
def test_each_different_address_is_hashed_once(text: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []

    def count(texts: Iterable[str]) -> frozenset[str]:
        hashed.extend(texts)
        return frozenset()

    monkeypatch.setattr(address_search, "keyed_hashes", count)
    LIST.address_in(as_json(text))
    assert len(hashed) == len(set(hashed)) <= most


LABELS = st.text(
    st.one_of(
        st.sampled_from(
            "abc\u00e9\u00df\u03c2\u03c3\u65e5\u4f8b\ud55c\uad6d\u00f1\u0406\u0436\u05d0\u0639\u0661\u0915\u094d\u0301-A\u0130\uff10\u30fb\u30fc"
        ),
        st.characters(categories=("Ll", "Lo", "Nd")),
    ),
    max_size=70,
)


@settings(max_examples=500)
@given(st.lists(LABELS, min_size=1, max_size=6))
def test_a_domain_has_the_spelling_that_idna_gives_it(labels: list[str]) -> None:
    domain = ".".join(labels)
    try:
        expected = domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        expected = domain
    assert canonical_domain(domain) == lowered(expected)


@given(st.lists(st.text(max_size=30), max_size=5))
def test_hashes_of_many_are_those_of_each(texts: list[str]) -> None:
    assert keyed_hashes(texts) == {keyed_hash(text) for text in texts}


def test_the_list_and_the_lease_are_checked_after_the_search() -> None:
    watch = SuppressionWatch(RunKey("run", "contacts"), "common_room", None, Timing(lease_seconds=1e9))
    watch._suppressed, watch._looked_at = Suppressed(1, frozenset({"other"})), lease_clock()

    class Slow(tuple):  # type: ignore[type-arg]
        """Rows during whose search the list changes."""

        def __iter__(self) -> Any:
            watch._suppressed = LIST
            return super().__iter__()

    with pytest.raises(RowSuppressed):
        InFlight(watch, Slow()).enter(as_json(ADA))
    watch._looked_at = float("-inf")
    with pytest.raises(LeaseExpired):
        InFlight(watch, ()).enter(as_json(BOB))


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40))
def test_punycode_is_that_of_python(label: str) -> None:
    assert punycode(label) == label.encode("punycode").decode()


@pytest.mark.parametrize(
    "domain",
    [
        "b\u00fccher{}.de",
        "\u65e5\u672c{}.jp",
        "\ud55c\uad6d{}.kr",
        "\u043f\u0440\u0438{}\u043c\u0435\u0440.\u0440\u0444",
        "\u0645\u062b\u0627\u0644.\u0645\u0635\u0631",
    ],
)
def test_a_domain_of_letters_needs_none_of_the_slow_rules_of_idna(domain: str, monkeypatch: pytest.MonkeyPatch) -> None:
    slow: list[str] = []
    monkeypatch.setattr("cr_pipelines.sync.contract.identity.idna.encode", lambda text, **_: slow.append(text))
    text = " ".join(f"p{number}@{domain.format(number)}" for number in range(300))
    assert len(hashes_in(as_json(text))) >= 300
    assert slow == []

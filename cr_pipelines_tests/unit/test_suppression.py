"""Whether a row or a request body is about a suppressed person."""

import json
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

import idna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.hostile_texts import FAMILIES
from cr_pipelines.sync import Timing
from cr_pipelines.sync.contract import address_hash, domains
from cr_pipelines.sync.contract.domains import ascii_domains
from cr_pipelines.sync.contract.identity import keyed_hash, keyed_hashes
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


@pytest.mark.parametrize(
    "address",
    [
        "ada@\u0909\u0926\u093e\u0939\u0930\u0923.\u092d\u093e\u0930\u0924",
        "ada@\u0e17\u0e35\u0e48.\u0e44\u0e17\u0e22",
        "ada@b\u00fccher.example", "ada@\u4f8b\u3048.\u65e5\u672c", "ada@\u0645\u062b\u0627\u0644.\u0645\u0635\u0631",
        "ada@\u05d3\u05d5\u05d2\u05de\u05d4.\u05e7\u05d5\u05dd",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "see {}.",
        "\u9023\u7d61\u5148:{}\u3002\u6b21\u306e\u6587",
        "{}\u3002",
        "<{}>",
        "x@y.example {} a@b.example",
    ],
)
def test_an_address_of_any_script_is_found(address: str, text: str) -> None:
    name, _, domain = address.partition("@")
    for written in (
        address, address.upper(), f"{name}\uff20{domain}", f"{name}@{domain.replace('.', chr(0xFF0E))}",
        f"{name}@{domain.replace('.', chr(0x3002))}", f"{name}\ufe0f@{domain}", quote(address),
        f"{name}@{ascii_domains([domain])[domain]}", unicodedata.normalize("NFD", address),
    ):  # fmt: skip
        assert address_hash(address) in hashes_in(as_json(text.format(written))), written


def seconds_of_search(text: str) -> float:
    body = as_json(text)
    spent = []
    for _ in range(7):
        begun = time.thread_time()
        address_search.search(body)
        spent.append(time.thread_time() - begun)
    return min(spent)


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
def test_what_is_done_for_a_text_grows_with_its_size_alone(
    make: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: Counter[str] = Counter()

    def counting(module: Any, name: str, size: Callable[[Any], int]) -> None:
        real = getattr(module, name)

        def count(given: Any) -> Any:
            given = given if isinstance(given, str) else list(given)
            done[name] += size(given)
            return real(given)

        monkeypatch.setattr(module, name, count)

    counting(address_search, "keyed_hashes", len)
    counting(address_search, "canonical_domains", len)
    counting(address_search, "_canonical_names", len)
    counting(domains, "_encode", lambda label: min(len(label), 64))
    counted = []
    for size in (5_000, 10_000, 20_000):
        done.clear()
        address_search.search(as_json(make(size)))
        counted.append(dict(done))
    small, middle, large = counted
    for name, number in large.items():
        # A square would do four times as much, and longer words a little more than twice.
        assert number <= 2.6 * middle.get(name, 0) + 200
        assert middle.get(name, 0) <= 2.6 * small.get(name, 0) + 200
    # Names with and without what precedes them, and at most four forms of the domain.
    assert large.get("keyed_hashes", 0) <= 8_000
    assert large.get("canonical_domains", 0) <= 12_000


@pytest.mark.parametrize("make", FAMILIES.values(), ids=FAMILIES)
def test_the_last_check_of_a_request_searches_nothing_again(
    make: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    body = as_json(f"{make(20_000)} {ADA} ")
    noted = hashes_in(body)
    monkeypatch.setattr(address_search, "search", None)
    watch = SuppressionWatch(RunKey("run", "contacts"), "common_room", None, Timing(lease_seconds=1e9))
    watch._suppressed, watch._looked_at = Suppressed(1, frozenset({"other"})), lease_clock()
    InFlight(watch, ()).enter(body)
    watch._suppressed = Suppressed(2, frozenset({HASH}))
    assert (HASH in noted) == (LIST.address_in(body) == HASH)


def test_what_was_found_is_remembered_for_one_hash_key_and_within_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    body = as_json(f"{ADA} " * 100)
    assert hashes_in(body) == {HASH}
    monkeypatch.setenv("CR_HASH_KEY", "secret")
    assert hashes_in(body) == {address_hash(ADA)} != {HASH}
    monkeypatch.setattr(address_search, "_MOST_RECENT", 500)
    recent = address_search._Recent()
    for number in range(20):
        recent.find(as_json(" ".join(f"p{number}x{each}@example.com" for each in range(100))))
        assert sum(1 + len(found) for found in recent._found.values()) == recent._size <= 500
    assert len(recent._found) == 4


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


LETTERS = (
    "abc\u00e9\u00df\u03c2\u03c3\u03a3\u65e5\u4f8b\ud55c\uad6d\u00f1\u0406\u0436\u05d0\u0639\u0661\u0915\u094d\u093e\u0301-A"
    "\u0130\uff10\uff21\u30fb\u30fc\u00b7l\u0375\u06f1\u05b0\u0b47\u3131\u1100\u3002\uff0e\ufe0f\u200d_\u2603\U0001f600\u1e9e\u212b"
)
LABELS = st.one_of(
    st.text(st.sampled_from(LETTERS), max_size=8),
    st.text(st.characters(categories=("L", "M", "N")), max_size=5),
    st.text(st.one_of(st.sampled_from(LETTERS), st.characters(categories=("Ll", "Lo", "Nd"))), max_size=70),
    st.sampled_from(["xn--bcher-kva", "xn--", "xn--a", "ab--c\u00e9", "XN--BCHER-KVA", "b\u00fccher", "ok"]),
)


def by_idna(domain: str) -> str:
    try:
        return domain if domain.isascii() else idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        return domain


@pytest.mark.long
@settings(max_examples=1_500)
@given(st.lists(st.lists(LABELS, min_size=1, max_size=5), min_size=1, max_size=4))
def test_domains_have_the_spelling_that_idna_gives_them(domains: list[list[str]]) -> None:
    found = [".".join(labels) for labels in domains]
    assert ascii_domains(found) == {domain: by_idna(domain) for domain in found}


@pytest.mark.long
def test_each_letter_has_the_place_in_a_domain_that_idna_gives_it() -> None:
    letters = [chr(code) for code in range(0x80, 0x3000) if unicodedata.category(chr(code)) != "Cn"]
    around = ("{}", "a{}", "{}a", "a{}a", "\u05d0{}", "\u05d0{}\u05d0", "{}\u05d0", "\u0e01{}")
    domains = [each.format(letter) + ".example" for letter in letters for each in around]
    assert {domain: found for domain, found in ascii_domains(domains).items() if found != by_idna(domain)} == {}


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
    expected = label.encode("punycode").decode()
    assert punycode(label, len(expected)) == expected
    assert punycode(label, len(expected) - 1) is None


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
    for name in ("encode", "alabel"):
        monkeypatch.setattr(f"cr_pipelines.sync.contract.domains.idna.{name}", lambda text, **_: slow.append(text))
    text = " ".join(f"p{number}@{domain.format(number)}" for number in range(300))
    assert len(hashes_in(as_json(text))) >= 300
    assert slow == []

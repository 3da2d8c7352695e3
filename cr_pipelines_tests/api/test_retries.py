from hypothesis import given
from hypothesis import strategies as st

from cr_pipelines.api import Backoff, Failure, FailureKind, careful, first_of, never, when_not_sent, when_repeatable
from cr_pipelines.api.operations import ADD_CONTACT_NOTE, ADD_OR_EDIT_USER

KINDS = list(FailureKind)


@given(
    attempt=st.integers(1, 10_000),
    attempts=st.integers(1, 10_000),
    base=st.floats(0, 10),
    cap=st.floats(0, 100),
    jitter=st.floats(0, 1),
)
def test_a_backoff_waits_up_to_its_bounds_and_stops_after_its_attempts(
    attempt: int, attempts: int, base: float, cap: float, jitter: float
) -> None:
    wait = Backoff(attempts, base, cap, lambda: jitter)(Failure(ADD_OR_EDIT_USER, FailureKind.NO_RESPONSE, attempt))
    if attempt >= attempts:
        assert wait is None
    else:
        assert wait is not None
        assert 0 <= wait <= min(cap, base * 2.0 ** min(attempt - 1, 64))


def test_waits_double_up_to_the_cap() -> None:
    backoff = Backoff(attempts=10, base=0.5, cap=5.0, jitter=lambda: 1.0)
    waits = [backoff(Failure(ADD_OR_EDIT_USER, FailureKind.SERVER_FAULT, n)) for n in range(1, 7)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


@given(st.sampled_from(KINDS), st.integers(1, 4))
def test_what_is_repeatable_is_retried_after_any_failure(kind: FailureKind, attempt: int) -> None:
    assert careful()(Failure(ADD_OR_EDIT_USER, kind, attempt)) is not None


@given(st.sampled_from(KINDS), st.integers(1, 4))
def test_what_appends_is_retried_only_when_it_was_not_sent(kind: FailureKind, attempt: int) -> None:
    again = careful()(Failure(ADD_CONTACT_NOTE, kind, attempt)) is not None
    assert again == (kind is FailureKind.NOT_SENT)


def test_rules_combine() -> None:
    failure = Failure(ADD_OR_EDIT_USER, FailureKind.NO_RESPONSE, 1)
    rule = first_of(when_not_sent(lambda _: 1.0), when_repeatable(lambda _: 2.0))
    assert rule(failure) == 2.0
    assert rule(Failure(ADD_OR_EDIT_USER, FailureKind.NOT_SENT, 1)) == 1.0
    assert first_of(never, rule)(failure) == 2.0
    assert first_of()(failure) is None

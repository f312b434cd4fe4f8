"""From answers to results."""

from hypothesis import given
from hypothesis import strategies as st

from wherry.node.pods.probes.counting import Count, Timing
from wherry.node.pods.probes.model import Result

YES, NO, HMM = Result.SUCCESS, Result.FAILURE, Result.UNKNOWN
TIMING = Timing(successes=2, failures=3)


def after(*results: Result, holds: bool = False) -> Count:
    count = Count(holds)
    for each in results:
        count = count.after(each, TIMING)
    return count


def test_it_takes_as_many_in_a_row_as_it_says() -> None:
    assert not after(YES).holds
    assert after(YES, YES).holds
    assert not after(YES, NO, YES).holds
    assert after(NO, NO, holds=True).holds
    assert not after(NO, NO, NO, holds=True).holds


def test_a_warning_is_a_pass() -> None:
    assert after(Result.WARNING, YES).holds


def test_what_could_not_be_asked_says_nothing() -> None:
    assert after(YES, HMM, YES).holds
    assert after(NO, NO, HMM, holds=True).holds


def test_when_it_is_decided() -> None:
    assert after(NO, NO, NO).is_decided(False, TIMING)
    assert not after(NO, NO).is_decided(False, TIMING)
    assert after(YES, YES).is_decided(True, TIMING)
    assert not after(NO, NO, NO).is_decided(True, TIMING)


def test_zero_means_the_usual() -> None:
    assert Timing.of({}) == Timing(0.0, 10.0, 1.0, 1, 3)
    probe = {"initialDelaySeconds": 5, "periodSeconds": 2, "timeoutSeconds": 3, "successThreshold": 4}
    assert Timing.of({**probe, "failureThreshold": 5}) == Timing(5.0, 2.0, 3.0, 4, 5)


@given(st.lists(st.sampled_from([YES, NO, HMM])), st.booleans())
def test_it_holds_by_the_last_long_enough_row(results: list[Result], begins: bool) -> None:
    told = [each for each in results if each is not HMM]
    wanted = begins
    for end in range(1, len(told) + 1):
        if told[max(end - 2, 0) : end] == [YES, YES]:
            wanted = True
        if told[max(end - 3, 0) : end] == [NO, NO, NO]:
            wanted = False
    assert after(*results, holds=begins).holds == wanted

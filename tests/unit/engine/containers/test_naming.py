"""Names for containers nobody named."""

import re

from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.naming import name


def test_a_name_is_an_adjective_and_a_noun() -> None:
    assert re.fullmatch(r"[a-z]+_[a-z]+", name(lambda candidate: True))


@given(st.integers(0, 40))
def test_it_goes_on_until_one_is_free(refusals: int) -> None:
    asked: list[str] = []

    def is_free(candidate: str) -> bool:
        asked.append(candidate)
        return len(asked) > refusals

    found = name(is_free)
    assert found == asked[-1]
    assert len(asked) == refusals + 1


def test_when_the_plain_name_is_taken_a_number_is_added() -> None:
    assert re.fullmatch(r"[a-z]+_[a-z]+\d{1,3}", name(lambda candidate: candidate[-1].isdigit()))

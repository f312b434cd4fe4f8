"""Sets of a job's indexes, as texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.kinds.jobspec.indexes import count, first_in_both, interval


@pytest.mark.parametrize(("text", "number"), [("", 0), ("0", 1), ("0,3-5,7", 5), ("0-9", 10)])
def test_how_many_there_are(text: str, number: int) -> None:
    assert count(text, 10) == number


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a", 'cannot convert string to integer for index: "a"'),
        ("1,", 'cannot convert string to integer for index: ""'),
        ("-1", 'cannot convert string to integer for index: ""'),
        ("10", 'too large index: "10"'),
        ("3,3", "non-increasing order, previous: 3, current: 3"),
        ("5-3", "non-increasing order, previous: 5, current: 3"),
        ("1-2-3", 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts '
                  "separated by '-'"),
    ],
)  # fmt: skip
def test_what_cannot_be_read(text: str, why: str) -> None:
    with pytest.raises(ValueError) as caught:
        count(text, 10)
    assert str(caught.value) == why


def test_an_interval() -> None:
    assert interval("3-5", 10) == (3, 5)
    assert interval("3", 10) == (3, 3)


def written(indexes: set[int]) -> str:
    """As the controller writes them: what follows on another is one part with it."""
    parts: list[tuple[int, int]] = []
    for index in sorted(indexes):
        if parts and parts[-1][1] == index - 1:
            parts[-1] = (parts[-1][0], index)
        else:
            parts.append((index, index))
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in parts)


INDEXES = st.sets(st.integers(0, 99))


@given(INDEXES)
def test_as_many_as_were_written(indexes: set[int]) -> None:
    assert count(written(indexes), 100) == len(indexes)


@given(INDEXES, INDEXES)
def test_the_first_in_both(one: set[int], other: set[int]) -> None:
    both = one & other
    assert first_in_both(written(one), written(other), 100) == (min(both) if both else None)


@given(st.text(alphabet="0123456789,-+ ", max_size=20))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        assert count(text, 100) >= 0
    except ValueError as error:
        assert str(error)
    first_in_both(text, "0-99", 100)

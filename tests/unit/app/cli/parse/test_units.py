"""Sizes and durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.app.cli.parse import units


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("64m", 64 << 20),
        ("64M", 64 << 20),
        ("64mb", 64 << 20),
        ("1.5g", 3 << 29),
        ("10 KiB", 10240),
        ("-1", -1),
        ("7b", 7),
        ("2t", 2 << 40),
    ],
)
def test_sizes(text: str, count: int) -> None:
    assert units.bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "m", "64x", "-2", "1..5g", "64m64m"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="invalid size"):
        units.bytes_of(text)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("0", 0), ("90s", 90 * 10**9), ("1m30s", 90 * 10**9), ("500ms", 5 * 10**8), ("1.5h", 5400 * 10**9)],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert units.nanoseconds_of(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "5 s", "s", "1m30"])
def test_durations_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        units.nanoseconds_of(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.4, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (150, "2 minutes"),
        (3600, "About an hour"),
        (3600 * 30, "30 hours"),
        (86400 * 3, "3 days"),
        (86400 * 20, "2 weeks"),
        (86400 * 90, "3 months"),
        (86400 * 800, "2 years"),
    ],
)
def test_durations_for_people(seconds: float, shown: str) -> None:
    assert units.duration(seconds) == shown


@given(st.floats(min_value=0, max_value=1e10))
def test_every_duration_has_words(seconds: float) -> None:
    assert units.duration(seconds)


def test_sizes_for_people() -> None:
    assert units.decimal_size(0) == "0B"
    assert units.decimal_size(5_530_000, 3) == "5.53MB"
    assert units.decimal_size(1_000) == "1kB"
    assert units.binary_size(64 << 20) == "64MiB"
    assert units.binary_size(1.5 * (1 << 30)) == "1.5GiB"

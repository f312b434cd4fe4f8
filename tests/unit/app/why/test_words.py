"""How things are said."""

import pytest

from tests.unit.app.why.objects import NOW
from wherry.app.why.words import age, ago, amount, clean, names, plural


def test_what_a_terminal_would_obey_is_not_said() -> None:
    assert clean("a\x1b[31mred\x07\n  b\tc\x9b") == "a[31mred b c"


@pytest.mark.parametrize(
    ("time", "text"), [("2026-01-01T11:59:00Z", "60s"), ("2026-01-01T12:00:05Z", "0s"), ("x", ""), ("", ""), (None, "")]
)
def test_ages(time: object, text: str) -> None:
    assert age(time, NOW) == text
    assert ago(time, NOW) == (f"{text} ago" if text else "")


@pytest.mark.parametrize(
    ("listed", "text"), [([], ""), (["a"], "a"), (["a", "b", "c"], "a, b, c"), (list("abcde"), "a, b, c and 2 more")]
)
def test_lists_are_short(listed: list[str], text: str) -> None:
    assert names(listed) == text


@pytest.mark.parametrize(
    ("resource", "number", "text"),
    [
        ("cpu", 1500, "1500m"), ("cpu", 3000, "3"), ("memory", 4 << 30, "4Gi"), ("memory", 3 << 29, "1.5Gi"),
        ("memory", 5 << 20, "5Mi"), ("memory", 1000, "1k"), ("example.com/gpu", 2, "2"), ("cpu", 0, "0"),
        ("hugepages-2Mi", 2 << 20, "2Mi"),
    ],
)  # fmt: skip
def test_amounts(resource: str, number: int, text: str) -> None:
    assert amount(resource, number) == text


def test_numbers_of_things() -> None:
    assert [plural(0, "node"), plural(1, "node"), plural(2, "node"), plural(2, "pod", "of them")] == [
        "0 nodes", "1 node", "2 nodes", "2 of them",
    ]  # fmt: skip

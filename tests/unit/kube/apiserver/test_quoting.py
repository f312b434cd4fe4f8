"""Texts as Go quotes them."""

import pytest

from wherry.kube.apiserver.quoting import quoted, quoted_list


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", '""'),
        ("pods", '"pods"'),
        ('a"b\\c', r'"a\"b\\c"'),
        ("\n\t\x00\x7f", r'"\n\t\x00\x7f"'),
        ("grün 船", '"grün 船"'),
        ("\u200b\U000e0001", r'"\u200b\U000e0001"'),
    ],
)
def test_a_text(text: str, shown: str) -> None:
    assert quoted(text) == shown


def test_a_list() -> None:
    assert quoted_list(()) == "[]"
    assert quoted_list(("a", "")) == '["a" ""]'

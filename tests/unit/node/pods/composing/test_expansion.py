"""References to variables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.node.pods.composing.expansion import expand

KNOWN = {"A": "one", "B": "$(A)", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain", "plain"),
        ("$(A)", "one"),
        ("x$(A)y$(A)", "xoneyone"),
        ("$(B)", "$(A)"),  # what comes out is not looked at again
        ("$(EMPTY)", ""),
        ("$(MISSING)", "$(MISSING)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$one"),
        ("$$", "$"),
        ("$", "$"),
        ("$A", "$A"),
        ("$(A", "$(A"),
        ("$()", "$()"),
        ("100% $x", "100% $x"),
    ],
)
def test_what_becomes_of_a_text(text: str, wanted: str) -> None:
    assert expand(text, KNOWN) == wanted


def test_the_first_that_knows_it_counts() -> None:
    assert expand("$(A)", {"A": "mine"}, KNOWN) == "mine"
    assert expand("$(B)", {"A": "mine"}, KNOWN) == "$(A)"


@given(st.text(alphabet="$()AB x"))
def test_without_variables_only_double_dollars_change(text: str) -> None:
    assert expand(text).replace("$", "") == text.replace("$", "")

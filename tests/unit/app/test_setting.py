"""How values of settings are read, whether they come as texts or as TOML has them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from wherry.app.setting import Setting, absolute_path, choice, file_name, switch, text, texts, whole


def test_its_names() -> None:
    found = Setting("node.static_pods", None, file_name, "")
    assert (found.field, found.variable) == ("node_static_pods", "WHERRY_NODE_STATIC_PODS")


@pytest.mark.parametrize(
    ("parse", "value", "found"),
    [
        (text, "x", "x"),
        (absolute_path, "/a/../b", Path("/a/../b")),
        (file_name, "", None),
        (file_name, "/a", Path("/a")),
        (switch, "True", True),
        (switch, False, False),
        (whole(0, 5), "3", 3),
        (whole(0, 5), 5, 5),
        (choice("a", "b"), "b", "b"),
        (texts, "a, b c", ("a", "b", "c")),
        (texts, ["a b"], ("a b",)),
    ],
)
def test_what_is_read(parse: Callable[[object], object], value: object, found: object) -> None:
    assert parse(value) == found


@pytest.mark.parametrize(
    ("parse", "value", "said"),
    [
        (text, 1, "a text"),
        (absolute_path, "", "a directory"),
        (file_name, 1, "a file"),
        (switch, "yes", "true or false"),
        (whole(0, 5), 6, "from 0 to 5"),
        (whole(0, 5), "x", "a whole number"),
        (whole(0, 5), True, "a whole number"),
        (choice("a", "b"), "c", "one of a, b"),
        (texts, [1], "a list of texts"),
    ],
)
def test_what_is_not(parse: Callable[[object], object], value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse(value)

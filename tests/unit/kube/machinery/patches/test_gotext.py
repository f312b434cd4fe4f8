"""Values as Go prints them."""

import pytest

from wherry.kube.machinery.patches.gotext import go_type, json_type, quoted, shown, syntax


def test_maps_are_shown_sorted_and_lists_with_spaces() -> None:
    value = {"name": "web", "args": ["a", 1, True, None], "b": {"x": 1.5}}
    assert shown(value) == "map[args:[a 1 true <nil>] b:map[x:1.5] name:web]"
    assert shown({}) == "map[]"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1"), (1e20, "100000000000000000000"), (1e21, "1e+21"), (1.5e-7, "1.5e-07"), (0.25, "0.25")],
)
def test_floats_are_as_short_as_go_has_them(number: float, text: str) -> None:
    assert shown(number) == text


def test_syntax_is_go_s_own() -> None:
    assert syntax({"a": ["x", 1, False, None]}) == (
        'map[string]interface {}{"a":[]interface {}{"x", 1, false, interface {}(nil)}}'
    )


def test_types_have_the_names_of_go_and_of_json() -> None:
    values = [True, 1, 1.5, "x", [], {}, None]
    assert [json_type(each) for each in values] == ["bool", "number", "number", "string", "array", "object", "null"]
    assert [go_type(each) for each in values] == [
        "bool", "int64", "float64", "string", "[]interface {}", "map[string]interface {}", "<nil>",
    ]  # fmt: skip


def test_texts_are_quoted_with_escapes() -> None:
    assert quoted('a "b"\n') == '"a \\"b\\"\\n"'

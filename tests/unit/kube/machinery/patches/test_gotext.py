"""Values as Go prints them."""

import pytest

from wherry.kube.machinery.patches.gotext import converting, go_type, json_type, quoted, shown, syntax


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


@pytest.mark.parametrize(
    ("what", "said"),
    (
        ("string into Go struct field DeploymentSpec.spec.replicas of type int32", "unrecognized type: int32"),
        ("number 5 into Go struct field ConfigMap.data of type string", "unrecognized type: string"),
        ("string into Go struct field PodSpec.containers of type []v1.Container", "cannot restore slice from string"),
        ("array into Go struct field ObjectMeta.labels of type map[string]string", "cannot restore map from slice"),
        ("bool into Go struct field Pod.spec of type v1.PodSpec", "cannot restore struct from: bool"),
    ),
)
def test_mistyped_values_in_the_words_of_the_converter(what: str, said: str) -> None:
    assert converting(f"json: cannot unmarshal {what}") == said


def test_the_converter_says_other_things_as_they_are() -> None:
    assert converting('strict decoding error: unknown field "foo"') == 'strict decoding error: unknown field "foo"'

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.kinds.differing import difference

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=8,
)


def test_each_changed_field_has_a_line() -> None:
    old = {"image": "a", "ports": [{"port": 80}, {"port": 81}], "same": 1}
    new = {"image": "b", "ports": [{"port": 80}, {"port": 82, "name": "x"}], "same": 1}
    assert difference(old, new) == 'image: "a" -> "b"\nports[1].name: null -> "x"\nports[1].port: 81 -> 82'


def test_lists_of_another_length_are_shown_whole() -> None:
    assert difference({"a": [1]}, {"a": [1, 2]}) == "a: [1] -> [1,2]"


def test_what_is_empty_is_as_good_as_absent() -> None:
    assert difference({"a": {}, "b": []}, {"c": ""}) == ""


def test_it_has_an_end() -> None:
    old, new = ({f"field{number:02}": value for number in range(30)} for value in (1, 2))
    lines = difference(old, new).splitlines()
    assert (len(lines), lines[-1]) == (21, "... and 10 more")
    assert len(difference({"a": "x" * 1000}, {"a": "y" * 1000})) < 500


@given(VALUES, VALUES)
def test_it_never_fails_and_equal_values_do_not_differ(one: object, other: object) -> None:
    assert difference(one, one) == ""
    if difference(one, other):
        assert one != other

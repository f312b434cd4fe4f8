"""JSON patch."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.machinery.patches.documents import JSON, OBJECTS, nested
from wherry.kube.machinery.patches.jsonpatch import MAX_COPIED_BYTES, MAX_OPERATIONS, apply, unknown_fields
from wherry.kube.machinery.status import StatusError

Operations = list[dict[str, Any]]

# RFC 6902, appendix A.
EXAMPLES: list[tuple[dict[str, Any], Operations, dict[str, Any]]] = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
    ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
    ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
    ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
    ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
    (
        {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
        [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
        {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
    ),
    (
        {"foo": ["all", "grass", "cows", "eat"]},
        [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
        {"foo": ["all", "cows", "eat", "grass"]},
    ),
    (
        {"baz": "qux", "foo": ["a", 2, "c"]},
        [{"op": "test", "path": "/baz", "value": "qux"}, {"op": "test", "path": "/foo/1", "value": 2}],
        {"baz": "qux", "foo": ["a", 2, "c"]},
    ),
    ({"foo": "bar"}, [{"op": "add", "path": "/child", "value": {"g": {}}}], {"foo": "bar", "child": {"g": {}}}),
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux", "xyz": 123}], {"foo": "bar", "baz": "qux"}),
    ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
    ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["abc", "def"]}], {"foo": ["bar", ["abc", "def"]]}),
]


@pytest.mark.parametrize(("document", "operations", "expected"), EXAMPLES)
def test_it_does_what_the_rfc_says(document: dict[str, Any], operations: Operations, expected: dict[str, Any]) -> None:
    assert apply(document, operations) == expected


UPSTREAM: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"a": [1, 2]}, {"op": "add", "path": "/a/-1", "value": 3}, {"a": [1, 2, 3]}),
    ({"a": [1, 2]}, {"op": "replace", "path": "/a/-1", "value": 3}, {"a": [1, 3]}),
    ({}, {"op": "replace", "path": "/a", "value": 3}, {"a": 3}),
    ({}, {"op": "copy", "from": "/a", "path": "/b"}, {"b": None}),
    ({}, {"op": "test", "path": "/a"}, {}),
    ({}, {"op": "add", "path": "/a"}, {"a": None}),
    ({"a": 1}, {"op": "replace", "path": "", "value": {"b": 1}}, {"b": 1}),
    ({"a": {"": 1}}, {"op": "remove", "path": "/a/"}, {"a": {}}),
]


@pytest.mark.parametrize(("document", "operation", "expected"), UPSTREAM)
def test_it_does_what_upstream_does_beyond(
    document: dict[str, Any], operation: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert apply(document, [operation]) == expected


REFUSED: list[tuple[dict[str, Any], str]] = [
    (
        {"op": "add", "path": "/x/y", "value": 1},
        'add operation does not apply: doc is missing path: "/x/y": missing value',
    ),
    ({"op": "add", "path": "", "value": 1}, 'add operation does not apply: doc is missing path: "": missing value'),
    (
        {"op": "add", "path": "a/b", "value": 1},
        'add operation does not apply: doc is missing path: "a/b": missing value',
    ),
    ({"op": "add", "value": 1}, "add operation failed to decode path: missing value"),
    (
        {"op": "add", "path": "/l/7", "value": 1},
        "error in add for path: '/l/7': Unable to access invalid index: 7: invalid index referenced",
    ),
    (
        {"op": "add", "path": "/l/x", "value": 1},
        "error in add for path: '/l/x': value was not a proper array index: 'x': "
        'strconv.Atoi: parsing "x": invalid syntax',
    ),
    (
        {"op": "remove", "path": "/x"},
        "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
    ),
    (
        {"op": "remove", "path": "/l/9999999999999999999999"},
        "error in remove for path: '/l/9999999999999999999999': "
        'strconv.Atoi: parsing "9999999999999999999999": value out of range',
    ),
    ({"op": "remove", "path": "/s/x"}, 'remove operation does not apply: doc is missing path: "/s/x": missing value'),
    (
        {"op": "replace", "path": "/l/7", "value": 1},
        "replace operation does not apply: doc is missing key: /l/7: missing value",
    ),
    (
        {"op": "replace", "value": 1},
        "replace operation failed to decode path: operation missing path field: missing value",
    ),
    ({"op": "replace", "path": "", "value": 1}, "replace operation value must be object or array"),
    ({"op": "test", "path": "/s", "value": "u"}, "testing value /s failed: test failed"),
    ({"op": "test", "path": "/l/0", "value": True}, "testing value /l/0 failed: test failed"),
    ({"op": "test", "path": "", "value": {}}, "testing value  failed: test failed"),
    (
        {"op": "test", "path": "/l/9", "value": 1},
        "error in test for path: '/l/9': Unable to access invalid index: 9: invalid index referenced",
    ),
    (
        {"op": "move", "path": "/s"},
        "move operation failed to decode from: operation, missing from field: missing value",
    ),
    (
        {"op": "move", "from": "/x", "path": "/s"},
        "error in move for path: 'x': Unable to remove nonexistent key: x: missing value",
    ),
    (
        {"op": "copy", "from": "/s", "path": "/x/y"},
        "copy operation does not apply: doc is missing destination path: /x/y: missing value",
    ),
    (
        {"op": "copy", "from": "/l/9", "path": "/x"},
        "error in copy for from: '/l/9': Unable to access invalid index: 9: invalid index referenced",
    ),
    ({"op": "frob", "path": "/s"}, "Unexpected kind: frob"),
    ({"path": "/s"}, "Unexpected kind: unknown"),
]


@pytest.mark.parametrize(("operation", "why"), REFUSED)
def test_what_cannot_be_applied_is_422_and_says_why(operation: dict[str, Any], why: str) -> None:
    with pytest.raises(StatusError) as caught:
        apply({"s": "t", "l": [1, 2]}, [operation])
    assert (caught.value.code, caught.value.reason) == (422, "Invalid")
    assert caught.value.message == "the server rejected our request due to an error in our request"
    assert caught.value.details["causes"][0]["message"] == why


@pytest.mark.parametrize(
    ("operations", "what"),
    [
        ({}, "object into Go value of type []handlers.jsonPatchOp"),
        ("x", "string into Go value of type []handlers.jsonPatchOp"),
        ([1], "number into Go value of type handlers.jsonPatchOp"),
        ([{"op": 1}], "number into Go struct field jsonPatchOp.op of type string"),
        ([{"op": "add", "path": []}], "array into Go struct field jsonPatchOp.path of type string"),
        ([{"op": "move", "from": {}}], "object into Go struct field jsonPatchOp.from of type string"),
    ],
)
def test_what_is_no_list_of_operations_is_400(operations: Any, what: str) -> None:
    with pytest.raises(StatusError) as caught:
        apply({}, operations)
    assert (caught.value.code, caught.value.message) == (400, f"error decoding patch: json: cannot unmarshal {what}")


def test_a_document_that_becomes_a_list_is_refused() -> None:
    with pytest.raises(StatusError) as caught:
        apply({}, [{"op": "replace", "path": "", "value": [1]}])
    assert caught.value.code == 422
    assert "json: cannot unmarshal array" in caught.value.message


def test_ten_thousand_operations_and_no_more() -> None:
    operation = {"op": "add", "path": "/a", "value": 1}
    assert apply({}, [operation] * MAX_OPERATIONS) == {"a": 1}
    with pytest.raises(StatusError) as caught:
        apply({}, [operation] * (MAX_OPERATIONS + 1))
    assert caught.value.code == 413
    assert caught.value.message == (
        "Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001"
    )


def test_copies_that_double_and_double_end_at_the_limit() -> None:
    bomb = [{"op": "copy", "from": "/a", "path": "/a/-"} for _ in range(40)]
    with pytest.raises(StatusError) as caught:
        apply({"a": ["x" * 100]}, bomb)
    assert caught.value.code == 413
    assert caught.value.message.endswith(f", exceeding the limit {MAX_COPIED_BYTES}")


def test_copies_of_what_is_small_as_text_and_large_in_memory_end_too() -> None:
    small: list[list[int]] = [[] for _ in range(50_000)]
    with pytest.raises(StatusError) as caught:
        apply({"a": small}, [{"op": "copy", "from": "/a", "path": f"/{index}"} for index in range(5)])
    assert caught.value.code == 413


def test_inserting_before_a_huge_list_again_and_again_ends() -> None:
    huge = [0] * 1_000_000
    with pytest.raises(StatusError) as caught:
        apply({"a": huge}, [{"op": "add", "path": "/a/0", "value": 0}] * 1000)
    assert caught.value.code == 413
    assert len(huge) == 1_000_000


def test_moves_cannot_nest_a_document_beyond_the_limit() -> None:
    operations: Operations = []
    for _ in range(400):
        operations += [{"op": "add", "path": "/n", "value": {}}, {"op": "move", "from": "/m", "path": "/n/x"}]
        operations.append({"op": "move", "from": "/n", "path": "/m"})
    for document in ({"m": {}}, {"m": nested(100_000)}):
        with pytest.raises(StatusError) as caught:
            apply(document, operations)
        assert caught.value.code == 400
        assert "depth" in caught.value.message


def test_a_copy_goes_its_own_way() -> None:
    operations = [
        {"op": "add", "path": "/a/x", "value": 1},
        {"op": "copy", "from": "/a", "path": "/b"},
        {"op": "add", "path": "/b/y", "value": 2},
        {"op": "add", "path": "/a/z", "value": 3},
    ]
    assert apply({"a": {}}, operations) == {"a": {"x": 1, "z": 3}, "b": {"x": 1, "y": 2}}


def test_unknown_fields_are_found_for_field_validation() -> None:
    found = unknown_fields([{"op": "add", "path": "/a", "vlaue": 1}, {"op": "test", "path": ""}, {"x": 1}])
    assert found == ['json patch unknown field "[0].vlaue"', 'json patch unknown field "[2].x"']
    assert unknown_fields({"x": 1}) == []


POINTERS = st.lists(st.sampled_from(["a", "b", "0", "1", "-", "-1", "~1"]), max_size=3).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
OPERATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"]),
            "path": POINTERS,
            "from": POINTERS,
            "value": JSON,
        }
    ),
    max_size=8,
)


@given(st.fixed_dictionaries({"a": JSON, "b": JSON}), OPERATIONS)
def test_arguments_do_not_change_and_only_status_errors_come(document: dict[str, Any], operations: Operations) -> None:
    before = json.dumps([document, operations])
    try:
        apply(document, operations)
    except StatusError as error:
        assert error.code in (400, 422)
    assert json.dumps([document, operations]) == before


@given(OBJECTS, OBJECTS)
def test_fields_replaced_one_by_one_make_the_other_document(old: dict[str, Any], new: dict[str, Any]) -> None:
    def escaped(key: str) -> str:
        return "/" + key.replace("~", "~0").replace("/", "~1")

    operations: Operations = [{"op": "remove", "path": escaped(key)} for key in old]
    operations += [{"op": "add", "path": escaped(key), "value": value} for key, value in new.items()]
    assert apply(old, operations) == new

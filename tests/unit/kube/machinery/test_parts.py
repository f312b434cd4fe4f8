"""What is equal in several objects is there once."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from wherry.kube.machinery.model import Object
from wherry.kube.machinery.parts import EACH_BYTES, LARGE_BYTES, WHOLE_BYTES, Parts, Unread, leave_out

_TEXT = st.text(max_size=WHOLE_BYTES + 20)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=8), inner, max_size=6),
    max_leaves=60,
)


def pod(name: str, note: str = "") -> Object:
    """As those of one Deployment are: alike but for a name, and that of a volume."""
    variables = [{"name": f"SETTING_{number}", "value": f"value {number}"} for number in range(20)]
    mounts = [{"name": f"token-{name}", "mountPath": "/var/run/secrets"}]
    container = {"name": "app", "image": "example.com/app:1", "env": variables, "volumeMounts": mounts}
    metadata = {"name": name, "uid": f"uid of {name}", "labels": {"app": "web"}, "annotations": {"note": note}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}


def read(parts: Parts, obj: Object) -> Any:  # JSON
    return parts.decode(msgspec.json.encode(obj))


def variables(obj: Object) -> list[Object]:
    found: list[Object] = obj["spec"]["containers"][0]["env"]
    return found


def is_shared(parts: Parts, obj: Object) -> bool:
    return variables(read(parts, obj)) is variables(read(parts, obj))


@settings(max_examples=200)
@given(st.lists(st.dictionaries(st.text(max_size=8), _JSON, max_size=6), min_size=1, max_size=6))
def test_what_is_decoded_is_what_any_decoder_decodes(documents: list[Object]) -> None:
    parts = Parts(remembered_bytes=2000, seen=10)
    for obj in [{**each, "metadata": {"name": "x", **each}} for each in documents * 3]:
        obj["metadata"].pop("managedFields", None)
        assert read(parts, obj) == obj


def test_objects_alike_have_their_parts_in_common_from_the_third_on() -> None:
    parts = Parts()
    pods = [read(parts, pod(f"p{number}")) for number in range(10)]
    assert [each["metadata"]["name"] for each in pods] == [f"p{number}" for number in range(10)]
    assert len({id(variables(each)) for each in pods[1:]}) == 1
    assert len({id(each["metadata"]["labels"]) for each in pods[1:]}) == 1
    assert len({id(each["spec"]["containers"][0]["volumeMounts"]) for each in pods}) == 10


def test_managed_fields_are_left_out() -> None:
    obj = pod("a")
    whole = {**obj, "metadata": {**obj["metadata"], "managedFields": [{"manager": "m", "fieldsV1": {"f:spec": {}}}]}}
    assert read(Parts(), whole) == obj
    whole["spec"]["long"] = "x" * LARGE_BYTES
    assert "managedFields" not in read(Parts(), whole)["metadata"]


_UNREAD = Unread(
    below={
        "spec": Unread(
            frozenset({"a"}), {"containers": Unread(frozenset({"env", "a"})), "b": Unread(frozenset({"c"}))}
        ),
    }
)


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b", "containers", "x"]), _JSON, max_size=4), max_size=4))
def test_what_is_unread_is_left_out_and_nothing_else(specs: list[Object]) -> None:
    parts = Parts(remembered_bytes=2000, seen=10)
    for spec in specs * 3:
        obj = {"metadata": {"name": "x"}, "spec": {**spec, "containers": [spec, {"env": 1, "n": spec}]}}
        raw = msgspec.json.encode(obj)
        expected = msgspec.json.decode(raw)
        leave_out(expected, _UNREAD)
        assert parts.decode(raw, _UNREAD) == expected
        assert "a" not in expected["spec"] and "env" not in expected["spec"]["containers"][1]


def test_what_is_unread_in_one_object_is_read_in_another() -> None:
    """The same text is a pod's containers, and those of a template."""
    parts, raw = Parts(), msgspec.json.encode(pod("a"))
    for _ in range(3):
        lean, whole = parts.decode(raw, _UNREAD), parts.decode(raw)
    assert whole == pod("a") and set(lean["spec"]["containers"][0]) == {"name", "image", "volumeMounts"}


def test_what_is_left_of_objects_alike_is_there_once_and_large_ones_are_left_no_more() -> None:
    parts = Parts()
    pods = [parts.decode(msgspec.json.encode(pod("a", note=f"{number}")), _UNREAD) for number in range(4)]
    assert len({id(each["spec"]["containers"]) for each in pods[1:]}) == 1
    large = {**pod("a", note="n" * LARGE_BYTES)}
    assert "env" not in parts.decode(msgspec.json.encode(large), _UNREAD)["spec"]["containers"][0]


def test_what_is_met_once_is_not_remembered() -> None:
    parts = Parts()
    for number in range(50):
        read(parts, {"metadata": {"name": "x"}, "spec": {"text": f"{number} " + "x" * WHOLE_BYTES}})
    assert not any(b"xxx" in raw for raw, _ in parts.remembered())


def test_what_is_remembered_is_bounded() -> None:
    parts = Parts(remembered_bytes=2000, seen=100)
    for number in range(2000):
        for _ in range(2):
            read(parts, pod(f"p{number}", note="n" * (number % 200)))
    assert sum(len(raw) for raw, _ in parts.remembered()) <= 4000


def test_what_a_part_takes_besides_its_text_counts() -> None:
    parts = Parts(remembered_bytes=100 * EACH_BYTES)
    for number in range(2000):
        for _ in range(2):
            read(parts, {"metadata": {"name": "x"}, "number": number})
    assert 90 < len(list(parts.remembered())) <= 200


def test_what_is_used_outlives_what_is_not() -> None:
    parts = Parts(remembered_bytes=8000)
    assert not is_shared(parts, pod("a"))
    for number in range(200):
        for _ in range(2):
            read(parts, pod("x", note=f"{number}" * 50))
        assert is_shared(parts, pod("a")), number


def test_deep_and_large_objects_are_read_all_the_same() -> None:
    deep: Any = "x" * WHOLE_BYTES
    for _ in range(120):
        deep = [deep]
    many = {f"k{number}": "x" * 20 for number in range(LARGE_BYTES // 20)}
    for spec in (deep, many):
        obj = {"metadata": {"name": "x"}, "spec": spec}
        assert read(Parts(), obj) == obj


def test_a_part_that_somebody_changes_is_found_by_its_text() -> None:
    """What :mod:`tests.untouched` stands on: the text is what it was."""
    parts = Parts()
    for _ in range(3):
        found = read(parts, pod("a"))
    variables(found).pop()
    changed = [raw for raw, value in parts.remembered() if msgspec.json.decode(raw) != value]
    assert any(raw.startswith(b'[{"name":"SETTING_0"') for raw in changed)

"""What is written of a status."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.patches import strategic
from wherry.kube.machinery.schema.builtin import schema_of
from wherry.node.pods.status.patch import difference, is_urgent

READY = {"type": "Ready", "status": "True"}
SCHEMA = schema_of(GroupVersionKind("", "v1", "Pod"))
ADDRESSES = st.sampled_from([{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}])


def condition(kind: str, status: str | None = "True", **more: object) -> Object:
    return {"type": kind, "status": status, **more}


def test_nothing_new_is_nothing_to_write() -> None:
    status = {"phase": "Running", "conditions": [READY], "podIPs": [{"ip": "1"}]}
    assert difference(status, status, "u") is None
    assert difference({}, {"reason": None, "hostIPs": []}, "u") is None
    assert difference({"x": {"a": 1}}, {"x": {"a": 1, "b": None}}, "u") is None


def test_only_what_is_new_is_written() -> None:
    known = {"phase": "Pending", "conditions": [condition("A"), condition("B")]}
    found = difference(known, {"phase": "Running", "conditions": [condition("A"), condition("B", "False")]}, "u")
    assert found == {"metadata": {"uid": "u"}, "status": {"phase": "Running", "conditions": [condition("B", "False")]}}


def applied(known: Object, wanted: Object) -> Object:
    """As the server does it."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "uid": "u"}, "status": known}
    patch = difference(known, wanted, "u")
    if patch is None:
        return known
    done: Object = strategic.apply(
        msgspec.json.decode(msgspec.json.encode(pod)), patch, schema_of(GroupVersionKind("", "v1", "Pod"))
    )
    return dict(done["status"])


def test_conditions_of_others_stay() -> None:
    gate = condition("example.com/gate")
    known = {"conditions": [condition("Ready", "False", reason="x", message="y"), gate]}
    found = applied(known, {"conditions": [condition("Ready")]})
    assert sorted(found["conditions"], key=lambda each: each["type"]) == [condition("Ready"), gate]


def test_conditions_can_be_taken_away() -> None:
    known = {"conditions": [condition("PodResizePending"), READY]}
    assert applied(known, {"conditions": [READY, condition("PodResizePending", None)]})["conditions"] == [READY]
    assert difference({}, {"conditions": [condition("PodResizePending", None)]}, "u") is None


def test_addresses_are_replaced() -> None:
    assert applied({"podIPs": [{"ip": "1"}]}, {"podIPs": [{"ip": "2"}]})["podIPs"] == [{"ip": "2"}]


def test_fields_can_be_taken_away() -> None:
    assert "reason" not in applied({"reason": "Evicted", "phase": "Failed"}, {"reason": None, "phase": "Failed"})


CONDITIONS = st.lists(
    st.builds(
        lambda kind, status, reason: {"type": kind, "status": status, **({"reason": reason} if reason else {})},
        st.sampled_from(["Ready", "Initialized", "X"]), st.sampled_from(["True", "False"]),
        st.sampled_from(["", "r", "s"]),
    ),
    unique_by=lambda each: each["type"],
)  # fmt: skip
STATUSES = st.fixed_dictionaries(
    {"conditions": CONDITIONS},
    optional={
        "phase": st.sampled_from(["Pending", "Running"]),
        "podIPs": st.lists(ADDRESSES, max_size=2, unique_by=lambda each: each["ip"]),
        "containerStatuses": st.lists(st.just({"name": "a", "ready": True}), max_size=1),
    },
)  # fmt: skip


@given(STATUSES, STATUSES)
def test_a_patch_that_was_applied_leaves_nothing_to_write(known: Object, wanted: Object) -> None:
    assert difference(applied(known, wanted), wanted, "u") is None


@pytest.mark.parametrize(
    ("changed", "urgent"),
    [
        ({"startTime": "x"}, False),
        ({"phase": "Running"}, True),
        ({"phase": "Pending"}, False),
        ({"conditions": [READY]}, True),
        ({"conditions": [condition("Ready", "False")]}, False),  # it was not before
        ({"conditions": [condition("Initialized")]}, False),
        ({"containerStatuses": [{"state": {"waiting": {"reason": "ContainerCreating"}}}]}, False),
        ({"containerStatuses": [{"state": {"waiting": {"reason": "ErrImagePull"}}}]}, True),
        ({"containerStatuses": [{"state": {"terminated": {}}}]}, True),
        ({"containerStatuses": [{"state": {"running": {}}}]}, False),
    ],
)
def test_what_others_wait_for_is_urgent(changed: Object, urgent: bool) -> None:
    assert is_urgent({}, {"status": changed}) is urgent


@pytest.mark.parametrize(("state", "urgent"), [("waiting", True), ("running", False)])
def test_that_what_ran_does_not_is_urgent(state: str, urgent: bool) -> None:
    """Though it was not ready, and is only being made anew."""
    known = {"containerStatuses": [{"name": "web", "ready": False, "state": {"running": {}}}]}
    changed = {"containerStatuses": [{"name": "web", "ready": False, "restartCount": 1, "state": {state: {}}}]}
    assert is_urgent(known, {"status": changed}) is urgent

"""Rules of the devices in a slice."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.resourceslice.device import validate_counters, validate_device
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = Path("at")
POLICY = {"default": "1", "validValues": ["1"]}
PLACE = "`nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the "
NO_PLACE = (
    "at: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is "
    "set to true in the ResourceSlice spec"
)


def device(**fields: Any) -> Object:
    return {"name": "gpu-0", **fields}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (device(attributes={"model": {"string": "x"}}, capacity={"memory": {"value": "1Gi"}}), []),
        (device(capacity={"memory": {"value": "1", "requestPolicy": POLICY}}, allowMultipleAllocations=True), []),
        (device(capacity={"memory": {"value": "1", "requestPolicy": POLICY}}),
         ["at.capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true"]),
        (device(attributes={f"a{n}": {"int": n} for n in range(33)}),
         ["at: Invalid value: 33: the total number of attributes and capacities must not exceed 32"]),
        (device(attributes={"a": {"ints": list(range(49))}}),
         ["at: Invalid value: 49: the total number of attribute values must not exceed 48"]),
        (device(taints=[{"key": "a"}]), ["at.taints[0].effect: Required value"]),
        (device(consumesCounters=[{"counterSet": "s", "counters": {"c": {"value": "1"}}}]), []),
        (device(consumesCounters=[{}]),
         ["at.consumesCounters[0].counterSet: Required value", "at.consumesCounters[0].counters: Required value"]),
        (device(nodeName="n"), [NO_PLACE]),
        (device(bindingConditions=["a"]), 1),
        (device(nodeAllocatableResources={"cpu": {}}),
         ["at.nodeAllocatableResources[cpu]: Required value: at least one of mapping or overhead must be set"]),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str] | int) -> None:
    found = said(validate_device(fields, AT, each_has_place=False))
    assert (len(found) if isinstance(errors, int) else found) == errors


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (device(nodeName="n"), []),
        (device(allNodes=True), []),
        (device(), [f"at: Required value: exactly one of {PLACE}ResourceSlice spec"]),
        (device(nodeName="n", allNodes=True),
         [f'at: Invalid value: "{{`nodeName`, `allNodes`}}": exactly one of {PLACE}ResourceSlice spec']),
        (device(nodeName="", allNodes=True), ['at.nodeName: Invalid value: "": must not be empty']),
    ],
)  # fmt: skip
def test_each_may_say_where_it_is(fields: Object, errors: list[str]) -> None:
    assert said(validate_device(fields, AT, each_has_place=True)) == errors


def test_counters() -> None:
    assert said(validate_counters({}, AT)) == ["at: Required value"]
    assert said(validate_counters({f"c{n}": {} for n in range(33)}, AT)) == [
        "at: Too many: 33: must have at most 32 items"
    ]

"""Defaults and rules of ResourceSlices, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.resourceslice import KIND
from wherry.kube.machinery.model import Object

COUNTED = {"consumesCounters": [{"counterSet": "s", "counters": {"c": {"value": "1"}}}]}
ONE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"


def of(*devices: Object, **fields: Any) -> Object:
    pool = {"name": "node", "generation": 1, "resourceSliceCount": 1}
    found: Object = {"driver": "gpu.example.com", "pool": pool, "nodeName": "node", "devices": list(devices), **fields}
    return {name: value for name, value in found.items() if value is not None}


def test_quantities_and_times_are_filled_in() -> None:
    device = {"name": "a", "capacity": {"memory": {"value": "1024Mi"}}, "taints": [{"key": "k", "effect": "None"}]}
    (found,) = made(KIND, spec=of(device))["spec"]["devices"]
    assert found["capacity"] == {"memory": {"value": "1Gi"}}
    assert found["taints"][0]["timeAdded"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (of({"name": "a"}), []),
        (of(nodeName=None, allNodes=True), []),
        (of(devices=None, sharedCounters=[{"name": "s", "counters": {"c": {"value": "1"}}}]), []),
        (of(sharedCounters=[{"name": "s", "counters": {"c": {"value": "1"}}}]),
         ['spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed']),
        (of(nodeName=None), [f"spec: Required value: {ONE}"]),
        (of(allNodes=True),
         [f'spec: Invalid value: "{{`nodeName`, `allNodes`}}": {ONE}, but multiple fields are set']),
        (of(allNodes=False), ["spec.allNodes: Invalid value: false: must be either unset or set to true"]),
        (of(nodeName="", allNodes=True),
         ['spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string']),
        (of(nodeName=None, nodeSelector={"nodeSelectorTerms": []}),
         ["spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term",
          "spec.nodeSelector.nodeSelectorTerms: Invalid value: []: must have exactly one node selector term"]),
        (of(pool={"name": "p", "generation": -1}),
         ["spec.pool.resourceSliceCount: Invalid value: 0: must be greater than zero",
          "spec.pool.generation: Invalid value: -1: must be greater than or equal to zero"]),
        (of({"name": "a"}, {"name": "a"}), ['spec.devices[1]: Duplicate value: "a"']),
        (of(*({"name": f"d{n}"} for n in range(129))),
         ["spec.devices: Too many: 129: must have at most 128 items"]),
        (of(*({"name": f"d{n}", **COUNTED} for n in range(65))),
         ["spec.devices: Too many: 65: must have at most 64 items"]),
        (of(devices=None, sharedCounters=[{}]),
         ["spec.sharedCounters[0].name: Required value", "spec.sharedCounters[0].counters: Required value"]),
        (of({"name": "a"}, partitionTypeAttribute="a.io/kind"),
         ['spec.partitionTypeAttribute: Invalid value: "a.io/kind": may only be set on a slice which declares devices '
          "that consume counters"]),
        (of({"name": "a", **COUNTED}, partitionTypeAttribute="a.io/kind"),
         ["spec.devices[0].attributes[a.io/kind]: Required value: device consumes counters and "
          "`partitionTypeAttribute` names this attribute, so it must be set"]),
        (of({"name": "a", **COUNTED, "attributes": {"kind": {"int": 1}}},
            partitionTypeAttribute="gpu.example.com/kind"),
         ['spec.devices[0].attributes[gpu.example.com/kind]: Invalid value: {"int":1}: must be a string value because '
          "`partitionTypeAttribute` names this attribute"]),
        (of(skipNodeOperations=["NodePrepareResources"]), 1),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str] | int) -> None:
    found = created(KIND, spec=spec)
    assert (len(found) if isinstance(errors, int) else found) == errors


def test_whose_devices_they_are_never_changes() -> None:
    old = made(KIND, spec=of())
    assert changed(KIND, old, spec=of({"name": "a"})) == []
    assert changed(KIND, old, spec=of(driver="b.io", nodeName="other")) == [
        'spec.driver: Invalid value: "b.io": field is immutable',
        'spec.nodeName: Invalid value: "other": field is immutable',
    ]


def test_an_old_version_has_devices_of_one_kind() -> None:
    version = KIND.version("v1beta1")
    assert version is not None
    assert version.conversion is not None
    new = {"spec": {"devices": [{"name": "a", "attributes": {"x": {"int": 1}}}]}}
    old = {"spec": {"devices": [{"name": "a", "basic": {"attributes": {"x": {"int": 1}}}}]}}
    assert version.conversion.to_storage(old) == new
    assert version.conversion.from_storage(new) == {
        "spec": {"devices": [{"name": "a", "basic": {"attributes": {"x": {"int": 1}}}}]}
    }


def test_what_is_shown() -> None:
    obj = made(KIND, spec=of())
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("a", "node", "gpu.example.com", "node", "2m5s")
    assert KIND.fields(obj)["spec.nodeName"] == "node"

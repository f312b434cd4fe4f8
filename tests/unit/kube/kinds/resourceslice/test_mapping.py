"""What of a node's own resources devices stand for."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.resourceslice.mapping import validate_mapped
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

CAPACITY: dict[str, Object] = {"cores": {"value": "4"}}


@pytest.mark.parametrize(
    ("resources", "errors"),
    [
        ({"cpu": {"mapping": {"capacityKey": "cores", "capacityMultiplier": "1"}}}, []),
        ({"memory": {"overhead": {"perPod": "10Mi"}}, "hugepages-2Mi": {"mapping": {"deviceMultiplier": "1"}}}, []),
        ({"gpu": {}},
         ['at[gpu]: Invalid value: "gpu": must be a node allocatable resource name',
          "at[gpu]: Required value: at least one of mapping or overhead must be set"]),
        ({"cpu": {"mapping": {"capacityKey": ""}}},
         ['at[cpu].mapping.capacityKey: Invalid value: "": capacityKey must not be an empty string',
          "at[cpu].mapping.capacityMultiplier: Required value: capacityMultiplier is required when capacityKey is "
          "set"]),
        ({"cpu": {"mapping": {"capacityKey": "x", "capacityMultiplier": "0"}}},
         ['at[cpu].mapping.capacityKey: Not found: "x"',
          'at[cpu].mapping.capacityMultiplier: Invalid value: "0": must be positive']),
        ({"cpu": {"mapping": {"capacityMultiplier": "1", "deviceMultiplier": "-1"}}},
         ["at[cpu].mapping.capacityKey: Required value: capacityKey is required when capacityMultiplier is set",
          'at[cpu].mapping.deviceMultiplier: Invalid value: "-1": must be positive']),
        ({"cpu": {"overhead": {}}},
         ['at[cpu].overhead: Invalid value: "": at least one of perPod or perContainer must be set']),
        ({"cpu": {"overhead": {"perPod": "-1", "perContainer": "0"}}},
         ['at[cpu].overhead.perPod: Invalid value: "-1": must be non-negative']),
    ],
)  # fmt: skip
def test_what_is_wrong(resources: dict[str, Object], errors: list[str]) -> None:
    assert said(validate_mapped(resources, CAPACITY, Path("at"))) == errors

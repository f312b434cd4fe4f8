"""Rules that pod groups and their templates share."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.podgroup.rules import validate_group, validate_group_change
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

AT = Path("group")


def group(**fields: Any) -> Object:
    return {"schedulingPolicy": {"gang": {"minCount": 2}}, **fields}


def claim(**fields: Any) -> Object:
    return {"name": "gpu", "resourceClaimName": "one", **fields}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (group(), []),
        (group(resourceClaims=[claim()], disruptionMode={"all": {}}, priorityClassName="high"), []),
        ({}, ['group.schedulingPolicy: Invalid value: "": must specify one of: `basic`, `gang`']),
        ({"schedulingPolicy": {"gang": {"minCount": 0}}},
         ["group.schedulingPolicy.gang.minCount: Invalid value: 0: must be greater than or equal to 1"]),
        (group(disruptionMode={}),
         ['group.disruptionMode: Invalid value: "": must specify one of: `single`, `all`']),
        (group(preemptionPolicy="Always"),
         ['group.preemptionPolicy: Unsupported value: "Always": supported values: "Never", "PreemptLowerPriority"']),
        (group(resourceClaims=[claim(), claim()]), ['group.resourceClaims[1]: Duplicate value: "gpu"']),
        (group(resourceClaims=[claim(name="")]), ["group.resourceClaims[0].name: Required value"]),
        (group(resourceClaims=[claim(resourceClaimTemplateName="two")]),
         ['group.resourceClaims[0]: Invalid value: "{`resourceClaimName`, `resourceClaimTemplateName`}": must specify '
          "exactly one of: `resourceClaimName`, `resourceClaimTemplateName`"]),
        (group(schedulingConstraints={"topology": [{}]}),
         ["group.schedulingConstraints.topology[0].key: Required value"]),
        (group(schedulingConstraints={"topology": [{"key": "a"}, {"key": "b"}]}),
         ["group.schedulingConstraints.topology: Too many: 2: must have at most 1 item"]),
    ],
)  # fmt: skip
def test_what_is_wrong(fields: Object, errors: list[str]) -> None:
    assert said(validate_group(fields, AT)) == errors


def test_only_the_size_of_a_gang_changes() -> None:
    old = group()
    assert said(validate_group_change({"schedulingPolicy": {"gang": {"minCount": 9}}}, old, AT)) == []
    assert len(validate_group_change({"schedulingPolicy": {"basic": {}}}, old, AT)) == 1
    assert said(validate_group_change(group(priorityClassName="x"), old, AT)) == [
        'group.priorityClassName: Invalid value: "x": field is immutable'
    ]

"""Rules of DeviceClasses."""

import pytest

from tests.unit.kube.kinds.devices.examples import opaque
from tests.unit.kube.kinds.objects import changed, created, made
from wherry.kube.kinds.deviceclass import KIND
from wherry.kube.machinery.model import Object


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"selectors": [{"cel": {"expression": "true"}}], "config": [opaque()]}, []),
        ({"extendedResourceName": "example.com/gpu"}, []),
        ({"extendedResourceName": "cpu"},
         ['spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name']),
        ({"config": [{}]}, ["spec.config[0].opaque: Required value"]),
        ({"selectors": [{"cel": {"expression": "true"}}] * 33},
         ["spec.selectors: Too many: 33: must have at most 32 items"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_a_class_may_change() -> None:
    assert changed(KIND, made(KIND, spec={}), spec={"config": [opaque()]}) == []

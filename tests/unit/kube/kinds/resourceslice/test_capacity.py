"""How much of a device's capacity a claim may ask for."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.resourceslice.capacity import validate_policy
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

RANGE = {"min": "1Gi", "max": "8Gi", "step": "1Gi"}


@pytest.mark.parametrize(
    ("policy", "errors"),
    [
        ({}, []),
        ({"default": "1Gi", "validValues": ["1Gi", "2Gi"]}, []),
        ({"default": "2Gi", "validRange": RANGE}, []),
        ({"validValues": ["1"], "validRange": {}},
         ['at: Forbidden: exactly one policy can be specified, cannot specify "validValues" and "validRange" at the '
          "same time"]),
        ({"validValues": ["1"]}, ["at.default: Required value: required when validValues is defined"]),
        ({"validRange": RANGE}, ["at.default: Required value: required when validRange is defined"]),
        ({"default": "1Gi", "validValues": ["2Gi", "1Gi", "20Gi", "20Gi"]},
         ['at.validValues[1]: Invalid value: "1Gi": values must be sorted in ascending order',
          'at.validValues[2]: Invalid value: "20Gi": option is larger than capacity value: 10Gi',
          'at.validValues[3]: Invalid value: "20Gi": option is larger than capacity value: 10Gi',
          'at.validValues[3]: Duplicate value: "20Gi"']),
        ({"default": "3Gi", "validValues": ["1Gi"]},
         ['at.validValues: Invalid value: "3Gi": default value is not valid according to the requestPolicy']),
        ({"default": "1", "validValues": [str(n) for n in range(11)]},
         ["at.validValues: Too many: 11: must have at most 10 items"]),
        ({"default": "1Gi", "validRange": {}}, ["at.validRange.min: Required value: required when validRange is "
                                                "defined"]),
        ({"default": "1Gi", "validRange": {"min": "11Gi"}},
         ['at.validRange.min: Invalid value: "11Gi": min is larger than capacity value: 10Gi',
          'at.validRange.default: Invalid value: "1Gi": default is less than min: 11Gi']),
        ({"default": "9Gi", "validRange": {"min": "9Gi", "max": "8Gi"}},
         ['at.validRange.max: Invalid value: "9Gi": min is larger than max: 8Gi',
          'at.validRange.default: Invalid value: "9Gi": default is more than max: 8Gi']),
        ({"default": "1Gi", "validRange": {"min": "1Gi", "max": "11Gi"}},
         ['at.validRange.max: Invalid value: "11Gi": max is larger than capacity value: 10Gi']),
        ({"default": "1Gi", "validRange": {**RANGE, "step": "0"}},
         ['at.validRange.step: Invalid value: "0": must be greater than zero']),
        ({"default": "2Gi", "validRange": {**RANGE, "step": "4Gi"}},
         ['at.validRange.step: Invalid value: "2Gi": value is not a multiple of a given step (4Gi) from (1Gi)',
          'at.validRange.step: Invalid value: "8Gi": value is not a multiple of a given step (4Gi) from (1Gi)']),
        ({"default": "1Gi", "validRange": {"min": "1Gi", "step": "10Gi"}},
         ['at.validRange.step: Invalid value: "10Gi": one step 11Gi is larger than capacity value: 10Gi']),
    ],
)  # fmt: skip
def test_a_policy(policy: Object, errors: list[str]) -> None:
    assert said(validate_policy(policy, "10Gi", Path("at"))) == errors


def test_a_default_that_is_no_amount() -> None:
    (error,) = said(validate_policy({"default": "much", "validValues": ["1"]}, "10Gi", Path("at")))
    assert error.startswith('at.default: Invalid value: "much": ')

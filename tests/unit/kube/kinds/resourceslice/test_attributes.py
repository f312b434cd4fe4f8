"""Rules of the attributes of devices."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.resourceslice.attributes import validate_attribute, values_of
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object


@pytest.mark.parametrize(
    ("attribute", "errors"),
    [
        ({"bool": False}, []),
        ({"int": 0}, []),
        ({"string": ""}, []),
        ({"version": "1.2.3-rc.1+build.5"}, []),
        ({"strings": ["a", "b"]}, []),
        ({}, ['at: Invalid value: "": exactly one value must be specified']),
        ({"int": 1, "bool": True},
         ['at: Invalid value: {"int":1,"bool":true}: exactly one value must be specified']),
        ({"string": "x" * 65}, ["at.string: Too long: may not be more than 64 bytes"]),
        ({"version": "1.2"}, ['at.version: Invalid value: "1.2": must be a string compatible with semver.org spec '
                              "2.0.0"]),
        ({"versions": ["1.0.0", "01.0.0"]},
         ['at.versions[1]: Invalid value: "01.0.0": must be a string compatible with semver.org spec 2.0.0']),
        ({"ints": []}, ["at.ints: Invalid value: []: must not be empty if specified"]),
    ],
)  # fmt: skip
def test_an_attribute(attribute: Object, errors: list[str]) -> None:
    assert said(validate_attribute(attribute, Path("at"))) == errors


def test_how_many_values_it_has() -> None:
    assert values_of({"int": 5}) == values_of({}) == 1
    assert values_of({"ints": [1, 2, 3]}) == 3

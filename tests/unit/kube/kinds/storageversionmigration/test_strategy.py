"""Rules of StorageVersionMigrations, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from wherry.kube.kinds.storageversionmigration import KIND
from wherry.kube.machinery.model import Object

SPEC = {"resource": {"group": "apps", "resource": "deployments"}}


def held(*kinds: str, **fields: Any) -> Object:
    rest = {"status": "True", "reason": "Because", "lastTransitionTime": "2026-01-02T03:04:05Z"}
    return {"conditions": [{"type": kind, **rest} for kind in kinds], **fields}


def test_it_is_about_a_resource() -> None:
    assert created(KIND, spec=SPEC) == []
    assert created(KIND, spec={}) == ["spec.resource.resource: Required value: resource is required"]
    assert changed(KIND, made(KIND, spec=SPEC), spec={"resource": {"group": "batch", "resource": "deployments"}}) == [
        'group: Invalid value: "batch": field is immutable'
    ]


@pytest.mark.parametrize(
    ("before", "status", "endings"),
    [
        ({}, held("Running", resourceVersion="5"), []),
        (held("Running"), held("Succeeded"), []),
        ({}, {"resourceVersion": "-1"}, ["must be greater than or equal to 0"]),
        ({}, {"resourceVersion": "x"},
         ['failed to parse resource version "x": strconv.ParseInt: parsing "x": invalid syntax']),
        ({"resourceVersion": "5"}, {"resourceVersion": "6"}, ["cannot be updated"]),
        ({}, held("Succeeded", "Failed"),
         ["Both success and failed conditions cannot be true at the same time"]),
        ({}, held("Succeeded", "Running"), ["Running condition cannot be true when success condition is true"]),
        (held("Failed"), {}, ["Failed condition cannot be set to false once it is true"]),
        (held("Succeeded"), {}, ["Success condition cannot be set to false once it is true"]),
    ],
)  # fmt: skip
def test_a_status(before: Object, status: Object, endings: list[str]) -> None:
    old = {**made(KIND, spec=SPEC), "status": before}
    found = with_status(KIND, old, **status)
    assert len(found) == len(endings)
    assert all(error.endswith(ending) for error, ending in zip(found, endings, strict=True))


def test_that_nothing_happens_is_said() -> None:
    obj = made(KIND, spec=SPEC)
    assert KIND.strategy.warnings(obj, None)
    assert not KIND.strategy.warnings(obj, obj)


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=SPEC), NOW) == ("a", "deployments.apps")
    assert KIND.cells(made(KIND, spec={"resource": {"resource": "pods"}}), NOW) == ("a", "pods")

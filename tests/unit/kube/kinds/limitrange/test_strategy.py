import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW, created, made
from wherry.kube.kinds.limitrange import KIND

L = "spec.limits[0]"


def item(**fields: Any) -> dict[str, Any]:
    return {"type": "Container", **fields}


@pytest.mark.parametrize(
    ("given", "default", "asked"),
    [
        ({"max": {"cpu": "2"}}, {"cpu": "2"}, {"cpu": "2"}),
        ({"min": {"cpu": "100m"}}, None, {"cpu": "100m"}),
        ({"max": {"cpu": "2"}, "default": {"cpu": "1"}}, {"cpu": "1"}, {"cpu": "1"}),
        (
            {"max": {"cpu": "2"}, "defaultRequest": {"cpu": "500m"}, "min": {"memory": "1Mi"}},
            {"cpu": "2"},
            {"cpu": "500m", "memory": "1Mi"},
        ),
    ],
)
def test_a_container_is_given_what_it_may_have(
    given: dict[str, Any], default: dict[str, str] | None, asked: dict[str, str]
) -> None:
    (found,) = made(KIND, spec={"limits": [item(**given)]})["spec"]["limits"]
    assert found.get("default") == default
    assert found["defaultRequest"] == asked


def test_a_pod_is_given_nothing() -> None:
    (found,) = made(KIND, spec={"limits": [{"type": "Pod", "max": {"cpu": "2000m"}}]})["spec"]["limits"]
    assert found == {"type": "Pod", "max": {"cpu": "2"}}


@pytest.mark.parametrize(
    ("limit", "errors"),
    [
        (item(max={"cpu": "2"}, min={"cpu": "1"}, maxLimitRequestRatio={"cpu": "2"}), []),
        ({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}}, []),
        ({"type": "example.com/own", "max": {"example.com/gpu": "1"}}, []),
        ({"type": "Room"}, [f'{L}.type: Invalid value: "Room": must be a standard limit type or fully qualified']),
        (
            {"type": "PersistentVolumeClaim"},
            [
                f"{L}.limits: Required value: either minimum or maximum storage value is required, but neither was "
                "provided"
            ],
        ),
        (
            {"type": "Pod", "default": {"cpu": "1"}},
            [f"{L}.default: Forbidden: may not be specified when `type` is 'Pod'"],
        ),
        (
            {"type": "Pod", "min": {"cpu": "2"}, "max": {"cpu": "1"}},
            [f'{L}.min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
        ),
        (
            item(default={"cpu": "1"}, defaultRequest={"cpu": "2"}),
            [
                f'{L}.defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit '
                "value 1"
            ],
        ),
        (
            item(max={"cpu": "1"}, default={"cpu": "2"}, defaultRequest={"cpu": "1"}),
            [f'{L}.default[cpu]: Invalid value: "1": default value 2 is greater than max value 1'],
        ),
        (
            item(maxLimitRequestRatio={"cpu": "500m"}),
            [f'{L}.maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
        ),
        (
            item(max={"cpu": "2"}, min={"cpu": "1"}, maxLimitRequestRatio={"cpu": "3"}),
            [
                f'{L}.maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
            ],
        ),
        (
            item(default={"hugepages-2Mi": "4Mi"}, defaultRequest={"hugepages-2Mi": "2Mi"}),
            [
                f'{L}.defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to '
                "defaultRequest value 2Mi in hugepages-2Mi"
            ],
        ),
    ],
)
def test_limits(limit: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, spec={"limits": [copy.deepcopy(limit)]}) == errors


def test_a_type_is_limited_once() -> None:
    assert created(KIND, spec={"limits": [item(), item()]}) == ['spec.limits[1].type: Duplicate value: "Container"']


def test_a_row() -> None:
    assert KIND.cells is not None
    assert list(KIND.cells({"metadata": {"name": "a", "creationTimestamp": CREATED}}, NOW)) == ["a", CREATED]

import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made, with_status
from wherry.kube.kinds.resourcequota import KIND

M = "spec.scopeSelector.matchExpressions"


def selector(**expression: Any) -> dict[str, Any]:
    return {"scopeSelector": {"matchExpressions": [expression]}}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"hard": {"pods": "10", "requests.cpu": "4", "count/deployments.apps": "2", "limits.memory": "1Gi"}}, []),
        ({"hard": {"requests.example.com/gpu": "1", "fast.storageclass.storage.k8s.io/requests.storage": "1Gi"}}, []),
        (
            {"hard": {"disks": "1"}},
            [
                'spec.hard[disks]: Invalid value: "disks": must be a standard resource type or fully qualified',
                'spec.hard[disks]: Invalid value: "disks": must be a standard resource for quota',
            ],
        ),
        (
            {"hard": {"storage": "1"}},
            ['spec.hard[storage]: Invalid value: "storage": must be a standard resource for quota'],
        ),
        ({"hard": {"pods": "-1"}}, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']),
        ({"hard": {"pods": "1500m"}}, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']),
        ({"hard": {"pods": "1"}, "scopes": ["BestEffort"]}, []),
        (
            {"hard": {"pods": "1"}, "scopes": ["Friendly"]},
            ['spec.scopes: Invalid value: ["Friendly"]: unsupported scope'],
        ),
        (
            {"hard": {"cpu": "1"}, "scopes": ["BestEffort"]},
            ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
        ),
        (
            {"hard": {"pods": "1"}, "scopes": ["BestEffort", "NotBestEffort"]},
            ['spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes'],
        ),
        (
            {"hard": {"pods": "1"}, **selector(scopeName="PriorityClass", operator="In", values=["high"])},
            [],
        ),
        (
            selector(scopeName="PriorityClass", operator="In"),
            [
                f"{M}.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for "
                "scope selector"
            ],
        ),
        (
            selector(scopeName="PriorityClass", operator="Exists", values=["x"]),
            [
                f"{M}.values: Invalid value: [\"x\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' "
                "for scope selector"
            ],
        ),
        (
            selector(scopeName="Terminating", operator="DoesNotExist"),
            [
                f"{M}.operator: Invalid value: \"DoesNotExist\": must be 'Exists' when scope is any of "
                "ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"
            ],
        ),
        (
            selector(scopeName="PriorityClass", operator="Like"),
            [f'{M}.operator: Invalid value: "Like": not a valid selector operator'],
        ),
    ],
)
def test_quotas(spec: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, spec=copy.deepcopy(spec)) == errors


def test_scopes_stay() -> None:
    old = made(KIND, spec={"hard": {"pods": "1"}, "scopes": ["BestEffort"]})
    assert changed(KIND, old, spec={"hard": {"pods": "2"}, "scopes": ["BestEffort"]}) == []
    assert changed(KIND, old, spec={"hard": {"pods": "2"}, "scopes": ["NotBestEffort"]}) == [
        'spec.scopes: Invalid value: ["NotBestEffort"]: field is immutable'
    ]


def test_a_status_has_resources_too() -> None:
    old = made(KIND, spec={"hard": {"pods": "1"}})
    assert with_status(KIND, old, hard={"pods": "1"}, used={"pods": "0"}) == []
    assert with_status(KIND, old, used={"pods": "-1"}) == [
        'status.used[pods]: Invalid value: "-1": must be greater than or equal to 0'
    ]


def test_amounts_are_written_in_one_way() -> None:
    found = made(KIND, spec={"hard": {"requests.cpu": "1000m"}}, status={"hard": {"pods": "1"}})
    assert found["spec"]["hard"] == {"requests.cpu": "1"}
    assert found["status"] == {}
    assert "generation" not in found["metadata"]


def test_a_row() -> None:
    assert KIND.cells is not None
    found = made(KIND)
    found["status"] = {
        "hard": {"requests.cpu": "4", "pods": "10", "limits.cpu": "8"},
        "used": {"requests.cpu": "1", "limits.cpu": "2"},
    }
    assert list(KIND.cells(found, NOW)) == ["a", "pods: 0/10, requests.cpu: 1/4", "limits.cpu: 2/8", "2m5s"]

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import changed, created, made, with_status
from wherry.kube.kinds.node import KIND

TAINT = {"key": "a", "effect": "NoSchedule"}


def test_defaults() -> None:
    found = made(KIND, spec={"podCIDR": "10.244.0.0/24"}, status={"capacity": {"cpu": "4000m", "memory": "1024Mi"}})
    assert found["spec"]["podCIDRs"] == ["10.244.0.0/24"]
    assert found["status"]["capacity"] == found["status"]["allocatable"] == {"cpu": "4", "memory": "1Gi"}
    assert "generation" not in found["metadata"]
    assert made(KIND, spec={"podCIDRs": ["10.244.0.0/24"]})["spec"]["podCIDR"] == "10.244.0.0/24"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        ({"taints": [TAINT, {**TAINT, "effect": "NoExecute"}], "podCIDRs": ["10.244.0.0/24", "fd00::/64"]}, []),
        ({"taints": [{"key": "a"}]}, ["metadata.taints[0].effect: Required value"]),
        (
            {"taints": [{"key": "a", "effect": "Never"}]},
            [
                'metadata.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", '
                '"PreferNoSchedule"'
            ],
        ),
        (
            {"taints": [TAINT, {**TAINT, "value": "b"}]},
            [
                'metadata.taints[1]: Duplicate value: {"key":"a","effect":"NoSchedule","value":"b"}: taints must be '
                "unique by key and effect pair"
            ],
        ),
        (
            {"podCIDRs": ["10.244.0.0/24", "10.245.0.0/24"]},
            [
                'spec.podCIDRs: Invalid value: ["10.244.0.0/24","10.245.0.0/24"]: may specify no more than one CIDR '
                "for each IP family"
            ],
        ),
        (
            {"podCIDRs": ["10.244.0.0"]},
            [
                'spec.podCIDRs[0]: Invalid value: "10.244.0.0": must be a valid CIDR value, '
                "(e.g. 10.9.8.0/24 or 2001:db8::/64)"
            ],
        ),
    ],
)
def test_nodes(spec: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


@pytest.mark.parametrize(
    ("before", "after", "errors"),
    [
        ({}, {"podCIDRs": ["10.244.0.0/24"], "providerID": "x"}, []),
        (
            {"podCIDRs": ["10.244.0.0/24"]},
            {"podCIDRs": ["10.245.0.0/24"]},
            ['spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid'],
        ),
        (
            {"providerID": "x"},
            {"providerID": "y"},
            ['spec.providerID: Forbidden: node updates may not change providerID except from "" to valid'],
        ),
        ({}, {"externalID": "x"}, ["spec.externalID: Forbidden: may not be updated"]),
        ({}, {"unschedulable": True}, []),
    ],
)
def test_what_stays(before: dict[str, Any], after: dict[str, Any], errors: list[str]) -> None:
    assert changed(KIND, made(KIND, spec=before), spec=after) == errors


@pytest.mark.parametrize(
    ("status", "errors"),
    [
        ({"capacity": {"cpu": "1"}, "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]}, []),
        (
            {"capacity": {"pods": "1500m"}},
            ['status.capacity.pods: Invalid value: "1500m": must be an integer'],
        ),
        (
            {"allocatable": {"memory": "-1"}},
            ['status.allocatable.memory: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        (
            {"addresses": [{"type": "InternalIP", "address": "10.0.0.1"}] * 2},
            ['status.addresses[1]: Duplicate value: {"type":"InternalIP","address":"10.0.0.1"}'],
        ),
    ],
)
def test_statuses(status: dict[str, Any], errors: list[str]) -> None:
    assert with_status(KIND, made(KIND), **status) == errors


def test_warnings_and_fields() -> None:
    found = made(KIND, spec={"configSource": {}, "externalID": "x", "unschedulable": True})
    assert KIND.strategy.warnings(found, None) == [
        "spec.configSource: the feature is no longer available",
        "spec.externalID: this field is deprecated, and is unused by Kubernetes",
    ]
    assert KIND.fields(found)["spec.unschedulable"] == "true"
    assert KIND.status_at_create

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CREATED, NOW
from wherry.kube.kinds.node import KIND
from wherry.kube.kinds.node.columns import roles

READY = {"type": "Ready", "status": "True"}


def cells(labels: dict[str, str] | None = None, spec: dict[str, Any] | None = None, **status: Any) -> list[Any]:
    assert KIND.cells is not None
    meta = {"name": "n1", "creationTimestamp": CREATED, "labels": labels or {}}
    row = list(KIND.cells({"metadata": meta, "spec": spec or {}, "status": status}, NOW))
    assert len(row) == len(KIND.columns)
    return row


def test_a_row() -> None:
    assert cells(
        {"node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/control-plane": ""},
        conditions=[{"type": "MemoryPressure", "status": "False"}, READY],
        nodeInfo={
            "kubeletVersion": "v1.36.0",
            "osImage": "Debian",
            "kernelVersion": "6.1",
            "containerRuntimeVersion": "wherry://1",
        },
        addresses=[{"type": "Hostname", "address": "n1"}, {"type": "InternalIP", "address": "10.0.0.9"}],
    ) == [
        "n1",
        "Ready",
        "control-plane,worker",
        "2m5s",
        "v1.36.0",
        "10.0.0.9",
        "<none>",
        "Debian",
        "6.1",
        "wherry://1",
    ]


@pytest.mark.parametrize(
    ("conditions", "spec", "shown"),
    [
        ([READY], {}, "Ready"),
        ([{**READY, "status": "False"}], {}, "NotReady"),
        ([{**READY, "status": "Unknown"}], {}, "NotReady"),
        ([], {}, "Unknown"),
        ([READY], {"unschedulable": True}, "Ready,SchedulingDisabled"),
    ],
)
def test_how_it_is(conditions: list[dict[str, str]], spec: dict[str, Any], shown: str) -> None:
    assert cells(spec=spec, conditions=conditions)[1] == shown


def test_what_is_not_known() -> None:
    assert cells()[2:] == ["<none>", "2m5s", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]


def test_roles_are_in_labels_old_and_new() -> None:
    node = {"metadata": {"labels": {"kubernetes.io/role": "master", "node-role.kubernetes.io/": "", "other": "x"}}}
    assert roles(node) == ["master"]

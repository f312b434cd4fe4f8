from typing import Any

import pytest

from tests.unit.kube.controllers.daemonset.daemons import node, taint
from wherry.kube.controllers.daemonset.fitting import NO, RUNS, STAYS, Fit, fit
from wherry.kube.machinery.model import Object


@pytest.mark.parametrize(
    ("taints", "expected"),
    [
        ([], RUNS),
        ([taint("a")], STAYS),
        ([taint("a", "NoExecute")], NO),
        ([taint("a", "PreferNoSchedule")], RUNS),
        ([taint("b"), taint("b", "NoExecute")], RUNS),
        ([taint("b"), taint("a")], STAYS),
    ],
)
def test_a_taint_keeps_new_pods_away_or_all(taints: list[Object], expected: Fit) -> None:
    assert fit({}, [{"key": "b", "operator": "Exists"}], node("n1", *taints)) == expected


def required(*terms: Object) -> Object:
    wanted = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": wanted}}}


def labels(key: str, operator: str, *values: str) -> Object:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def named(*names: str) -> Object:
    return {"matchFields": [{"key": "metadata.name", "operator": "In", "values": list(names)}]}


@pytest.mark.parametrize(
    ("spec", "runs"),
    [
        ({}, True),
        ({"nodeName": "n1"}, True),
        ({"nodeName": "n2"}, False),
        ({"nodeSelector": {"disk": "ssd"}}, True),
        ({"nodeSelector": {"disk": "hdd"}}, False),
        (required(labels("disk", "In", "ssd", "nvme")), True),
        (required(labels("disk", "NotIn", "ssd")), False),
        (required(labels("disk", "Exists")), True),
        (required(labels("disk", "DoesNotExist")), False),
        (required(labels("cores", "Gt", "4")), True),
        (required(labels("cores", "Lt", "4")), False),
        (required(named("n1")), True),
        (required(named("n2")), False),
        (required(named("n2"), labels("disk", "In", "ssd")), True),
        (required({**named("n2"), **labels("disk", "In", "ssd")}), False),
        (required({}), False),
        (required(), False),
    ],
)
def test_a_node_must_be_what_the_pod_requires(spec: Any, runs: bool) -> None:
    assert fit(spec, [], node("n1", disk="ssd", cores="8")) == (RUNS if runs else NO)

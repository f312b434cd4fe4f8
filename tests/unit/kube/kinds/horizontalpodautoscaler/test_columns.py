"""The row of ``kubectl get horizontalpodautoscalers``."""

import pytest

from tests.unit.kube.kinds.horizontalpodautoscaler.examples import external, of_object, pods, resource, scaler, use
from tests.unit.kube.kinds.objects import NOW, made
from wherry.kube.kinds.horizontalpodautoscaler import KIND
from wherry.kube.kinds.horizontalpodautoscaler.columns import cells
from wherry.kube.machinery.model import Object


def test_a_row() -> None:
    obj = made(KIND, spec=scaler())
    obj["status"] = {"currentReplicas": 2}
    assert cells(obj, NOW) == ("a", "Deployment/web", "cpu: <unknown>/80%", "1", 5, 2, "2m5s")


@pytest.mark.parametrize(
    ("metric", "current", "shown"),
    [
        (use(50), {"resource": {"current": {"averageUtilization": 30}}}, "cpu: 30%/50%"),
        (resource(averageValue="100m"), {"resource": {"current": {"averageValue": "50m"}}}, "cpu: 50m/100m"),
        (resource("memory"), {}, "memory: <unknown>/<auto>"),
        (pods("10"), {"pods": {"current": {"averageValue": "5"}}}, "5/10"),
        (external(value="10"), {"external": {"current": {"value": "5"}}}, "5/10"),
        (of_object(averageValue="10"), {}, "<unknown>/10 (avg)"),
        ({"type": "Moon"}, {}, "<unknown type>"),
    ],
)
def test_what_is_measured(metric: Object, current: Object, shown: str) -> None:
    obj = {"spec": {"metrics": [metric]}, "status": {"currentMetrics": [current]}}
    assert cells(obj, NOW)[2] == shown


def test_two_metrics_are_shown() -> None:
    assert cells({"spec": {"metrics": [pods("1"), pods("2"), pods("3")]}}, NOW)[2] == (
        "<unknown>/1, <unknown>/2 + 1 more..."
    )
    assert cells({"spec": {}}, NOW)[2] == "<none>"

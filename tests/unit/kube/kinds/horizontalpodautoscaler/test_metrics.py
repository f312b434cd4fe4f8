"""Rules of what an autoscaler measures."""

import pytest

from tests.unit.kube.kinds.horizontalpodautoscaler.examples import external, of_object, pods, resource, use
from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.horizontalpodautoscaler.metrics import validate_metrics
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

CONTAINER: Object = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "cpu",
        "container": "web",
        "target": {"type": "Utilization", "averageUtilization": 5},
    },
}


@pytest.mark.parametrize(
    "metric",
    [
        use(50),
        resource(type="AverageValue", averageValue="100m"),
        pods("1"),
        external(type="Value", value="5"),
        external(type="AverageValue", averageValue="5"),
        of_object(type="Value", value="5"),
        CONTAINER,
    ],
)
def test_what_is_right(metric: Object) -> None:
    assert said(validate_metrics({"metrics": [metric]}, Path("metrics"))) == []


@pytest.mark.parametrize(
    ("metric", "errors"),
    [
        ({}, ["metrics[0].type: Required value: must specify a metric source type",
              'metrics[0].type: Unsupported value: "": supported values: "ContainerResource", "External", "Object", '
              '"Pods", "Resource"']),
        ({"type": "Pods"},
         ["metrics[0].pods: Required value: must populate information for the given metric source"]),
        ({**use(5), "pods": pods("1")["pods"]},
         ["metrics[0].pods: Forbidden: must populate the given metric source only"]),
        (use(0), ["metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0"]),
        (resource(type="Utilization"),
         ["metrics[0].resource.target.averageUtilization: Required value: must set either a target raw value or a "
          "target utilization"]),
        (resource(type="Utilization", averageUtilization=5, averageValue="5"),
         ["metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target "
          "utilization"]),
        (resource("", type="Utilization", averageUtilization=5),
         ["metrics[0].resource.name: Required value: must specify a resource name"]),
        (resource(averageUtilization=5),
         ["metrics[0].resource.target.type: Required value: must specify a metric target type",
          'metrics[0].resource.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue']),
        (pods("-1"), ['metrics[0].pods.target.averageValue: Invalid value: "-1": must be positive']),
        ({"type": "Pods", "pods": {"metric": {}, "target": {"type": "Value"}}},
         ["metrics[0].pods.metric.name: Required value: must specify a metric name",
          "metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue"]),
        (external(type="Value"),
         ["metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a "
          "per-pod target"]),
        (external(type="Value", value="1", averageValue="1"),
         ["metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod "
          "target"]),
        (of_object(type="Value"),
         ["metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue"]),
        ({**CONTAINER, "containerResource": {**CONTAINER["containerResource"], "container": ""}},
         ["metrics[0].containerResource.container: Required value: must specify a container"]),
    ],
)  # fmt: skip
def test_what_is_wrong(metric: Object, errors: list[str]) -> None:
    assert said(validate_metrics({"metrics": [metric]}, Path("metrics"))) == errors


def test_nothing_can_be_measured_of_no_pods_but_by_others() -> None:
    assert said(validate_metrics({"minReplicas": 0, "metrics": [external(type="Value", value="1")]}, Path("m"))) == []

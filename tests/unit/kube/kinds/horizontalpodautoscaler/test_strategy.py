"""Defaults and rules of HorizontalPodAutoscalers."""

import pytest

from tests.unit.kube.kinds.horizontalpodautoscaler.examples import pods, scaler, use
from tests.unit.kube.kinds.objects import changed, created, made, with_status
from wherry.kube.kinds.horizontalpodautoscaler import KIND
from wherry.kube.machinery.model import Object


def test_without_metrics_it_is_the_use_of_cpu() -> None:
    spec = made(KIND, spec=scaler())["spec"]
    assert spec["minReplicas"] == 1
    assert spec["metrics"] == [use(80)]
    assert "behavior" not in spec


def test_quantities_are_written_as_the_api_shows_them() -> None:
    metrics = made(KIND, spec=scaler(metrics=[pods("0.5")]))["spec"]["metrics"]
    assert metrics == [pods("500m")]


def test_behavior_is_filled_in() -> None:
    percent = {"type": "Percent", "value": 100, "periodSeconds": 15}
    assert made(KIND, spec=scaler(behavior={}))["spec"]["behavior"] == {
        "scaleUp": {
            "stabilizationWindowSeconds": 0,
            "selectPolicy": "Max",
            "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}, percent],
        },
        "scaleDown": {"selectPolicy": "Max", "policies": [percent]},
    }


def down(**rules: object) -> Object:
    return scaler(behavior={"scaleDown": rules})


AT = "spec.behavior.scaleDown"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (scaler(), []),
        (scaler(minReplicas=0), ["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1",
                                 "spec.metrics: Forbidden: must specify at least one Object or External metric to "
                                 "support scaling to zero replicas"]),
        (scaler(maxReplicas=0),
         ["spec.maxReplicas: Invalid value: 0: must be greater than 0",
          "spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`"]),
        (scaler(minReplicas=6),
         ["spec.maxReplicas: Invalid value: 5: must be greater than or equal to `minReplicas`"]),
        (scaler(scaleTargetRef={"kind": "a/b"}),
         ["spec.scaleTargetRef.kind: Invalid value: \"a/b\": may not contain '/'",
          "spec.scaleTargetRef.name: Required value"]),
        (down(stabilizationWindowSeconds=-1),
         [f"{AT}.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero"]),
        (down(stabilizationWindowSeconds=3601),
         [f"{AT}.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600"]),
        (down(selectPolicy="Best"),
         [f'{AT}.selectPolicy: Unsupported value: "Best": supported values: "Disabled", "Max", "Min"']),
        (down(policies=[]), [f"{AT}.policies: Required value: must specify at least one Policy"]),
        (down(policies=[{"type": "Some", "value": 0, "periodSeconds": 0}]),
         [f'{AT}.policies[0].type: Unsupported value: "Some": supported values: "Percent", "Pods"',
          f"{AT}.policies[0].value: Invalid value: 0: must be greater than zero",
          f"{AT}.policies[0].periodSeconds: Invalid value: 0: must be greater than zero"]),
        (down(policies=[{"type": "Pods", "value": 1, "periodSeconds": 1801}]),
         [f"{AT}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800"]),
        (down(tolerance="-1"),
         [f'{AT}.tolerance: Invalid value: "-1": must be greater than or equal to 0']),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_one_that_scaled_to_nothing_may_go_on() -> None:
    old = made(KIND, spec=scaler(minReplicas=0))
    (error,) = changed(KIND, old, spec=scaler(minReplicas=0))
    assert error.startswith("spec.metrics: Forbidden")


def test_a_status_counts() -> None:
    old = made(KIND, spec=scaler())
    assert old["status"] == {"desiredReplicas": 0, "currentReplicas": 0}
    assert with_status(KIND, old, currentReplicas=-1) == [
        "status.currentReplicas: Invalid value: -1: must be greater than or equal to 0"
    ]

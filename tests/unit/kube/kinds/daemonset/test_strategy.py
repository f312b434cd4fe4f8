"""Defaults and rules of DaemonSets, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CONTEXT, NOW, changed, created, made, with_status
from tests.unit.kube.kinds.workloads import template, workload
from wherry.kube.kinds.daemonset import KIND
from wherry.kube.kinds.daemonset.strategy import TEMPLATE_GENERATION
from wherry.kube.machinery.model import Object


def generation(obj: Object) -> str:
    return str(obj["metadata"]["annotations"][TEMPLATE_GENERATION])


def test_what_is_left_out_is_filled_in() -> None:
    obj = made(KIND, spec=workload())
    assert obj["spec"]["revisionHistoryLimit"] == 10
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}}
    assert obj["spec"]["updateStrategy"] == update
    assert obj["status"] == {
        "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0,
    }  # fmt: skip


def rolling(**fields: Any) -> Object:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": fields}}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({}, []),
        (rolling(maxSurge=1, maxUnavailable=0), []),
        (rolling(maxSurge=1),
         ["spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is "
          "non-zero"]),
        (rolling(maxUnavailable=0),
         ["spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0"]),
        ({"updateStrategy": {"type": "Soon"}},
         ['spec.updateStrategy: Unsupported value: {"type":"Soon"}: supported values: "RollingUpdate", "OnDelete"']),
        ({"selector": {"matchLabels": {"app": "other"}}},
         ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
        ({"selector": {}}, ["spec.selector: Invalid value: {}: empty selector is invalid for daemonset"]),
        ({"template": template(restartPolicy="Never")},
         ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"']),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=workload(**spec)) == errors


def test_the_generation_of_the_template_is_counted() -> None:
    old = made(KIND, spec=workload())
    assert generation(old) == "1"
    same, other = (
        made(KIND, spec=workload(minReadySeconds=1)),
        made(KIND, spec=workload(template=template(hostPID=True))),
    )
    KIND.strategy.prepare_update(same, old, CONTEXT)
    KIND.strategy.prepare_update(other, old, CONTEXT)
    assert (generation(same), generation(other)) == ("1", "2")


def test_a_selector_never_changes() -> None:
    spec = workload(selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]})
    (error,) = changed(KIND, made(KIND, spec=workload()), spec=spec)
    assert error.endswith(": field is immutable")


def test_a_status_counts() -> None:
    old = made(KIND, spec=workload())
    assert with_status(KIND, old, numberReady=-1) == [
        "status.numberReady: Invalid value: -1: must be greater than or equal to 0"
    ]


def test_what_is_shown() -> None:
    obj = made(KIND, spec=workload(template=template(nodeSelector={"disk": "ssd"})))
    obj["status"] = {"desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberReady": 1}
    assert KIND.cells is not None
    shown = KIND.cells(obj, NOW)
    assert shown == ("a", 3, 2, 1, 0, 0, "disk=ssd", "2m5s", "web", "nginx:1.27", "app=web")

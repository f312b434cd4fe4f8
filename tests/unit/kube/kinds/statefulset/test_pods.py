"""What the pods of a StatefulSet are made from."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import changed, container, created, made, pod_spec, said
from tests.unit.kube.kinds.workloads import LABELS, template, workload
from wherry.kube.kinds.rules import SPEC
from wherry.kube.kinds.statefulset import KIND
from wherry.kube.kinds.statefulset.pods import validate_pods
from wherry.kube.machinery.model import Object

STORAGE = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
MOUNTED = {
    "metadata": {"labels": LABELS},
    "spec": pod_spec(container(volumeMounts=[{"name": "data", "mountPath": "/data"}])),
}


def claim(name: str = "data", **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {**STORAGE, **spec}}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        ({"template": MOUNTED, "volumeClaimTemplates": [claim()]}, []),
        ({"template": MOUNTED, "volumeClaimTemplates": [claim("other")]},
         ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"']),
        ({"template": template(restartPolicy="OnFailure")},
         ['spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"']),
        ({"template": template(activeDeadlineSeconds=3)},
         ["spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in StatefulSet is not "
          "Supported"]),
        ({"selector": {"matchLabels": {"app": "other"}}},
         ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`']),
        ({"volumeClaimTemplates": [claim(accessModes=[])]},
         ["spec.volumeClaimTemplates[0].spec.accessModes: Required value: at least 1 access mode is required"]),
        ({"volumeClaimTemplates": [claim(resources={})]},
         ["spec.volumeClaimTemplates[0].spec.resources[storage]: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=workload(**spec)) == errors


def test_a_claim_takes_the_place_of_a_volume_of_its_name() -> None:
    pod = {**MOUNTED, "spec": {**MOUNTED["spec"], "volumes": [{"name": "data", "emptyDir": {}}]}}
    assert created(KIND, spec=workload(template=pod, volumeClaimTemplates=[claim()])) == []


def test_what_was_wrong_before_the_rule_may_stay() -> None:
    old = made(KIND, spec=workload(template=MOUNTED))
    assert changed(KIND, old, spec=workload(template=MOUNTED, replicas=2)) == []
    sound = made(KIND, spec=workload())
    assert changed(KIND, sound, spec=workload(template=MOUNTED)) == [
        'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"'
    ]


def test_a_selector_that_cannot_be_read() -> None:
    spec = workload(selector={"matchExpressions": [{"key": "a", "operator": "X"}]})
    assert said(validate_pods(made(KIND, spec=spec)["spec"], None, SPEC)) == [
        'spec.selector: Invalid value: {"matchExpressions":[{"key":"a","operator":"X"}]}'
    ]

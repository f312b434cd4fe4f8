import copy
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container, pod_spec, said
from tests.unit.kube.kinds.podspec.specs import wrong_spec, wrong_template
from wherry.kube.kinds.podspec import (
    PodContext,
    default_pod_spec,
    default_pod_template,
    validate_pod_spec,
    validate_pod_template,
    validate_pod_template_for_controller,
)
from wherry.kube.kinds.podspec.spec import validate_for_pod
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import parse_labels

S = "t.spec"
T = Path("t")
TOKEN = {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}}


def template(**fields: Any) -> Object:
    made: Object = {"metadata": {"labels": {"app": "web"}}, "spec": pod_spec(**fields)}
    default_pod_template(made)
    return made


def test_a_full_template_has_nothing_wrong() -> None:
    web = container(
        ports=[{"containerPort": 80, "name": "http"}],
        env=[{"name": "A", "value": "b"}, {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        resources={"requests": {"cpu": "100m"}, "limits": {"memory": "64Mi"}},
        livenessProbe={"httpGet": {"port": "http"}},
        volumeMounts=[{"name": "data", "mountPath": "/data"}, {"name": "conf", "mountPath": "/etc/conf"}],
        securityContext={"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
    )
    full = {
        "metadata": {"labels": {"app": "web"}},
        "spec": pod_spec(
            web,
            initContainers=[container(name="first", image="busybox")],
            volumes=[{"name": "data", "emptyDir": {}}, {"name": "conf", "configMap": {"name": "conf"}}],
            tolerations=[{"operator": "Exists"}],
            nodeSelector={"kubernetes.io/os": "linux"},
        ),
    }
    default_pod_template(full)
    before = copy.deepcopy(full)
    assert said(validate_pod_template(full, T)) == []
    assert full == before


def test_what_is_missing_is_named() -> None:
    assert said(validate_pod_template(None, T)) == [
        "t.spec.terminationGracePeriodSeconds: Required value",
        "t.spec.containers: Required value",
        "t.spec.restartPolicy: Required value",
        "t.spec.dnsPolicy: Required value",
    ]


def test_metadata_of_a_template_is_at_odd_paths() -> None:
    """Upstream leaves out ``metadata`` here."""
    made = template()
    made["metadata"] = {"labels": {"a b": "c"}, "annotations": {"a b": "c"}}
    first, second = said(validate_pod_template(made, T))
    assert first.startswith('t.labels: Invalid value: "a b": name part must consist of alphanumeric')
    assert second.startswith('t.annotations: Invalid value: "a b": name part must consist of alphanumeric')


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"restartPolicy": "Sometimes"},
            [f'{S}.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
        ),
        (
            {"activeDeadlineSeconds": 0},
            [f"{S}.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive"],
        ),
        ({"resourceClaims": [{"name": "a", "resourceClaimName": "b"}]}, []),
        (
            {"resourceClaims": [{"name": "a"}]},
            [
                f'{S}.resourceClaims[0]: Invalid value: {{"name":"a"}}: must specify one of: `resourceClaimName`, '
                "`resourceClaimTemplateName`"
            ],
        ),
        (
            {"resourceClaims": [{"name": "a", "resourceClaimName": "b"}, {"name": "a", "resourceClaimName": "c"}]},
            [f'{S}.resourceClaims[1].name: Duplicate value: "a"'],
        ),
        (
            {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]},
            [f"{S}.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template"],
        ),
        (
            {"overhead": {"cpu": "-1"}},
            [f'{S}.overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
        ),
        ({"serviceAccountName": "robot", "priorityClassName": "high", "runtimeClassName": "kata"}, []),
    ],
)
def test_specs(fields: dict[str, Any], errors: list[str]) -> None:
    assert wrong_spec(**fields) == errors


@pytest.mark.parametrize("field", ["serviceAccountName", "nodeName", "priorityClassName", "runtimeClassName"])
def test_names_of_other_objects(field: str) -> None:
    (error,) = wrong_spec(**{field: "No!"})
    assert error.startswith(f'{S}.{field}: Invalid value: "No!": a lowercase RFC 1123 subdomain must consist of')


def test_readiness_gates_are_qualified() -> None:
    (error,) = wrong_spec(readinessGates=[{"conditionType": "a b"}])
    assert error.startswith(f'{S}.readinessGates[0].conditionType: Invalid value: "a b": name part must')


def test_a_controller_finds_its_pods() -> None:
    selector = parse_labels("app=other")
    assert said(validate_pod_template_for_controller(template(), selector, "ReplicaSet", T)) == [
        't.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
    ]
    assert validate_pod_template_for_controller(template(), parse_labels("app=web"), "ReplicaSet", T) == []


def test_a_controller_keeps_its_pods_running() -> None:
    made = template(restartPolicy="Never", activeDeadlineSeconds=5)
    assert said(validate_pod_template_for_controller(made, None, "ReplicaSet", T)) == [
        't.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
        "t.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported",
    ]
    assert said(validate_pod_template_for_controller(None, None, "ReplicaSet", T)) == ["t: Required value"]


def test_a_pod_of_a_name_is_checked_with_it() -> None:
    spec: Object = pod_spec(
        volumes=[
            {"name": "x", "ephemeral": {"volumeClaimTemplate": {"spec": {
                "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1"}}}}}},
            {"name": "y", "persistentVolumeClaim": {"claimName": "p-x"}},
        ]
    )  # fmt: skip
    default_pod_spec(spec)
    (error,) = validate_pod_spec(spec, Path("spec"), PodContext(is_pod=True, name="p"))
    assert str(error).startswith("spec.volumes[1].persistentVolumeClaim.claimName: ")
    assert validate_pod_spec(spec, Path("spec")) == []


def test_only_pods_are_asked_for_more() -> None:
    spec = pod_spec(
        container(image=" nginx"), volumes=[{"name": "v", "projected": {"sources": [TOKEN]}}], serviceAccountName=""
    )
    assert said(validate_for_pod(spec, {}, Path("spec"))) == [
        "spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when "
        "serviceAccountName is not set",
        'spec.containers[0].image: Invalid value: " nginx": must not have leading or trailing whitespace',
    ]
    assert wrong_template(spec=pod_spec(container(image=" nginx"))) == []

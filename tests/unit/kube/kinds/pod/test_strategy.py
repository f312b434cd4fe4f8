import copy

import pytest

from tests.unit.kube.kinds.objects import CONTEXT, changed, container, created, made, pod_spec, said, with_status
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.pod import KIND
from wherry.kube.kinds.podspec.annotations import SECCOMP_POD


def test_a_pod_has_its_defaults() -> None:
    spec = made(KIND, spec=pod_spec())["spec"]
    assert spec.pop("containers") == [
        {
            "name": "web",
            "image": "nginx:1.27",
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "IfNotPresent",
        }
    ]
    assert spec == {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "enableServiceLinks": True,
    }


def test_defaults_are_given_once() -> None:
    pod = made(KIND, spec=pod_spec())
    again = copy.deepcopy(pod)
    KIND.strategy.default(again)
    assert again == pod


def test_a_pod_is_right() -> None:
    assert created(KIND, spec=pod_spec()) == []


def test_a_pod_without_containers_is_refused() -> None:
    assert created(KIND, spec={}) == ["spec.containers: Required value"]


def test_ephemeral_containers_come_later() -> None:
    debug = {"name": "debug", "image": "busybox"}
    assert created(KIND, spec=pod_spec(ephemeralContainers=[debug])) == [
        "spec.ephemeralContainers: Forbidden: cannot be set on create"
    ]


def test_a_gated_pod_has_no_node() -> None:
    assert created(KIND, spec=pod_spec(nodeName="n", schedulingGates=[{"name": "a"}])) == [
        "spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared"
    ]


def test_profiles_agree() -> None:
    spec = pod_spec(securityContext={"seccompProfile": {"type": "Unconfined"}})
    assert created(KIND, metadata={"annotations": {SECCOMP_POD: "runtime/default"}}, spec=spec) == [
        "spec.securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match"
    ]


@pytest.mark.parametrize(
    ("subresource", "errors"),
    [
        ("", 1),
        ("binding", 0),
        ("ephemeralcontainers", 0),
        ("resize", 0),
    ],
)
def test_what_an_update_may_change_depends_on_the_subresource(subresource: str, errors: int) -> None:
    """A binding is checked before it becomes an update; the other two keep what is not theirs."""
    old = made(KIND, spec=pod_spec())
    found = changed(KIND, old, subresource, spec=copy.deepcopy({**old["spec"], "nodeName": "n"}))
    assert len(found) == errors


def test_a_status_is_checked() -> None:
    old = made(KIND, spec=pod_spec())
    assert with_status(KIND, old, phase="Running", qosClass="Guaranteed") == [
        'status.qosClass: Invalid value: "Guaranteed": field is immutable'
    ]


def test_only_who_creates_a_pod_is_warned() -> None:
    pod = made(KIND, metadata={"name": "a.b"}, spec=pod_spec(nodeSelector={"beta.kubernetes.io/os": "linux"}))
    name, label = KIND.strategy.warnings(pod, None)
    assert name == (
        "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; "
        "a DNS label is recommended: [must not contain dots]"
    )
    assert label.startswith("spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14")
    assert KIND.strategy.warnings(pod, pod) == ()


def test_an_unchanged_pod_is_right() -> None:
    old = made(KIND, spec=pod_spec(container(), initContainers=[container(name="i")]))
    assert said(KIND.strategy.validate_update(copy.deepcopy(old), old, Context(CONTEXT.now))) == []


def test_fields_to_select_by() -> None:
    pod = made(KIND, spec=pod_spec(nodeName="n", serviceAccountName="robot"))
    pod["status"]["podIPs"] = [{"ip": "10.0.0.1"}]
    assert KIND.fields(pod) == {
        "metadata.name": "a",
        "metadata.namespace": "default",
        "spec.nodeName": "n",
        "spec.host": "n",
        "spec.restartPolicy": "Always",
        "spec.schedulerName": "default-scheduler",
        "spec.serviceAccountName": "robot",
        "spec.hostNetwork": "false",
        "status.phase": "Pending",
        "status.podIP": "10.0.0.1",
        "status.nominatedNodeName": "",
        "status.podIPs": "",
    }


def test_a_binding_is_no_other_generation() -> None:
    pod = made(KIND, spec=pod_spec())
    bound = {**pod, "spec": {**pod["spec"], "nodeName": "n"}}
    assert not KIND.strategy.generation_counts(bound, pod)
    assert KIND.strategy.generation_counts({**bound, "spec": {**bound["spec"], "activeDeadlineSeconds": 5}}, pod)

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.kinds.objects import container, pod_spec
from wherry.kube.kinds.podspec import pod_spec_warnings, pod_template_warnings
from wherry.kube.machinery.fielderrors import Path

SECCOMP = "seccomp.security.alpha.kubernetes.io/pod"
APPARMOR = "container.apparmor.security.beta.kubernetes.io/web"


@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        ({}, []),
        (
            {"nodeSelector": {"beta.kubernetes.io/arch": "amd64"}},
            ['spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead'],
        ),
        (
            {"topologySpreadConstraints": [{"topologyKey": "zone"}]},
            [
                "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod",
            ],
        ),
        (
            {"volumes": [{"name": "a", "gitRepo": {"repository": "r"}}]},
            ["spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"],
        ),
        (
            {"hostAliases": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.1"}]},
            ['spec.hostAliases[1].ip: duplicate ip "10.0.0.1"'],
        ),
        (
            {"imagePullSecrets": [{"name": ""}]},
            ['spec.imagePullSecrets[0].name: invalid empty name ""'],
        ),
        (
            {"terminationGracePeriodSeconds": -1},
            ["spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"],
        ),
        (
            {"overhead": {"memory": "100m"}},
            ['spec.overhead[memory]: fractional byte value "100m" is invalid, must be an integer'],
        ),
    ],
)
def test_specs(fields: dict[str, Any], warnings: list[str]) -> None:
    assert pod_spec_warnings({"spec": pod_spec(**fields)}) == warnings


C = "spec.containers[0]"


@pytest.mark.parametrize(
    ("fields", "warnings"),
    [
        (
            {"resources": {"limits": {"memory": "1500m"}}},
            [f'{C}.resources.limits[memory]: fractional byte value "1500m" is invalid, must be an integer'],
        ),
        ({"restartPolicyRules": [{"action": "Restart"}, {"action": "RestartAllContainers"}]}, []),
        (
            {"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]},
            [f'{C}.env[1]: hides previous definition of "A", which may be dropped when using apply'],
        ),
        ({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "$(A):2"}]}, []),
        (
            {"ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "TCP"}]},
            [f"{C}.ports[1]: duplicate port definition with {C}.ports[0]"],
        ),
        (
            {
                "ports": [
                    {"containerPort": 80, "protocol": "TCP", "hostPort": 80},
                    {"containerPort": 80, "protocol": "TCP"},
                ]
            },
            [f"{C}.ports[1]: overlapping port definition with {C}.ports[0]"],
        ),
        ({"ports": [{"containerPort": 80, "protocol": "TCP"}, {"containerPort": 80, "protocol": "UDP"}]}, []),
    ],
)
def test_containers(fields: dict[str, Any], warnings: list[str]) -> None:
    assert pod_spec_warnings({"spec": pod_spec(container(**fields))}) == warnings


PORTS = st.fixed_dictionaries(
    {"containerPort": st.sampled_from([80, 81]), "protocol": st.sampled_from(["TCP", "UDP"])},
    optional={"hostPort": st.sampled_from([0, 80, 81]), "hostIP": st.sampled_from(["", "10.0.0.1"])},
)


@given(st.lists(PORTS, max_size=5), st.lists(PORTS, max_size=5))
def test_every_two_ports_that_overlap_are_told_of(first: list[Any], second: list[Any]) -> None:
    expected, before = [], list[tuple[str, Any]]()
    for index, ports in enumerate((first, second)):
        for position, port in enumerate(ports):
            at = f"spec.containers[{index}].ports[{position}]"
            for there, other in before:
                if any(port[name] != other[name] for name in ("containerPort", "protocol")):
                    continue
                if all((port.get(name) or 0) == (other.get(name) or 0) for name in ("hostIP", "hostPort")):
                    expected.append(f"{at}: duplicate port definition with {there}")
                elif not port.get("hostPort") or not other.get("hostPort"):
                    expected.append(f"{at}: overlapping port definition with {there}")
            before.append((at, port))
    spec = pod_spec(container(ports=first), container(ports=second))
    assert pod_spec_warnings({"spec": spec}) == expected[:64]


@pytest.mark.parametrize("distance", [0, 1])
def test_tens_of_thousands_of_ports_are_looked_through(distance: int) -> None:
    ports = [{"containerPort": 80, "protocol": "TCP", "hostPort": distance * each} for each in range(1, 50_001)]
    assert len(pod_spec_warnings({"spec": pod_spec(container(ports=ports))})) == (0 if distance else 64)


def test_annotations_that_no_field_accompanies() -> None:
    annotations = {SECCOMP: "runtime/default", APPARMOR: "unconfined"}
    pod = {"metadata": {"annotations": annotations}, "spec": pod_spec()}
    assert pod_spec_warnings(pod) == [
        f'metadata.annotations[{SECCOMP}]: non-functional in v1.27+; use the "seccompProfile" field instead',
        f'metadata.annotations[{APPARMOR}]: deprecated since v1.30; use the "appArmorProfile" field instead',
    ]
    profiles = {"seccompProfile": {"type": "RuntimeDefault"}, "appArmorProfile": {"type": "Unconfined"}}
    assert pod_spec_warnings({**pod, "spec": pod_spec(securityContext=profiles)}) == []


def test_a_template_has_its_own_path() -> None:
    template = {
        "metadata": {"annotations": {"scheduler.alpha.kubernetes.io/critical-pod": ""}},
        "spec": pod_spec(imagePullSecrets=[{"name": "a"}, {"name": "a"}]),
    }
    assert pod_template_warnings(template, Path("spec.template")) == [
        "spec.template.metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: "
        'non-functional in v1.16+; use the "priorityClassName" field instead',
        'spec.template.spec.imagePullSecrets[1].name: duplicate name "a"',
    ]

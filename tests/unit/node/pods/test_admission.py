"""Whether a node takes a pod."""

from dataclasses import replace

import pytest

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse
from wherry.node.pods.admission import House, refuse

HOUSE = House(
    labels={"kubernetes.io/os": "linux", "zone": "a", "size": "5"},
    taints=(),
    allocatable={"cpu": parse("4"), "memory": parse("8Gi"), "pods": parse("3")},
    others=(),
    name="n1",
)


def asking(name: str = "web", **requests: str) -> Object:
    return pod(name, container(resources={"requests": requests}))


def reason(made: Object, house: House = HOUSE) -> str:
    found = refuse(made, house)
    return found.reason if found else ""


def test_a_plain_pod_is_taken() -> None:
    assert refuse(pod(), HOUSE) is None


def test_what_is_not_there_cannot_be_given() -> None:
    found = refuse(asking(memory="5Gi"), replace(HOUSE, others=[asking("a", memory="4Gi")]))
    assert found is not None
    assert (found.reason, found.message) == (
        "OutOfmemory",
        f"Node didn't have enough resource: memory, requested: {5 << 30}, used: {4 << 30}, capacity: {8 << 30}",
    )
    assert found.status_message.startswith("Pod was rejected: ")
    assert reason(asking(cpu="4")) == ""
    assert reason(asking(cpu="4001m")) == "OutOfcpu"
    assert reason(pod(), replace(HOUSE, others=[pod("a"), pod("b"), pod("c")])) == "OutOfpods"
    assert reason(asking(**{"example.com/gpu": "1"})) == ""  # of the cluster: no node has or lacks it
    assert reason(asking(**{"ephemeral-storage": "1"})) == "OutOfephemeral-storage"


def term(key: str, operator: str, *values: str) -> Object:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("terms", "fits"),
    [
        ([term("zone", "In", "a", "b")], True),
        ([term("zone", "NotIn", "a")], False),
        ([term("zone", "Exists")], True),
        ([term("none", "DoesNotExist")], True),
        ([term("size", "Gt", "4")], True),
        ([term("size", "Lt", "4")], False),
        ([term("zone", "In", "b"), term("size", "Exists")], True),  # one of the terms is enough
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}], True),
        ([{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n2"]}]}], False),
        ([{}], False),
    ],
)
def test_affinity(terms: list[Object], fits: bool) -> None:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    found = reason(pod("web", container(), affinity={"nodeAffinity": required}))
    assert found == ("" if fits else "NodeAffinity")


def test_a_selector() -> None:
    assert reason(pod("web", container(), nodeSelector={"zone": "a"})) == ""
    found = refuse(pod("web", container(), nodeSelector={"zone": "b"}), HOUSE)
    assert found is not None
    assert found.message == "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"


def port(number: int, **more: object) -> Object:
    return pod(f"p{number}", container(ports=[{"containerPort": 1, "hostPort": number, **more}]))


def test_ports() -> None:
    house = replace(HOUSE, others=[port(80), port(81, hostIP="192.0.2.1")])
    assert reason(port(80), house) == "NodePorts"
    assert reason(port(80, protocol="UDP"), house) == ""
    assert reason(port(81), house) == "NodePorts"
    assert reason(port(81, hostIP="192.0.2.2"), house) == ""


def test_taints_that_repel_what_runs() -> None:
    house = replace(HOUSE, taints=({"key": "k", "value": "v", "effect": "NoExecute"},))
    found = refuse(pod(), house)
    assert found is not None and found.reason == "TaintToleration"
    assert found.message == "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"
    for toleration in (
        {"operator": "Exists"},
        {"key": "k", "operator": "Exists", "effect": "NoExecute"},
        {"key": "k", "operator": "Equal", "value": "v"},
    ):
        assert reason(pod("web", container(), tolerations=[toleration]), house) == ""
    assert reason(pod("web", container(), tolerations=[{"key": "k", "value": "x"}]), house) == "TaintToleration"
    assert reason(pod(), replace(HOUSE, taints=({"key": "k", "effect": "NoSchedule"},))) == ""


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [
        ("kernel.msgmax", {}, '"kernel.msgmax" not allowlisted'),
        ("net/ipv4/tcp_rmem", {"hostNetwork": True}, '"net.ipv4.tcp_rmem" not allowed with host net enabled'),
        ("kernel.shm_rmid_forced", {"hostIPC": True}, '"kernel.shm_rmid_forced" not allowed with host ipc enabled'),
    ],
)
def test_sysctls(name: str, more: Object, why: str) -> None:
    context = {"sysctls": [{"name": name, "value": "1"}]}
    found = refuse(pod("web", container(), securityContext=context, **more), HOUSE)
    assert found is not None
    assert (found.reason, found.message) == ("SysctlForbidden", f"forbidden sysctl: {why}")
    assert reason(pod("web", container(), securityContext=context), replace(HOUSE, unsafe_sysctls=("kernel.*",))) == ""


def test_profiles_that_nobody_would_apply() -> None:
    own = container(securityContext={"appArmorProfile": {"type": "Localhost", "localhostProfile": "x"}})
    assert reason(pod("web", own)) == "AppArmor"
    plain = container(securityContext={"appArmorProfile": {"type": "Unconfined"}})
    assert reason(pod("web", plain)) == ""


def test_systems() -> None:
    assert reason(pod("web", container(), os={"name": "windows"})) == "PodOSNotSupported"
    other = pod()
    other["metadata"]["labels"] = {"kubernetes.io/os": "windows"}
    assert reason(other) == "PodOSSelectorNodeLabelDoesNotMatch"


def test_under_pressure() -> None:
    memory, disk = replace(HOUSE, pressures=["MemoryPressure"]), replace(HOUSE, pressures=["DiskPressure"])
    assert reason(pod(), memory) == "Evicted"
    assert reason(asking(memory="1"), memory) == ""
    assert reason(asking(memory="1"), disk) == "Evicted"
    tolerant = {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"}
    assert reason(pod("web", container(), tolerations=[tolerant]), memory) == ""
    assert reason(pod("web", container(), priority=2_000_000_000), disk) == ""


def test_at_the_end() -> None:
    assert reason(pod(), replace(HOUSE, is_shutting_down=True)) == "NodeShutdown"

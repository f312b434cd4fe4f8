"""What a node has room for."""

from pathlib import Path

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.quantity import parse
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.options import Options
from wherry.node.pods.room import Household, free, house

BUSY = container(resources={"requests": {"cpu": "500m", "example.org/gpu": "1"}})


def test_what_pods_leave() -> None:
    left = free({"cpu": parse("2"), "memory": parse("1Gi")}, [pod("a", BUSY), pod("b", BUSY)])
    assert left["cpu"] == parse("1")
    assert left["memory"] == parse("1Gi")
    assert left["example.org/gpu"] == parse("-2")


def test_what_new_pods_are_judged_by() -> None:
    options = Options("n1", Path("/none"), unsafe_sysctls=("net.*",))
    node = {"metadata": {"labels": {"zone": "a"}}, "spec": {"taints": [{"key": "k", "effect": "NoExecute"}]}}
    others = (pod("a", BUSY),)
    found = house(Household(options, ImaginedMachine().hardware(), node, others, ("DiskPressure",)))
    assert (found.labels["zone"], found.labels["kubernetes.io/hostname"]) == ("a", "n1")
    assert found.taints == node["spec"]["taints"]
    assert (found.others, found.pressures, found.unsafe_sysctls) == (others, ("DiskPressure",), ("net.*",))
    assert house(Household(options, ImaginedMachine().hardware(), None, ())).taints == ()

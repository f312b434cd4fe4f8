"""Who has to go."""

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods.machine.facts import Measures
from wherry.node.pods.machine.ranking import Use, message, victim
from wherry.node.pods.machine.thresholds import all_of
from wherry.node.pods.options import Thresholds

MEASURES = Measures(50 << 20, 1 << 30, 100 << 30, 10, 1000, 990, 1000)


def use(name: str, used: int, asked: str = "", priority: int = 0, rest: int = 0) -> Use:
    resources: Object = {"requests": {"memory": asked}} if asked else {}
    return Use(pod(name, container(resources=resources), priority=priority), {"web": used}, rest)


def first(*uses: Use) -> str:
    found = victim(uses, "memory")
    return found.pod["metadata"]["name"] if found else ""


def test_who_takes_more_than_it_asked_for() -> None:
    assert first(use("within", 900, "1000"), use("beyond", 20, "10")) == "beyond"


def test_then_the_least_important() -> None:
    assert first(use("a", 100, priority=10), use("b", 1, priority=5)) == "b"


def test_then_who_takes_most_more() -> None:
    assert first(use("a", 100, "90"), use("b", 50, "10")) == "b"
    assert first(use("a", 100), use("b", 50, rest=60)) == "b"


def test_never_who_is_critical() -> None:
    assert first(use("a", 1 << 40, priority=2_000_000_000)) == ""
    assert first(use("a", 1 << 40, priority=2_000_000_000), use("b", 1)) == "b"


def test_the_words() -> None:
    beyond, found = use("a", 200 << 20, "64Mi"), {each.signal: each for each in all_of(Thresholds())}
    assert message(found["memory.available"], beyond, MEASURES) == (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container web was using "
        "200Mi, request is 64Mi, has larger consumption of memory. "
    )
    assert message(found["nodefs.available"], Use(pod()), MEASURES) == (
        "The node was low on resource: ephemeral-storage. Threshold quantity: 5Gi, available: 1Gi. "
    )
    assert message(found["nodefs.inodesFree"], Use(pod()), MEASURES) == (
        "The node was low on resource: inodes. Threshold quantity: 50, available: 10. "
    )
    assert message(found["pid.available"], Use(pod()), MEASURES) == (
        "The node was low on resource: pids. Threshold quantity: 50, available: 10. "
    )

"""Room on nodes."""

import pytest

from tests.unit.kube.scheduler.objects import facts, node, pod, read
from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.options import Strategy
from wherry.kube.scheduler.resources import TOO_MANY_PODS, allocation, balance, refuse_resources


def refusal(new: Object, *there: Object, **room: str) -> tuple[tuple[str, ...], bool] | None:
    known = facts([node("n", **room)], there)
    found = refuse_resources(read(new).shape, frozenset(), known.cluster.nodes["n"])
    return None if found is None else (found.reasons, found.resolvable)


GPU = pod()
GPU["spec"]["containers"][0]["resources"] = {"requests": {"example.com/gpu": "1", "ephemeral-storage": "1Gi"}}


@pytest.mark.parametrize(
    ("new", "there", "room", "found"),
    [
        (pod(cpu="4", memory="16Gi"), [], {}, None),
        (pod(), [pod("x", "n", cpu="4")], {}, None),
        (pod(cpu="1m"), [pod("x", "n", cpu="4")], {}, (("Insufficient cpu",), True)),
        (pod(cpu="5"), [], {}, (("Insufficient cpu",), False)),
        (pod(cpu="3", memory="9Gi"), [pod("x", "n", cpu="2", memory="8Gi")], {},
         (("Insufficient cpu", "Insufficient memory"), True)),
        (pod(cpu="3", memory="99Gi"), [pod("x", "n", cpu="2")], {},
         (("Insufficient cpu", "Insufficient memory"), False)),
        (pod(), [pod("x", "n")], {"pods": "1"}, ((TOO_MANY_PODS,), True)),
        (pod(cpu="9"), [pod("x", "n")], {"pods": "1"}, ((TOO_MANY_PODS, "Insufficient cpu"), False)),
        (GPU, [], {"ephemeral-storage": "2Gi"}, (("Insufficient example.com/gpu",), False)),
        (GPU, [], {"example.com/gpu": "1"}, (("Insufficient ephemeral-storage",), False)),
        (GPU, [], {"example.com/gpu": "1", "ephemeral-storage": "2Gi"}, None),
    ],
)  # fmt: skip
def test_what_there_is_too_little_of(new: Object, there: list[Object], room: dict[str, str], found: object) -> None:
    assert refusal(new, *there, **room) == found


@pytest.mark.parametrize(
    ("new", "there", "least", "most"),
    [
        (pod(cpu="0", memory="0"), [], 100, 0),
        (pod(cpu="2", memory="8Gi"), [], 50, 50),
        (pod(cpu="1", memory="8Gi"), [], (75 + 50) // 2, (25 + 50) // 2),
        (pod(), [], (97 + 98) // 2, (2 + 1) // 2),
        (pod(cpu="1", memory="4Gi"), [pod("x", "n", cpu="2", memory="8Gi")], 25, 75),
        (pod(cpu="9", memory="8Gi"), [], 25, 75),
    ],
)
def test_how_much_room_is_left(new: Object, there: list[Object], least: int, most: int) -> None:
    machine, shape = facts([node("n")], there).cluster.nodes["n"], read(new).shape
    assert allocation(shape, machine, Strategy.LEAST_ALLOCATED) == least
    assert allocation(shape, machine, Strategy.MOST_ALLOCATED) == most


@pytest.mark.parametrize(
    ("new", "there", "score"),
    [
        (pod(cpu="2", memory="8Gi"), [], 100),
        (pod(cpu="4", memory="0"), [], 50),
        (pod(cpu="1", memory="8Gi"), [], 87),
        (pod(cpu="1", memory="0"), [pod("x", "n", cpu="0", memory="4Gi")], 100),
        (pod(), [], 0),
        (pod(cpu="99", memory="16Gi"), [], 100),
    ],
)
def test_how_even_the_use_is(new: Object, there: list[Object], score: int) -> None:
    assert balance(read(new).shape, facts([node("n")], there).cluster.nodes["n"]) == score


def test_a_node_that_tells_nothing_has_nothing() -> None:
    machine = facts([node("n", cpu="0", memory="0")]).cluster.nodes["n"]
    assert allocation(read(pod()).shape, machine, Strategy.LEAST_ALLOCATED) == 0
    assert balance(read(pod(cpu="1")).shape, machine) == 100

"""Policies of namespaces that end (K18)."""

from tests.unit.node.proxy.objects import policy
from wherry.node.proxy.policies.memory import PATIENCE_SECONDS, Memory

LATER = PATIENCE_SECONDS + 1
_ALL, _NONE = (lambda namespace: True), (lambda namespace: False)


def held(memory: Memory, now: float, inhabited: bool = True) -> list[str]:
    policies, _ = memory.in_force(_ALL if inhabited else _NONE, now)
    return [each["metadata"]["name"] for each in policies]


def test_a_policy_that_is_deleted_is_forgotten_a_little_later() -> None:
    memory = Memory(is_ending=_NONE)
    memory.put(policy("a"))
    memory.put(policy("b"))
    memory.remove(policy("a"), 0.0)
    assert sorted(held(memory, 0.5)) == ["a", "b"]
    assert memory.in_force(_ALL, 0.5)[1] == PATIENCE_SECONDS - 0.5
    assert held(memory, LATER) == ["b"]
    assert memory.in_force(_ALL, LATER)[1] is None
    assert memory


def test_k18_it_holds_while_its_namespace_ends_and_has_pods() -> None:
    ending: set[str] = set()
    memory = Memory(is_ending=lambda namespace: namespace in ending)
    memory.put(policy("a"))
    memory.remove(policy("a"), 0.0)
    ending.add("default")  # told after the policy's own end
    assert held(memory, LATER) == ["a"]
    assert held(memory, 100 * LATER) == ["a"]
    assert held(memory, 100 * LATER, inhabited=False) == []
    assert not memory


def test_where_nobody_is_nothing_is_kept() -> None:
    memory = Memory(is_ending=_ALL)
    memory.put(policy("a"))
    memory.remove(policy("a"), 0.0)
    assert held(memory, 0.1, inhabited=False) == []


def test_a_new_one_of_the_name_takes_its_place() -> None:
    memory = Memory(is_ending=_ALL)
    memory.put(policy("a"))
    memory.remove(policy("a"), 0.0)
    memory.put(policy("a", egress=[{}]))
    assert held(memory, LATER) == ["a"]
    assert memory.in_force(_ALL, LATER)[0][0]["spec"]["egress"] == [{}]


def test_what_was_never_there_is_not_kept() -> None:
    memory = Memory(is_ending=_ALL)
    memory.remove(policy("a"), 0.0)
    assert not memory

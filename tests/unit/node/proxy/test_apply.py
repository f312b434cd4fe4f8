"""What every Rules promises, on the kernel's (apart) and on the fake."""

from collections.abc import Callable

import pytest

from tests.unit.linux.apart import apart
from tests.unit.node.proxy.objects import NODE
from wherry.linux.conntrack import Flow
from wherry.node.proxy.apply import FakeRules, KernelRules, Rules
from wherry.node.proxy.difference import united
from wherry.node.proxy.model import Change, Ruleset
from wherry.node.proxy.policies.plan import plan as policies
from wherry.node.proxy.state import Services

HERE = "10.96.0.1 . tcp . 80"
IN: Change = Change(add={"a4-inside": {HERE: ""}})
OUT: Change = Change(delete={"a4-inside": {HERE: ""}})


def empty() -> Ruleset:
    return united(Services(NODE).ruleset(), policies([], [], {}))


def changes_follow_each_other(rules: Rules) -> None:
    rules.replace(empty())
    rules.change(IN)
    rules.change(OUT)
    rules.change(IN)


def a_change_that_does_not_fit_is_refused_and_changes_nothing(rules: Rules) -> None:
    rules.replace(empty())
    with pytest.raises(OSError):
        rules.change(OUT)
    both = Change(add={"a4-inside": {HERE: ""}, "absent": {"a": ""}})
    with pytest.raises(OSError):
        rules.change(both)
    rules.change(IN)


def without_tables_there_is_nothing_to_change(rules: Rules) -> None:
    with pytest.raises(OSError):
        rules.change(IN)
    rules.replace(empty())
    rules.remove()
    rules.remove()
    with pytest.raises(OSError):
        rules.change(IN)


def generations_grow(rules: Rules) -> None:
    first, second = rules.replace(empty()), rules.change(IN)
    assert len(first) == len(second) == 1
    assert second[0] == first[0] + 1


def nothing_is_stale_where_nothing_is_known(rules: Rules) -> None:
    assert rules.forget_flows(lambda flow: True) == 0


PROMISES = [
    changes_follow_each_other,
    a_change_that_does_not_fit_is_refused_and_changes_nothing,
    without_tables_there_is_nothing_to_change,
    generations_grow,
    nothing_is_stale_where_nothing_is_known,
]


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
@apart
def test_the_kernels_keep_the_promises(promise: Callable[[Rules], None]) -> None:
    rules = KernelRules(NODE.table)
    promise(rules)
    rules.close()


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_the_fake_ones_keep_the_promises(promise: Callable[[Rules], None]) -> None:
    promise(FakeRules())


def test_the_fake_forgets_flows_and_fails_when_it_is_told_to() -> None:
    rules = FakeRules()
    rules.flows = [Flow(17, "a", "b", 53, "c", 53, b""), Flow(17, "a", "b", 54, "c", 53, b"")]
    assert rules.forget_flows(lambda flow: flow.port == 53) == 1
    assert [flow.port for flow in rules.forgotten] == [53]
    rules.refuse = 1
    with pytest.raises(OSError):
        rules.replace(empty())
    rules.replace(empty())

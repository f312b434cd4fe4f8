"""The imagined kernel keeps the promises of the real one, and fails when it is told to."""

import errno
from collections.abc import Callable

import pytest

from tests.unit.engine.networks.plumbing import DNS, GATEWAY, GROUND, MAC, PROMISES, WEB, wire
from wherry.engine.networks.apply import Plumbing
from wherry.engine.networks.fake import FakePlumbing
from wherry.linux.errors import KernelError


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_it_keeps_the_promises_of_plumbing(promise: Callable[[Plumbing, int], None]) -> None:
    promise(FakePlumbing(), -1)


def test_what_was_done_can_be_looked_at() -> None:
    plumbing = FakePlumbing()
    plumbing.set_rules(GROUND, [WEB])
    plumbing.publish(GROUND.table, [DNS])
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.lay(-1, "wh0", wire())
    assert plumbing.tables == {GROUND.table: GROUND}
    assert plumbing.published == {GROUND.table: {WEB, DNS}}
    assert plumbing.bridges == {"wh0": GATEWAY}
    assert plumbing.wires == {"wv2": wire()}
    plumbing.close()


@pytest.mark.parametrize("call", ["lay", "remove_link", "publish"])
def test_a_call_that_is_to_fail_fails_and_changes_nothing(call: str) -> None:
    plumbing = FakePlumbing()
    plumbing.set_rules(GROUND, [])
    plumbing.ensure_bridge("wh0", MAC, GATEWAY)
    plumbing.refuse = {call}
    calls: dict[str, Callable[[], None]] = {
        "lay": lambda: plumbing.lay(-1, "wh0", wire()),
        "remove_link": lambda: plumbing.remove_link("wh0"),
        "publish": lambda: plumbing.publish(GROUND.table, [WEB]),
    }
    with pytest.raises(KernelError) as refusal:
        calls[call]()
    assert refusal.value.errno == errno.EPERM
    assert (plumbing.wires, plumbing.bridges, plumbing.published) == ({}, {"wh0": GATEWAY}, {GROUND.table: set()})

"""Pins in memory do what those of the kernel do."""

import os

import pytest

from tests.unit.engine.sandboxes.test_model import sandbox
from wherry.engine.sandboxes.fake import FakePins
from wherry.engine.sandboxes.model import Wanted
from wherry.linux.errors import KernelError

WANTED = Wanted("n", "h", "c", lambda addresses: {}, sysctls={"net.a": "1"})


def test_what_was_made_is_whole_until_it_is_removed() -> None:
    pins, one = FakePins(), sandbox(ids=1)
    assert not pins.is_whole(one)
    pins.make(one, WANTED, 5)
    pins.write(one, {"hosts": "x"})
    assert pins.is_whole(one) and pins.there() == ["a"]
    assert (pins.sysctls["a"], pins.files["a"]) == ({"net.a": "1"}, {"hosts": "x"})
    os.close(pins.open(one, "net"))
    for _ in range(2):
        pins.remove("a")
    assert not pins.is_whole(one) and pins.there() == []
    with pytest.raises(KernelError):
        pins.open(one, "net")


def test_one_that_shares_processes_is_whole_with_their_namespace_only() -> None:
    pins, one = FakePins(), sandbox(shares_processes=True)
    pins.make(one, WANTED, None)
    assert not pins.is_whole(one)
    pins.pin_processes(one, 7)
    assert pins.is_whole(one) and pins.processes == {"a": 7}
    pins.reboot()
    assert pins.there() == []


def test_what_is_to_fail_fails_once() -> None:
    pins = FakePins(refuse={"make"})
    with pytest.raises(KernelError):
        pins.make(sandbox(), WANTED, None)
    pins.make(sandbox(), WANTED, None)

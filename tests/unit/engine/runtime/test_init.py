"""A container's first process while it waits, and when it is told nonsense (what it does: tests/kernel)."""

import os
from contextlib import suppress

import pytest

from tests.unit.linux.apart import apart
from wherry.engine.runtime import init, wire
from wherry.engine.runtime.process import Progress
from wherry.linux.links import Links

FIRST: wire.Message = {"mapped": False, "loopback": False, "ahead": None}


class Waiting:
    """An init that has been born into namespaces of a test's own."""

    def __init__(self, **first: object) -> None:
        self.control, theirs = wire.pair()
        self.pid = os.fork()
        if not self.pid:
            self.control.close()
            init.main(theirs)
        theirs.close()
        wire.send(self.control, FIRST | first)

    def answer(self) -> wire.Message | None:
        received = wire.receive(self.control)
        return received.message if received else None

    def code(self) -> int:
        """How it ended."""
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@apart
def test_it_settles_and_waits() -> None:
    waiting = Waiting()
    assert waiting.answer() == {"settled": True}
    waiting.control.close()
    assert waiting.code() == 127


@apart
def test_a_network_of_its_own_has_a_loopback_link_that_is_up() -> None:
    assert Waiting(loopback=True).answer() == {"settled": True}
    with Links() as links:
        loopback = links.get("lo")
        assert loopback is not None
        assert loopback.up


@apart
def test_a_shim_that_ends_before_it_says_anything_takes_it_along_in_silence() -> None:
    control, theirs = wire.pair()
    pid = os.fork()
    if not pid:
        control.close()
        init.main(theirs)
    theirs.close()
    control.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@apart
def test_what_could_not_be_built_ahead_is_no_reason_to_give_up() -> None:
    waiting = Waiting(ahead={"mounts": [{"destination": "/dev", "type": "no-such-file-system"}]})
    assert waiting.answer() == {"settled": True}


@apart
def test_a_start_that_lacks_something_is_told_with_the_step_it_failed_in() -> None:
    waiting = Waiting()
    assert waiting.answer() == {"settled": True}
    config = {"process": {"args": ["true"]}}
    for message in ({"config": config, "mapped": False, "seccomp": "", "size": None}, {"nothing": True}):
        try:
            wire.send(waiting.control, message)
        except OSError:
            break  # it has ended already
    answer = waiting.answer()
    assert answer is not None
    assert answer["error"]["step"] == "mount"
    assert "rootfs" in answer["error"]["message"]
    assert waiting.code() == 127


@apart
def test_nobody_is_left_to_complain_to() -> None:
    ours, theirs = wire.pair()
    ours.close()
    init._report(theirs, ZeroDivisionError(), Progress())


def held_by(pid: int) -> list[str]:
    """What a process has open beside its streams; those that it closes meanwhile are not counted."""
    found = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with suppress(FileNotFoundError):
            if int(fd) > 2:
                found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
    return found


@apart
def test_it_holds_nothing_of_the_shims() -> None:
    secret = os.open("/", os.O_PATH)
    waiting = Waiting()
    assert waiting.answer() == {"settled": True}
    assert [name.partition("[")[0] for name in held_by(waiting.pid)] == ["socket:"]
    os.close(secret)


def test_a_propagation_that_means_nothing_changes_nothing() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("wherry.linux.mount.set_attributes", lambda *_, **__: pytest.fail("not asked for"))
        for name in ("", "private", "rprivate", "nonsense"):
            init._set_propagation(name)

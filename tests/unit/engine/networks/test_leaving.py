"""Links on their way out."""

import errno

from wherry.engine.networks.leaving import Leaving
from wherry.linux.errors import KernelError


class Bridge:
    """Ports of a bridge; ``stuck`` ones cannot be removed."""

    def __init__(self, *present: str) -> None:
        self.present = set(present)
        self.removed: list[str] = []
        self.stuck: set[str] = set()

    async def bridge_ports(self) -> list[str]:
        return sorted(self.present)

    async def remove_link(self, name: str) -> None:
        if name in self.stuck:
            raise KernelError(errno.EBUSY, "delete link", name)
        self.present.discard(name)
        self.removed.append(name)


async def test_a_link_that_went_by_itself_is_not_deleted() -> None:
    bridge, gone = Bridge("a", "b"), list[str]()
    leaving = Leaving(bridge, lambda *_: None)
    leaving.add("a", lambda: gone.append("a"))
    await leaving.look()
    assert gone == []
    bridge.present.discard("a")
    await leaving.look()
    assert gone == ["a"] and bridge.removed == []
    await leaving.close()


async def test_a_link_that_stays_is_deleted_in_the_end() -> None:
    bridge, gone = Bridge("a"), list[str]()
    leaving = Leaving(bridge, lambda *_: None)
    leaving.add("a", lambda: gone.append("a"))
    for _ in range(11):
        await leaving.look()
    assert gone == bridge.removed == ["a"]
    await leaving.close()


async def test_a_link_that_cannot_be_deleted_is_told_and_tried_again() -> None:
    bridge, told, gone = Bridge("a"), list[str](), list[str]()
    bridge.stuck = {"a"}
    leaving = Leaving(bridge, lambda link, _: told.append(link))
    leaving.add("a", lambda: gone.append("a"))
    for _ in range(12):
        await leaving.look()
    assert told == ["a", "a"] and gone == []
    bridge.stuck.clear()
    await leaving.look()
    assert gone == ["a"]
    await leaving.close()


async def test_what_comes_after_the_end_is_for_the_next_start() -> None:
    leaving = Leaving(Bridge("a"), lambda *_: None)
    await leaving.close()
    leaving.add("a", lambda: None)
    assert leaving._task is None

"""Who else changes the tables is noticed, on the kernel of a namespace of the test's own."""

import asyncio
from collections.abc import Callable

from tests.unit.linux.apart import apart
from wherry.linux.nftables import Nftables
from wherry.linux.rulechanges import Generations
from wherry.node.proxy.guard import Guard

OURS = "add table inet ours\nadd set inet ours s { type ipv4_addr; }\n"


class Watched:
    """A guard with what it has called."""

    def __init__(self) -> None:
        self.lost = 0
        self.restored = 0
        self.guard = Guard("ours", self._lose, {"theirs": self._restore})
        self._fails = True

    def _lose(self) -> None:
        self.lost += 1

    async def _restore(self) -> None:
        self.restored += 1
        if self._fails:
            self._fails = False
            raise OSError("not now")


def run(nftables: Nftables, script: str) -> range:
    with Generations() as generations:
        before = generations.last()
        nftables.run(script, step="change")
        return range(before + 1, generations.last() + 1)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0.01)


async def counted(count: Callable[[], int], expected: int) -> None:
    """It comes to that, and not to more."""
    async with asyncio.timeout(60):
        while count() < expected:  # noqa: ASYNC110  # the kernel tells of it
            await asyncio.sleep(0.01)
    await turns()
    assert count() == expected


@apart
def test_what_others_do_is_noticed_and_what_we_do_is_not() -> None:
    async def watch() -> None:
        watched = Watched()
        with watched.guard, Nftables() as nftables:
            watched.guard.pause()
            watched.guard.resume(run(nftables, OURS), is_whole=True)
            await turns()
            assert watched.lost == 0
            run(nftables, "add element inet ours s { 10.0.0.1 }\n")
            await counted(lambda: watched.lost, 1)
            run(nftables, "flush ruleset\n")
            await counted(lambda: watched.lost, 2)

    asyncio.run(watch())


@apart
def test_tables_of_others_are_made_anew_when_they_are_gone_only() -> None:
    async def watch() -> None:
        watched = Watched()
        with watched.guard, Nftables() as nftables:
            run(nftables, "add table inet theirs\nadd chain inet theirs a\n")
            await turns()
            assert watched.restored == 0
            for expected in (1, 2):  # that the first one fails is said, and is no reason to stop
                run(nftables, "add table inet theirs\ndelete table inet theirs\n")
                await counted(lambda: watched.restored, expected)
            assert watched.lost == 0

    asyncio.run(watch())


@apart
def test_missed_changes_count_unless_everything_was_just_replaced() -> None:
    async def watch() -> None:
        watched = Watched()
        with watched.guard, Nftables() as nftables:
            for is_whole, expected in ((True, 0), (False, 1)):
                watched.guard.pause()
                own = run(nftables, "add table inet ours\ndelete table inet ours\n" + OURS)
                for start in range(60):
                    elements = ", ".join(f"10.{start}.{number // 250}.{number % 250}" for number in range(500))
                    run(nftables, f"add element inet ours s {{ {elements} }}\n")
                watched.guard.resume(range(own.start, own.stop + 60), is_whole=is_whole)
                assert watched.lost == expected

    asyncio.run(watch())

"""Links that are on their way out.

A veth pair goes when the namespace of its far end goes, and the kernel does that for many at once: 20 ms for 40 pairs,
where deleting each takes 17 ms a pair (both measured), all of it under the lock that every other change of links waits
for. So nothing is deleted at the end of a container; this looks whether it is gone, and only a link whose namespace
somebody keeps is deleted.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

_LOOK_SECONDS = 0.1
_PATIENCE_LOOKS = 10


class Ports(Protocol):
    """The links there are, and a way to remove one; both may take milliseconds."""

    def bridge_ports(self) -> Awaitable[list[str]]: ...
    def remove_link(self, name: str) -> Awaitable[None]: ...


class Leaving:
    """Watches links until they are gone. Its task lives only while there is one."""

    def __init__(self, ports: Ports, report: Callable[[str, Exception], None]) -> None:
        """``report`` is told of a link that could not be removed (and is tried again)."""
        self._ports = ports
        self._report = report
        self._looks: dict[str, int] = {}
        self._gone: dict[str, Callable[[], None]] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def add(self, link: str, gone: Callable[[], None]) -> None:
        """``gone`` is called, once, when the link is no more. After the end, nobody watches: the next start does."""
        if self._closed:
            return
        self._looks[link] = 0
        self._gone[link] = gone
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())

    async def look(self) -> None:
        """Look now."""
        present = set(await self._ports.bridge_ports())
        for link in list(self._looks):
            if link not in present:
                self._forget(link)
            elif self._looks[link] < _PATIENCE_LOOKS:
                self._looks[link] += 1
            else:
                await self._remove(link)

    def end(self) -> None:
        """Stop watching, from now on."""
        self._closed = True
        if self._task is not None:
            self._task.cancel()

    async def close(self) -> None:
        """Stop watching; what is left is for the next start to find."""
        self.end()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _watch(self) -> None:
        while self._looks:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.look()

    async def _remove(self, link: str) -> None:
        try:
            await self._ports.remove_link(link)
        except OSError as error:
            self._report(link, error)
        else:
            self._forget(link)

    def _forget(self, link: str) -> None:
        if self._looks.pop(link, None) is not None:
            self._gone.pop(link)()

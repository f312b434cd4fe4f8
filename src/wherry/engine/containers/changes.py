"""Tells who follows a container's files that they have changed."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from wherry.linux.errors import KernelError
from wherry.linux.inotify import Inotify

POLL_SECONDS = 0.1
WATCHED_SECONDS = 1.0


class Changes:
    """One inotify instance for all followers, made when the first comes. Without inotify, followers look now and then.

    On the event loop's thread.
    """

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        self._numbers: dict[Path, int] = {}
        self._events: dict[int, list[asyncio.Event]] = {}

    @contextmanager
    def watch(self, directory: Path) -> Iterator["Look"]:
        """Look at a directory until the block ends."""
        event = asyncio.Event()
        number = self._add(directory, event)
        try:
            yield Look(event, number is not None)
        finally:
            if number is not None:
                self._drop(directory, number, event)

    def _add(self, directory: Path, event: asyncio.Event) -> int | None:
        try:
            if self._inotify is None:
                self._inotify = Inotify()
                asyncio.get_running_loop().add_reader(self._inotify.fd, self._readable)
            number = self._inotify.add(str(directory))
        except KernelError:
            return None
        self._numbers[directory] = number
        self._events.setdefault(number, []).append(event)
        return number

    def _drop(self, directory: Path, number: int, event: asyncio.Event) -> None:
        events = self._events.get(number, [])
        with suppress(ValueError):
            events.remove(event)
        if not events:
            self._events.pop(number, None)
            self._numbers.pop(directory, None)
            if self._inotify is not None:
                self._inotify.remove(number)
        if not self._events:
            self.close()

    def _readable(self) -> None:
        if self._inotify is None:
            return
        for number in set(self._inotify.changed()):
            for chosen in self._events if number is None else (number,):
                for event in self._events.get(chosen, ()):
                    event.set()

    def wake(self, directory: Path) -> None:
        """Something changed that no file tells, such as a container's state."""
        for event in self._events.get(self._numbers.get(directory, -1), ()):
            event.set()

    def close(self) -> None:
        """Idempotent."""
        if self._inotify is not None:
            asyncio.get_running_loop().remove_reader(self._inotify.fd)
            self._inotify.close()
            self._inotify = None


class Look:
    """One follower's."""

    def __init__(self, event: asyncio.Event, is_watched: bool) -> None:
        self._event = event
        self._patience = WATCHED_SECONDS if is_watched else POLL_SECONDS

    async def changed(self) -> None:
        """When something may have changed since this was last called, or after a while."""
        try:
            async with asyncio.timeout(self._patience):
                await self._event.wait()
        except TimeoutError:
            pass
        self._event.clear()

"""Notices when somebody else changes our tables, or removes one that a part beside us needs (CHECKS.md N03)."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from wherry.linux.errors import KernelError
from wherry.linux.rulechanges import MISSED, Changed, RuleChanges

_log = logging.getLogger(__name__)
_REMEMBERED = 64
Restore = Callable[[], Awaitable[None]]


class Guard:
    """Listens while it is entered (``with``), on the running loop. ``lost`` is called when ``table`` is not ours any
    more; of ``others`` (tables of other parts), their own function when they are gone.
    """

    def __init__(self, table: str, lost: Callable[[], None], others: Mapping[str, Restore]) -> None:
        self._table = table
        self._lost = lost
        self._others = dict(others)
        self._own: deque[range] = deque(maxlen=_REMEMBERED)
        self._changes: RuleChanges | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> "Guard":
        try:
            self._changes = RuleChanges((self._table, *self._others))
        except KernelError as error:
            _log.warning("packet rules that others change will not be put right: %s", error)
        self.resume()
        return self

    def __exit__(self, *_: object) -> None:
        self.pause()
        if self._changes is not None:
            self._changes.close()
            self._changes = None
        for task in self._tasks:
            task.cancel()

    def pause(self) -> None:
        """While a transaction of ours is under way: nobody knows its number yet."""
        if self._changes is not None:
            asyncio.get_running_loop().remove_reader(self._changes.fd)

    def resume(self, own: range = range(0), *, is_whole: bool = False) -> None:
        """``own``: generations that may be ours. ``is_whole``: everything was replaced: what was missed is made good,
        and it may well have been so many changes of ours that they were too many."""
        self._own.append(own)
        if self._changes is not None:
            self._read(ignore_missed=is_whole)
            asyncio.get_running_loop().add_reader(self._changes.fd, self._read)

    def _read(self, *, ignore_missed: bool = False) -> None:
        assert self._changes is not None
        for change in self._changes.read():
            if change == MISSED:
                if not ignore_missed:
                    self._lost()
            elif change.table == self._table:
                if not any(change.generation in own for own in self._own):
                    _log.warning("somebody changed the rules of services; making them anew")
                    self._lost()
            elif change.gone:
                self._restore(change)

    def _restore(self, change: Changed) -> None:
        _log.warning("somebody removed the packet rules %s; making them anew", change.table)
        task = asyncio.get_running_loop().create_task(self._restored(change.table))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _restored(self, table: str) -> None:
        try:
            await self._others[table]()
        except Exception:
            _log.exception("the packet rules %s could not be made anew", table)

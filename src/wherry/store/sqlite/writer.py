"""Group commit: all that waits becomes one SQLite transaction.

The statements run on the event loop, the COMMIT on a thread. A thread that ran the statements too would take the
interpreter's lock at each, from an event loop that is busy exactly then: measured with 64 clients of 2 KB and a loop
that has other work, that is 8 to 14 times slower.
"""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Generic, TypeVar

import apsw
import msgspec

from wherry.kit.errors import Unavailable, WherryError
from wherry.store.model import Event
from wherry.store.sqlite.faults import understood
from wherry.store.sqlite.reserve import Reserve
from wherry.store.sqlite.schema import State
from wherry.store.sqlite.transaction import Transaction

T = TypeVar("T")
_TOGETHER = 128  # of these the statements take some 5 ms
_TOGETHER_BYTES = 8 << 20


class _Request(msgspec.Struct, Generic[T]):
    apply: Callable[[Transaction], T]
    size_bytes: int
    shrinks: bool
    future: "asyncio.Future[T]"
    outcome: T | None = None
    refusal: Exception | None = None


class Writer:
    """Owns the connection that writes. ``committed`` is called on the loop when a group is on the disk, before anybody
    who waits for it is woken: with the new state and the events of its commits."""

    def __init__(
        self,
        connection: apsw.Connection,
        reserve: Reserve,
        state: State,
        committed: Callable[[State, Sequence[Event]], None],
    ) -> None:
        self._connection = connection
        self._path = connection.filename  # not to be asked while the thread has it
        self._reserve = reserve
        self._committed = committed
        self._state = state
        self._next = state.revision + 1
        self._waiting: list[_Request[Any]] = []  # Any: each has its own result
        self._group: Group | None = None
        self._is_called = False
        self._is_closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._loop = asyncio.get_running_loop()
        self._thread = CommitThread(connection, self._loop, self._done)

    @property
    def is_committing(self) -> bool:
        """Whether the database may be ahead of what was told."""
        return self._group is not None

    async def do(self, apply: Callable[[Transaction], T], *, size_bytes: int = 0, shrinks: bool = False) -> T:
        """Do it in one of the next transactions; what it raises or returns, once that is on the disk.

        ``shrinks``: it makes the store smaller, and is done on a full disk, too. Raises Unavailable: nothing of the
        transaction is known to have happened. ``apply`` may be called again, in another transaction.
        """
        if self._is_closed:
            raise Unavailable("the store was closed")
        if not (shrinks or self._reserve.is_held or self._reserve.hold()):
            raise understood(self._reserve.trouble, self._path)
        future: asyncio.Future[T] = self._loop.create_future()
        request = _Request(apply, size_bytes, shrinks, future)
        self._waiting.append(request)
        if not self._is_called:
            self._call()
        return await future

    def _call(self) -> None:
        """Begin in the loop's next turn: what comes in this one is of the same group."""
        if self._waiting and self._group is None and not self._is_called:
            self._is_called = True
            self._loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._is_called = False
        requests = self._take()
        if not requests:
            return
        self._idle.clear()
        transaction = Transaction(self._connection, self._state, self._next)
        self._group = Group(transaction, requests)
        try:
            self._group.apply()
        except Exception as error:  # whatever it is, somebody waits for it
            self._done(error)
            return
        self._next = transaction.next  # never again, whatever becomes of these
        if transaction.is_dirty:
            self._thread.commit(transaction.later)
        else:
            self._done(None)

    def _take(self) -> list[_Request[Any]]:
        size_bytes = count = 0
        for request in self._waiting[:_TOGETHER]:
            size_bytes += request.size_bytes
            if size_bytes > _TOGETHER_BYTES and count:
                break
            count += 1
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return taken

    def _done(self, error: Exception | None) -> None:
        """On the loop: the group has been committed, or could not be."""
        group, self._group = self._group, None
        assert group is not None
        if self._connection.in_transaction:
            with suppress(apsw.Error):  # some errors end the transaction by themselves
                self._connection.execute("ROLLBACK")
        if error is not None:
            if isinstance(error, apsw.FullError) and self._reserve.is_held:
                self._reserve.release()
                self._waiting[:0] = group.shrinking()
            group.fail(understood(error, self._path))
        else:
            self._state = group.transaction.state
            self._committed(self._state, group.transaction.events)
            group.tell()
        self._idle.set()
        self._call()

    async def aclose(self) -> None:
        """Finish the group that is under way; what waits behind it is refused. Idempotent."""
        self._is_closed = True
        waiting, self._waiting = self._waiting, []
        for request in waiting:
            request.refusal = Unavailable("the store was closed")
            tell(request)
        await self._idle.wait()
        self._thread.close()


class Group(msgspec.Struct):
    """Requests whose effects are one transaction of SQLite."""

    transaction: Transaction
    requests: list[_Request[Any]]

    def apply(self) -> None:
        """Raises apsw's errors: then nothing can be committed."""
        self.transaction.connection.execute("BEGIN IMMEDIATE")
        for request in self.requests:
            request.refusal = None
            try:
                request.outcome = request.apply(self.transaction)
            except WherryError as error:  # before it changed anything
                request.refusal = error
        if self.transaction.is_dirty:
            self.transaction.finish()

    def shrinking(self) -> list[_Request[Any]]:
        """Take out those that can be done on a full disk."""
        found = [request for request in self.requests if request.shrinks]
        self.requests = [request for request in self.requests if not request.shrinks]
        return found

    def tell(self) -> None:
        """A refusal, too, comes of what the commits before it did: it waits for them to be on the disk."""
        for request in self.requests:
            if request.refusal is None and not request.future.done():
                request.future.set_result(request.outcome)
            else:
                tell(request)

    def fail(self, error: Exception) -> None:
        for request in self.requests:
            request.refusal = error
            tell(request)


def tell(request: _Request[Any]) -> None:
    if request.future.done():  # who waited has gone
        return
    if request.refusal is not None:
        request.future.set_exception(request.refusal)
    else:
        request.future.set_result(request.outcome)


class CommitThread:
    """Waits for the disk. ``done`` is called on the loop."""

    def __init__(
        self,
        connection: apsw.Connection,
        loop: asyncio.AbstractEventLoop,
        done: Callable[[Exception | None], None],
    ) -> None:
        self._connection = connection
        self._loop = loop
        self._done = done
        self._work: queue.SimpleQueue[list[tuple[str, tuple[int, ...]]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="store", daemon=True)
        self._thread.start()

    def commit(self, statements: list[tuple[str, tuple[int, ...]]]) -> None:
        """Run these, then COMMIT."""
        self._work.put(statements)

    def close(self) -> None:
        """When nothing is under way. Idempotent."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (statements := self._work.get()) is not None:
            error: Exception | None = None
            try:
                for statement, bindings in statements:
                    self._connection.execute(statement, bindings)
                self._connection.execute("COMMIT")
            except Exception as found:
                error = found
            with suppress(RuntimeError):  # the loop was closed without waiting for us
                self._loop.call_soon_threadsafe(self._done, error)

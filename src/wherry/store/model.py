"""The contract of a store, and its words.

An **item** is a key with its value as of a **revision**. A **commit** is a list of operations that take effect all or
none, if every **compare** holds; it gets one revision for all of them, and an **event** each. A **watch** is given the
events behind a revision: every one, once, in the order of revisions (and of the operations inside one).

A store that was never written to is at :data:`FIRST_REVISION`, so that no state has revision 0. Keys are neither empty
nor anything but Unicode text, and one commit writes each at most once: Invalid otherwise.

After **compaction** at revision C, states older than C and events up to C cannot be read any more; the current items
can, whenever they were written.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from wherry.kit.errors import Conflict, Expired, Unavailable

FIRST_REVISION = 1
"""As etcd's; the first commit's is 2."""


class Item(msgspec.Struct, frozen=True):
    """``created`` and ``revision`` are of the commits that made the key and wrote this value; ``lease`` 0: none."""

    key: str
    value: bytes
    created: int
    revision: int
    lease: int = 0


class Page(msgspec.Struct, frozen=True):
    """Items in the order of their keys, as of ``revision``; ``remaining`` counts those that the limit left out."""

    items: tuple[Item, ...]
    revision: int
    remaining: int = 0


class Event(msgspec.Struct, frozen=True):
    """``value`` None: the key was deleted. ``previous`` is the item before (None: the key is new).

    ``created`` is the item's; of a deletion, that of what was deleted.
    """

    key: str
    revision: int
    value: bytes | None
    created: int
    previous: Item | None = None
    lease: int = 0


class Compare(msgspec.Struct, frozen=True):
    """The key's item was written by ``revision``; 0: there is no such key."""

    key: str
    revision: int


class Put(msgspec.Struct, frozen=True):
    """``lease`` 0: the item stays until it is deleted. A lease that is not there: NotFound, and nothing was changed."""

    key: str
    value: bytes
    lease: int = 0


class Delete(msgspec.Struct, frozen=True):
    """Of a key that is not there: nothing happens."""

    key: str


Operation = Put | Delete
Sink = Callable[[Sequence[Event]], None]
"""Called on the event loop with events of whole commits, in order. Must not block, nor raise."""


class Mismatch(Conflict):
    """A compare did not hold, nothing was changed. ``key`` is the first such; ``item`` what is there, if anything."""

    def __init__(self, key: str, item: Item | None) -> None:
        super().__init__(f"{key} was changed meanwhile; read it again")
        self.key = key
        self.item = item


class Compacted(Expired):
    """The revision asked for is older than ``revision``, the last compaction."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"revisions up to {revision} have been compacted; read the current state")
        self.revision = revision


class Future(Expired):
    """The revision asked for has not been yet; ``revision`` is the newest."""

    def __init__(self, revision: int) -> None:
        super().__init__(f"the newest revision is {revision}")
        self.revision = revision


class Corrupt(Unavailable):
    """What is on the disk is not what was written. Nothing of it is served; repeating does not help."""


class Watch(Protocol):
    """A running watch. ``failed`` is set when it can give no more events (a lost connection, a compaction below it):
    its user reads the state anew."""

    failed: BaseException | None

    def close(self) -> None:
        """No event is given after this. Idempotent."""


class Store(Protocol):
    """See the module. All methods may raise Unavailable: nothing is known to have happened, and what was under way
    may have (as after a lost answer); a store whose disk is full says so this way and goes on reading."""

    async def get(self, key: str, revision: int = 0) -> Item | None:
        """The item (as of ``revision``, 0: now); None when there is none. Raises Compacted, Future."""

    async def range(self, prefix: str, *, after: str = "", limit: int = 0, revision: int = 0) -> Page:
        """The items whose keys start with ``prefix``, those behind the key ``after``; at most ``limit`` (0: all).
        Raises Compacted, Future."""

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        """Do all operations, or raise Mismatch, Invalid, NotFound (of a lease) and do none.

        Returns the commit's revision (the current one when nothing changed).

        When this returns the change is on the disk. With :attr:`is_local`, every watch has been given its events.
        """

    async def revision(self) -> int:
        """The newest revision, linearizable: not older than any commit that returned before this was called."""

    @property
    def is_local(self) -> bool:
        """Whether this object is the store's only writer, so that its watches are never behind its commits."""

    async def watch(self, prefix: str, after: int, sink: Sink, failed: Callable[[BaseException], None]) -> Watch:
        """Give ``sink`` every event behind revision ``after`` of keys that start with ``prefix``, past ones first.

        Those that have been are given before this returns. ``failed`` is called at most once, and ends the watch.
        Raises Compacted, Future.
        """

    async def settle(self) -> int:
        """Wait until every watch has been given what was committed before this was called.

        Returns a revision not older than that, up to which they have been given all; it may be of no event of theirs.
        """

    async def events(self, prefix: str, after: int, until: int) -> Sequence[Event]:
        """The events behind ``after`` up to and with ``until``. Raises Compacted, Future."""

    async def compact(self, revision: int) -> None:
        """Forget what is older than ``revision``. Idempotent; raises Future."""

    async def compacted(self) -> int:
        """The revision of the last compaction; 0 when there was none."""

    async def grant(self, seconds: int) -> int:
        """A lease: when its time ends, the items written with it are deleted, by one commit or several. Time is
        counted monotonically, and anew after a restart."""

    async def keep_alive(self, lease: int) -> None:
        """Begin the lease's time anew. Raises NotFound."""

    async def revoke(self, lease: int) -> None:
        """End it now. Idempotent."""

    async def aclose(self) -> None:
        """Let go of everything. Idempotent."""

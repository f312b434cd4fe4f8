"""Watches: every change behind a revision, once, in order, to whom it concerns.

A watch is registered before its past is read, so that nothing falls between them. What is sent is made once for all
watches that want the same (:attr:`wherry.kube.apiserver.cache.Change.rendered`). Who reads too slowly is cut off and
goes on where it was: there is a bound, and never a silent gap.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import datetime

import msgspec

from wherry.kube.apiserver import tables
from wherry.kube.apiserver.cache import Cache, Change
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.kinds import Served
from wherry.kube.apiserver.reading import revision_of, too_large
from wherry.kube.apiserver.rendering import shown
from wherry.kube.apiserver.requestinfo import is_set
from wherry.kube.apiserver.selection import Selection, of_call
from wherry.kube.apiserver.stored import prefix_of
from wherry.kube.machinery import status
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.fielderrors import FieldError, forbidden, not_supported
from wherry.kube.machinery.mediatypes import JSON, PLAIN, Form, Wanted
from wherry.kube.machinery.model import GroupKind, Object
from wherry.store.model import Compacted, Store

MOST_PENDING = 20_000
BOOKMARK_SECONDS = 60.0
_LEAST_SECONDS = 1800  # apiserver pkg/server/config.go MinRequestTimeout
_OPTIONS = GroupKind("meta.k8s.io", "ListOptions")
_NOT_OLDER = "NotOlderThan"
_END = "k8s.io/initial-events-end"


Wants = Callable[[Change], bool]
"""Which changes to tell of, among those that a watch is about."""


class Notice(msgspec.Struct, frozen=True):
    """One thing to tell: ``change`` None for what was there when the watch began."""

    type: str
    entry: Entry
    change: Change | None = None


class Subscription:
    """What one watch has still to be told. Ends with an error when there can be no more, or too much is pending."""

    def __init__(self, cache: Cache, selection: Selection, wants: Wants | None = None) -> None:
        self._cache = cache
        self._selection = selection
        self._wants = wants
        self._takes_all = selection.namespace is None and selection.is_plain
        self._pending: deque[Notice] = deque()
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._is_called = False
        self._timer: asyncio.TimerHandle | None = None
        self._until = 0.0
        self._error: Exception | None = None
        cache.add_watcher(self)

    def offer(self, changes: Sequence[Change]) -> None:
        """See :class:`wherry.kube.apiserver.cache.Watcher`."""
        if self._wants is not None:
            changes = [change for change in changes if self._wants(change)]
        if self._takes_all:
            notices = [
                Notice("MODIFIED" if change.old else "ADDED", change.new, change) if change.new
                else Notice("DELETED", change.gone, change)
                for change in changes
            ]  # fmt: skip
        else:
            if name := self._selection.name:  # most changes are of others
                changes = [
                    change for change in changes
                    if (change.new and change.new.name == name) or (change.old and change.old.name == name)
                ]  # fmt: skip
            notices = [notice for change in changes if (notice := self._selected(change))]
        if not notices:
            return
        if len(self._pending) + len(notices) > MOST_PENDING:
            self.end(status.expired("the watch was too slow; list again, or watch from where it was"))
            return
        self._pending.extend(notices)
        if not self._is_called:  # a turn later: whoever made the change has the answer before all who watch
            self._is_called = True
            self._loop.call_soon(self._wake)

    def _selected(self, change: Change) -> Notice | None:
        new, old = change.new, change.old
        matches = self._selection.matches
        if new is not None and matches(new):
            return Notice("MODIFIED" if old is not None and matches(old) else "ADDED", new, change)
        if old is not None and matches(old):
            return Notice("DELETED", change.gone, change)
        return None

    def _wake(self) -> None:
        self._is_called = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def start_with(self, notices: list[Notice], changes: list[Change]) -> None:
        """What comes before everything offered so far: the state, or the past."""
        live, self._pending = self._pending, deque(notices)
        self.offer(changes)
        self._pending.extend(live)
        self._wake()

    def end(self, error: Exception) -> None:
        """See :class:`wherry.kube.apiserver.cache.Watcher`."""
        self._error = error
        self._cache.remove_watcher(self)
        self._wake()

    def close(self) -> None:
        self._cache.remove_watcher(self)
        if self._timer is not None:
            self._timer.cancel()

    async def take(self, timeout: float) -> list[Notice]:
        """All that is pending, waiting for something; nothing when the time is over. Raises the error that ended it.
        One asks at a time."""
        until = self._loop.time() + timeout
        while not self._pending and self._error is None:
            if self._loop.time() >= until:
                return []
            self._wake_at(until)
            self._waiting = self._loop.create_future()
            await self._waiting
        if self._pending:
            found = list(self._pending)
            self._pending.clear()
            return found
        assert self._error is not None
        raise self._error

    def _wake_at(self, when: float) -> None:
        """Something nearly always comes before: so there is one timer, which is put off when it rings too early."""
        self._until = when
        if self._timer is not None and self._timer.when() > when:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(when, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if self._loop.time() < self._until:
            self._timer = self._loop.call_at(self._until, self._ring)
        else:
            self._wake()


class Begun(msgspec.Struct, frozen=True):
    """A watch that has begun. ``initial_end``: the bookmark that ends the initial state is due at this revision."""

    subscription: Subscription
    bookmarks: bool
    seconds: float
    initial: list[Notice]
    initial_end: int | None = None


class Watches:
    """See the module."""

    def __init__(self, store: Store, caches: Caches) -> None:
        self._store = store
        self._caches = caches

    async def begin(self, call: Call, wants: Wants | None = None) -> Begun:
        """``wants``: None is everything. Raises StatusError: 410 when the past asked for is forgotten, 504 when the
        revision has not been yet."""
        selection = of_call(call)
        text = call.query.get("resourceVersion", "")
        revision = revision_of(text)
        initial = _wants_initial(call, text)
        seconds = _seconds(call.query.get("timeoutSeconds", ""))
        if revision and not await self._caches.reached(revision):
            raise too_large(revision, self._caches.revision)
        if not text and initial:
            await self._caches.current()
        cache = self._caches.of(call.storage)
        subscription = Subscription(cache, selection, wants)
        try:
            notices, changes = [], list[Change]()
            mark = self._caches.revision
            if initial:
                found = cache.entries(selection.namespace)
                notices = [Notice("ADDED", entry) for entry in found if selection.matches(entry)]
            elif revision:
                changes = await self._since(cache, call, revision, mark)
            subscription.start_with([], changes)
        except BaseException:
            subscription.close()
            raise
        bookmarks = is_set(call.query, "allowWatchBookmarks")
        ends = bookmarks and initial and "sendInitialEvents" in call.query
        return Begun(subscription, bookmarks, seconds, notices, mark if ends else None)

    async def _since(self, cache: Cache, call: Call, revision: int, mark: int) -> list[Change]:
        """The changes from ``revision`` until ``mark``: those in memory, or the store's."""
        known = cache.since(revision)
        if known is not None:
            return known
        prefix = prefix_of(call.storage)
        try:
            events = await self._store.events(prefix, revision, mark)
        except Compacted as error:
            raise status.expired(f"too old resource version: {revision} ({error.revision})") from error
        return cache.changes_of([(event.key[len(prefix) :], event) for event in events])

    @property
    def revision(self) -> int:
        """What a bookmark says now."""
        return self._caches.revision


def _wants_initial(call: Call, text: str) -> bool:
    """Whether the state comes first (apimachinery pkg/apis/meta/internalversion/validation: validateWatchOptions)."""
    query, found = call.query, list[FieldError]()
    match, asked = query.get("resourceVersionMatch", ""), "sendInitialEvents" in query
    if asked and match != _NOT_OLDER:
        why = f"sendInitialEvents requires setting resourceVersionMatch to {_NOT_OLDER}"
        found.append(forbidden("resourceVersionMatch", why))
    if match and not asked:
        why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        found.append(forbidden("resourceVersionMatch", why))
    if match not in ("", _NOT_OLDER):
        found.append(not_supported("resourceVersionMatch", match, (_NOT_OLDER,)))
    if match and query.get("continue"):
        found.append(forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided"))
    if found:
        raise status.invalid(_OPTIONS, "", found)
    return is_set(query, "sendInitialEvents") if asked else text in ("", "0")


def _seconds(text: str) -> float:
    if text:
        try:
            seconds = int(text)
        except ValueError as error:
            raise status.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error
        if seconds > 0:
            return float(seconds)
    return _LEAST_SECONDS * (1 + random.random())  # so that watches do not all end at one moment


async def stream(begun: Begun, served: Served, wanted: Wanted, revision: Callable[[], int],
                 now: Callable[[], datetime], include: str = "") -> AsyncGenerator[bytes, None]:  # fmt: skip
    """What is sent of a watch, in pieces of whole lines, until its time is over."""
    loop = asyncio.get_running_loop()
    end = loop.time() + begun.seconds
    subscription = begun.subscription
    lines = _Lines(served, wanted, now, include)
    try:
        if begun.initial:
            step = 500 if wanted.media_type == JSON else 20  # of others each takes as long as thousands of lines
            for start in range(0, len(begun.initial), step):
                yield b"".join(lines.of(notice) for notice in begun.initial[start : start + step])
                await asyncio.sleep(0)
        if begun.initial_end is not None:
            yield lines.bookmark(begun.initial_end, {_END: "true"})
        while (left := end - loop.time()) > 0:
            try:
                notices = await subscription.take(min(left, BOOKMARK_SECONDS))
            except status.StatusError as error:
                if error.code != 404:  # its kind is no longer served: there is nothing to say
                    yield error_event(error, wanted)
                return
            if notices:
                yield b"".join([lines.of(notice) for notice in notices])
            elif begun.bookmarks:
                yield lines.bookmark(revision())
    finally:
        subscription.close()


def error_event(error: status.StatusError, wanted: Wanted = PLAIN) -> bytes:
    """The last line of a watch that cannot go on."""
    return _event("ERROR", encode(error.status), wanted)


def _event(kind: str, shape: bytes, wanted: Wanted) -> bytes:
    """A line; in protobuf, a frame."""
    line = b'{"type":"%b","object":%b}\n' % (kind.encode(), shape)
    if wanted.media_type == JSON:
        return line
    from wherry.kube.machinery import protowriting

    return protowriting.event(line)


class _Lines:
    """Notices as they are sent."""

    def __init__(self, served: Served, wanted: Wanted, now: Callable[[], datetime], include: str) -> None:
        self._served = served
        self._wanted = wanted
        self._now = now
        self._include = include
        self._columns_told = False
        # A table has ages, which are different for each watch; everything else is the same for all.
        shares = wanted.form is not Form.TABLE
        self._key = (served.version.name, wanted.form, wanted.version, wanted.media_type) if shares else None

    def of(self, notice: Notice) -> bytes:
        change = notice.change
        if change is None or self._key is None:
            return self._line(notice)
        key = (notice.type, self._key)
        line = change.rendered.get(key)
        if line is None:
            line = change.rendered[key] = self._line(notice)
        return line

    def _line(self, notice: Notice) -> bytes:
        if self._wanted.form is Form.TABLE:
            shape = self._table(notice.entry)
        else:
            shape = shown(self._served, notice.entry, self._wanted, self._now(), self._include)
        return _event(notice.type, shape, self._wanted)

    def _table(self, entry: Entry) -> bytes:
        """One row; the columns are told once (pkg/endpoints/handlers/response.go: watchEmbeddedEncoder)."""
        meta = {"resourceVersion": str(entry.revision)}
        found = tables.table(self._served, [entry], self._now(), self._wanted.version, self._include, meta)
        if self._columns_told:
            found["columnDefinitions"] = None
        self._columns_told = True
        return encode(found)

    def bookmark(self, revision: int, annotations: dict[str, str] | None = None) -> bytes:
        """Says that everything up to ``revision`` has been sent."""
        metadata: Object = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        served, form = self._served, self._wanted.form
        document: Object = {
            "kind": served.kind.kind, "apiVersion": str(served.group_version), "metadata": metadata,
        }  # fmt: skip
        if form is Form.METADATA:
            document |= {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{self._wanted.version}"}
        elif form is Form.TABLE:
            version = self._wanted.version
            partial = {"kind": "PartialObjectMetadata", "apiVersion": f"meta.k8s.io/{version}", "metadata": metadata}
            document = {
                "kind": "Table", "apiVersion": f"meta.k8s.io/{version}", "columnDefinitions": None,
                "metadata": {"resourceVersion": str(revision)}, "rows": [{"cells": [], "object": partial}],
            }  # fmt: skip
        return _event("BOOKMARK", encode(document), self._wanted)

"""A store beside a model of it that keeps every state whole: whatever is done to both, they answer the same."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.suites.store import Seen, wait_until, watching
from wherry.store.model import Compacted, Compare, Delete, Event, Future, Item, Mismatch, Operation, Put, Store

KEYS = ["/a", "/a/", "/a/1", "/a/2", "/a0", "/b/1", "/b/2", "/é", "/a\U0010ffff", "\U0010ffff"]
PREFIXES = ["", "/", "/a", "/a/", "/b/", "/a/1", "/\U0010ffff", "\U0010ffff", "/none"]
Open = Callable[[], Awaitable[Store]]
T = TypeVar("T")


@dataclass
class State:
    """All items as of a revision, and what the commit did."""

    revision: int
    items: dict[str, Item]
    events: list[Event]


class Model:
    """The contract, by the simplest means. ``alone``: nobody else moves the revision on. (In etcd others may, and a
    watch's fences do: there it is known to grow, and nothing more.)"""

    def __init__(self, revision: int, compacted: int, *, alone: bool) -> None:
        self.states = [State(revision, {}, [])]
        self.compacted = compacted
        self.alone = alone
        self.newest = revision
        """The newest that the store has told of; where others write, too, it may be further by now."""

    @property
    def now(self) -> State:
        return self.states[-1]

    def at(self, revision: int) -> State:
        """Raises Future, Compacted."""
        if revision > self.newest:
            raise Future(self.newest)
        if revision and revision < self.compacted:
            raise Compacted(self.compacted)
        return next(state for state in reversed(self.states) if not revision or state.revision <= revision)

    def mismatch(self, compares: Sequence[Compare]) -> tuple[str, Item | None] | None:
        for compare in compares:
            item = self.now.items.get(compare.key)
            if compare.revision != (item.revision if item else 0):
                return compare.key, item
        return None

    def apply(self, revision: int, operations: Sequence[Operation]) -> None:
        items, events = dict(self.now.items), []
        for operation in operations:
            previous = items.pop(operation.key, None)
            created = previous.created if previous else revision
            if isinstance(operation, Put):
                items[operation.key] = Item(operation.key, operation.value, created, revision, operation.lease)
                events.append(Event(operation.key, revision, operation.value, created, previous, operation.lease))
            elif previous:
                events.append(Event(operation.key, revision, None, created, previous))
        if events:
            assert revision > self.newest, "a revision that has been"
            self.newest = revision
            self.states.append(State(revision, items, events))
        else:
            self.told(revision)

    def told(self, revision: int) -> int:
        """The store says that this is its newest revision."""
        assert revision == self.newest if self.alone else revision >= self.newest, (revision, self.newest)
        self.newest = revision
        return revision

    def events(self, prefix: str, after: int, until: int) -> list[Event]:
        states = [state for state in self.states if after < state.revision <= until]
        return [event for state in states for event in state.events if event.key.startswith(prefix)]


@dataclass
class Watched:
    """A watch, and what of it the model knows."""

    prefix: str
    after: int
    seen: Seen


class StoreMachine(RuleBasedStateMachine):
    """Subclasses say how a store is opened (empty, unless it is opened ``again``)."""

    open: Open
    again: Open | None = None
    run_elsewhere: Callable[[Coroutine[Any, Any, Any]], Any] | None = None  # Any: of each its own
    revisions = Bundle("revisions")
    watches = Bundle("watches")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.store = self.run(type(self).open())
        self.model = Model(self.run(self.store.revision()), self.run(self.store.compacted()), alone=self.store.is_local)
        self.watched: list[Watched] = []
        self.leases: list[int] = []

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        elsewhere = type(self).run_elsewhere
        return elsewhere(awaited()) if elsewhere else self.runner.run(awaited())

    def teardown(self) -> None:
        self.run(self.store.aclose())
        self.runner.close()

    def same(self, ours: Awaitable[T], theirs: Callable[[], T]) -> None:
        """Both give the same, or raise the same."""
        try:
            expected: Any = theirs()
        except Future as error:
            expected = type(error)
        except Compacted as error:
            expected = (type(error), error.revision)
        try:
            found: Any = self.run(ours)
        except Future as error:
            found = type(error)
        except Compacted as error:
            found = (type(error), error.revision)
        assert found == expected

    # Writing

    @rule(
        target=revisions,
        keys=st.lists(st.sampled_from(KEYS), max_size=4, unique=True),
        data=st.data(),
    )
    def commit(self, keys: list[str], data: st.DataObject) -> object:
        leases = st.sampled_from([0, *self.leases])
        operation = st.one_of(st.none(), st.tuples(st.binary(max_size=8), leases))
        drawn = [(key, data.draw(operation)) for key in keys]
        operations: list[Operation] = [Put(key, *value) if value else Delete(key) for key, value in drawn]
        compares = [self.compare(key, data) for key in data.draw(st.lists(st.sampled_from(KEYS), max_size=3))]
        expected = self.model.mismatch(compares)
        try:
            revision = self.run(self.store.commit(compares, operations))
        except Mismatch as error:
            assert (error.key, error.item) == expected
            return multiple()
        assert expected is None
        self.model.apply(revision, operations)
        return revision

    def compare(self, key: str, data: st.DataObject) -> Compare:
        item = self.model.now.items.get(key)
        revision = item.revision if item else 0
        return Compare(key, data.draw(st.sampled_from([revision, revision, revision, 0, self.model.now.revision])))

    @rule()
    def grant(self) -> None:
        self.leases.append(self.run(self.store.grant(3600)))

    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        if self.leases:
            lease = data.draw(st.sampled_from(self.leases))
            self.leases.remove(lease)
            keys = sorted(key for key, item in self.model.now.items.items() if item.lease == lease)
            before = self.model.newest
            self.run(self.store.revoke(lease))
            # One commit or several, in no certain order: as the store tells it.
            for event in self.run(self.store.events("", before, self.run(self.store.revision()))):
                keys.remove(event.key)
                if event.revision == self.model.now.revision:
                    last = self.model.states.pop()
                    self.model.newest = before
                    self.model.apply(event.revision, [*(Delete(one.key) for one in last.events), Delete(event.key)])
                else:
                    self.model.apply(event.revision, [Delete(event.key)])
            assert keys == []

    # Reading

    @rule(key=st.sampled_from(KEYS), revision=st.one_of(st.just(0), revisions))
    def get(self, key: str, revision: int) -> None:
        self.same(self.store.get(key, revision), lambda: self.model.at(revision).items.get(key))

    @rule(
        prefix=st.sampled_from(PREFIXES),
        after=st.sampled_from(["", *KEYS]),
        limit=st.integers(0, 4),
        revision=st.one_of(st.just(0), revisions),
    )
    def range(self, prefix: str, after: str, limit: int, revision: int) -> None:
        async def ours() -> tuple[tuple[Item, ...], int, int]:
            page = await self.store.range(prefix, after=after, limit=limit, revision=revision)
            return page.items, page.revision if revision else self.model.told(page.revision), page.remaining

        def theirs() -> tuple[tuple[Item, ...], int, int]:
            state = self.model.at(revision)
            keys = sorted(key for key in state.items if key.startswith(prefix) and key.encode() > after.encode())
            kept = keys[: limit or None]
            return tuple(state.items[key] for key in kept), revision or self.model.newest, len(keys) - len(kept)

        self.same(ours(), theirs)

    @rule(prefix=st.sampled_from(PREFIXES), one=revisions, two=revisions)
    def events(self, prefix: str, one: int, two: int) -> None:
        after, until = min(one, two), max(one, two)

        async def ours() -> list[Event]:
            return list(await self.store.events(prefix, after, until))

        def theirs() -> list[Event]:
            if after < self.model.compacted:
                raise Compacted(self.model.compacted)
            return self.model.events(prefix, after, until)

        self.same(ours(), theirs)

    @rule(ahead=st.integers(1, 3))
    def the_future(self, ahead: int) -> None:
        while True:
            revision = self.model.newest + ahead
            try:
                self.run(self.store.get("/a", revision))
            except Future as error:
                assert self.model.told(error.revision) < revision
                return
            # It is no future any more: then others have written meanwhile, and the store says so.
            assert self.model.told(self.run(self.store.revision())) >= revision

    # Watching

    @rule(prefix=st.sampled_from(PREFIXES), after=revisions)
    def watch(self, prefix: str, after: int) -> None:
        try:
            seen = self.run(watching(self.store, prefix, after))
        except Compacted as error:
            assert after < self.model.compacted == error.revision
            return
        assert after >= self.model.compacted
        assert seen.events == self.model.events(prefix, after, self.model.now.revision)
        self.watched.append(Watched(prefix, after, seen))

    @rule(data=st.data())
    def close(self, data: st.DataObject) -> None:
        if self.watched:
            one = self.watched.pop(data.draw(st.integers(0, len(self.watched) - 1)))
            assert one.seen.watch is not None
            one.seen.watch.close()

    @invariant()
    def watches_have_seen_all(self) -> None:
        for one in self.watched:
            expected = self.model.events(one.prefix, one.after, self.model.now.revision)
            if not self.store.is_local:
                self.run(wait_until(lambda one=one, expected=expected: len(one.seen.events) >= len(expected)))
            assert one.seen.events == expected
            assert one.seen.errors == []
        self.model.told(self.run(self.store.revision()))

    # Forgetting

    @rule(revision=consumes(revisions))
    def compact(self, revision: int) -> None:
        self.run(self.store.compact(revision))
        self.model.compacted = max(self.model.compacted, revision)
        assert self.run(self.store.compacted()) == self.model.compacted

    @rule()
    def reopen(self) -> None:
        again = type(self).again
        if again is None:
            return
        self.run(self.store.aclose())
        for one in self.watched:
            assert len(one.seen.errors) == 1
        self.watched = []
        self.store = self.run(again())
        self.model.told(self.run(self.store.revision()))
        assert self.run(self.store.compacted()) == self.model.compacted


def compare_with_model(
    open: Open,
    again: Open | None = None,
    *,
    examples: int,
    steps: int,
    run: Callable[[Coroutine[Any, Any, Any]], Any] | None = None,
) -> None:
    """``open`` gives an empty store; ``again`` opens the last one anew. ``run`` is for stores that must not see
    several event loops."""
    members = {"open": open, "again": again, "run_elsewhere": run}
    machine = type("Machine", (StoreMachine,), {name: each and staticmethod(each) for name, each in members.items()})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )

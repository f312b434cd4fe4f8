"""Pods that wait for a node, in the order of their turns (pkg/scheduler/backend/queue).

A pod is **active**: its turn comes by priority, then by how long it waits; or it **backs off** after it was refused,
longer each time; or it is **refused**, until something happens that may help or five minutes have passed; or it is
**gated**; or it is **out**: somebody decides about it or binds it. What may help a pod makes it active, but not before
it has backed off; only when nobody is active, and few back off, is that not waited for.
"""

import heapq
import itertools
from asyncio import Event
from enum import Enum

import msgspec

from wherry.kube.client.clock import Clock, Timer
from wherry.kube.scheduler.happenings import Change, Happening
from wherry.kube.scheduler.hints import LabelsOf, interesting, may_help
from wherry.kube.scheduler.model import Pod
from wherry.kube.scheduler.options import Options
from wherry.kube.scheduler.refusals import Plugin

FLUSH_SECONDS = 30.0
EARLY = 32
"""With more that back off than that, all of them wait it out: trying so many again and again would cost all the time
there is."""


class State(Enum):
    ACTIVE = "active"
    BACKOFF = "backing off"
    REFUSED = "refused"
    GATED = "gated"
    OUT = "out"


class Waiting(msgspec.Struct, eq=False):
    """One pod. ``since``: when it came, or was last refused; ``until``: when it has backed off. Monotonic seconds."""

    pod: Pod
    since: float
    state: State = State.ACTIVE
    attempts: int = 0
    until: float = 0.0
    plugins: frozenset[Plugin] = frozenset()
    failed: bool = False
    """It was not refused: something went wrong. It backs off to the end."""


class SchedulingQueue:
    """Used on one event loop."""

    def __init__(self, clock: Clock, options: Options, labels_of: LabelsOf) -> None:
        self._clock = clock
        self._options = options
        self._labels_of = labels_of
        self._waiting: dict[str, Waiting] = {}
        self._refused: dict[str, Waiting] = {}
        self._interested: dict[Change, dict[str, Waiting]] = {change: {} for change in Change}
        """Of the refused: whom such a change may help."""
        self._active: list[tuple[int, float, int, Waiting]] = []
        self._backoff: list[tuple[float, int, Waiting]] = []
        self._order = itertools.count()
        self._wake = Event()
        self._timer: Timer | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def state(self, uid: str) -> State | None:
        """None: it does not wait."""
        waiting = self._waiting.get(uid)
        return waiting.state if waiting is not None else None

    def count(self, state: State) -> int:
        return sum(each.state is state for each in self._waiting.values())

    def pod(self, uid: str) -> Pod | None:
        """As it was told of last; None: it does not wait."""
        waiting = self._waiting.get(uid)
        return waiting.pod if waiting is not None else None

    # What is told

    def add(self, pod: Pod) -> None:
        """It has no node. Or: it has changed and still has none; when what it asks for is different, it is tried
        again."""
        waiting = self._waiting.get(pod.uid)
        if waiting is None:
            waiting = self._waiting[pod.uid] = Waiting(pod, self._clock.monotonic())
            self._start(waiting)
            return
        old, waiting.pod = waiting.pod, pod
        if waiting.state is State.GATED and not pod.shape.gates:
            waiting.since = self._clock.monotonic()
            self._start(waiting)
        elif waiting.state is State.REFUSED and (old.shape is not pod.shape or old.labels != pod.labels):
            self._try_again(waiting)
        elif waiting.state is State.ACTIVE and old.shape.priority != pod.shape.priority:
            self._activate(waiting)

    def note(self, pod: Pod) -> None:
        """It has changed: that is what to know when it is given back."""
        waiting = self._waiting.get(pod.uid)
        if waiting is not None:
            waiting.pod = pod

    def _start(self, waiting: Waiting) -> None:
        if waiting.pod.shape.gates:
            waiting.state = State.GATED
        else:
            self._activate(waiting)

    def remove(self, uid: str) -> None:
        """It has a node, or is gone. Idempotent."""
        waiting = self._waiting.pop(uid, None)
        if waiting is not None:
            self._forget_refused(uid)
            waiting.state = State.OUT  # what is left of it in the heaps is passed over

    def happened(self, happening: Happening) -> None:
        """Whoever it may help is tried again."""
        interested = self._interested[happening.change]
        if not interested:
            return
        for waiting in list(interested.values()):
            if may_help(waiting.pod, waiting.plugins, happening, self._labels_of):
                self._try_again(waiting)

    def try_again(self, uid: str) -> None:
        """Whatever it was refused for."""
        waiting = self._refused.get(uid)
        if waiting is not None:
            self._try_again(waiting)

    # Turns

    async def pop(self) -> Pod:
        """The next one, which the caller gives back by :meth:`refuse` or :meth:`fail`, or has removed."""
        while True:
            waiting = self._next()
            if waiting is not None:
                waiting.state = State.OUT
                waiting.attempts += 1
                return waiting.pod
            self._wake.clear()
            await self._wake.wait()

    def _next(self) -> Waiting | None:
        while self._active:
            *_, waiting = heapq.heappop(self._active)
            if waiting.state is State.ACTIVE:
                return waiting
        return self._early()

    def _early(self) -> Waiting | None:
        """Nobody is active: one that has not backed off yet."""
        if len(self._backoff) > EARLY:
            return None
        early = [each for each in self._backoff if each[2].state is State.BACKOFF and not each[2].failed]
        if not early:
            return None
        return min(early, key=lambda each: (-each[2].pod.shape.priority, each[0], each[1]))[2]

    def refuse(self, uid: str, plugins: frozenset[Plugin]) -> None:
        """No node would do; these said so."""
        waiting = self._give_back(uid)
        if waiting is not None:
            waiting.state, waiting.plugins, waiting.failed = State.REFUSED, plugins, False
            self._refused[uid] = waiting
            for change in interesting(plugins):
                self._interested[change][uid] = waiting

    def fail(self, uid: str) -> None:
        """It is tried again when it has backed off."""
        waiting = self._give_back(uid)
        if waiting is not None:
            waiting.failed = True
            self._back_off(waiting)

    def _give_back(self, uid: str) -> Waiting | None:
        """None: it is gone meanwhile."""
        waiting = self._waiting.get(uid)
        if waiting is None or waiting.state is not State.OUT:
            return None
        waiting.since = self._clock.monotonic()
        pause = self._options.initial_backoff * 2.0 ** min(waiting.attempts - 1, 32)
        waiting.until = waiting.since + min(pause, self._options.maximum_backoff)
        return waiting

    # Inside

    def _try_again(self, waiting: Waiting) -> None:
        self._forget_refused(waiting.pod.uid)
        if waiting.until > self._clock.monotonic():
            self._back_off(waiting)
        else:
            self._activate(waiting)

    def _forget_refused(self, uid: str) -> None:
        waiting = self._refused.pop(uid, None)
        if waiting is not None:
            for change in interesting(waiting.plugins):
                self._interested[change].pop(uid, None)

    def _activate(self, waiting: Waiting) -> None:
        waiting.state = State.ACTIVE
        entry = -waiting.pod.shape.priority, waiting.since, next(self._order), waiting
        heapq.heappush(self._active, entry)
        self._wake.set()

    def _back_off(self, waiting: Waiting) -> None:
        waiting.state = State.BACKOFF
        heapq.heappush(self._backoff, (waiting.until, next(self._order), waiting))
        self._wake.set()
        self._schedule()

    def _schedule(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._backoff:
            self._timer = self._clock.call_later(self._backoff[0][0] - self._clock.monotonic(), self._release)

    def _release(self) -> None:
        now = self._clock.monotonic()
        while self._backoff and self._backoff[0][0] <= now:
            until, _, waiting = heapq.heappop(self._backoff)
            if waiting.state is State.BACKOFF and waiting.until == until:
                self._activate(waiting)
        self._schedule()

    def flush(self) -> None:
        """Try those again that have been refused for long: something may have been overlooked."""
        before = self._clock.monotonic() - self._options.unschedulable_after
        for waiting in list(self._refused.values()):
            if waiting.since <= before:
                self._try_again(waiting)

    async def run(self) -> None:
        """Flush now and then, until cancelled."""
        while True:
            await self._clock.sleep(FLUSH_SECONDS)
            self.flush()

    def close(self) -> None:
        """Forget all."""
        for waiting in self._waiting.values():
            waiting.state = State.OUT
        self._waiting.clear()
        for uid in list(self._refused):
            self._forget_refused(uid)
        if self._timer is not None:
            self._timer.cancel()

"""The probes of all containers that run here: asked when they are due, results kept, changes told."""

import asyncio
from dataclasses import dataclass, field, replace
from random import Random
from typing import Protocol

from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.node.pods.life.model import Probed
from wherry.node.pods.probes.counting import Count, Timing
from wherry.node.pods.probes.model import Kind, Outcome, Prober, Result, Target


class Listener(Protocol):
    """Whose container it is."""

    def changed(self) -> None:
        """A result is another."""

    def unhealthy(self, container: Object, kind: Kind, outcome: Outcome) -> None:
        """A probe did not pass, or could not be asked."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A container that runs. ``age_seconds``: since it was started. ``known``: what its probes had said before, when
    it has been running since before this agent was."""

    target: Target
    age_seconds: float
    known: Probed | None = None


@dataclass(slots=True)
class _Watched:
    probed: Probed
    tasks: list["asyncio.Task[bool] | asyncio.Task[None]"] = field(default_factory=list)


class Probes:
    """Somebody enters it; tasks are its own. Everything on one event loop."""

    def __init__(self, prober: Prober, clock: Clock, random: Random | None = None) -> None:
        self._prober = prober
        self._clock = clock
        self._random = random or Random()
        self._watched: dict[str, _Watched] = {}

    def of(self, container: str) -> Probed:
        """What the probes of a container say now; nothing for one that is not watched."""
        watched = self._watched.get(container)
        return watched.probed if watched else Probed()

    def is_watched(self, container: str) -> bool:
        return container in self._watched

    def watch(self, subject: Subject, listener: Listener) -> None:
        """From now on, until :meth:`stop`. Does nothing for one that is watched."""
        target = subject.target
        if target.id in self._watched:
            return
        container, known = target.container, subject.known or Probed()
        has = {kind: container.get(kind.field) is not None for kind in Kind}
        started = (known.started or False) if has[Kind.STARTUP] else None
        ready = (known.ready or False) if has[Kind.READINESS] else None
        watched = _Watched(Probed(started, ready))
        self._watched[target.id] = watched
        if any(has.values()):
            watched.tasks.append(
                asyncio.create_task(self._follow(subject, watched, listener), name=f"{Kind.STARTUP.value} probe")
            )

    def stop(self, container: str) -> None:
        """Ask nothing any more, forget what was said. Idempotent."""
        watched = self._watched.pop(container, None)
        for task in watched.tasks if watched else ():
            task.cancel()

    def stop_killing(self, container: str) -> None:
        """The container is to end: only whether it is ready is still of interest."""
        watched = self._watched.get(container)
        if watched is None:
            return
        for task in watched.tasks:
            if task.get_name() in (f"{Kind.STARTUP.value} probe", f"{Kind.LIVENESS.value} probe"):
                task.cancel()

    def close(self) -> None:
        for container in tuple(self._watched):
            self.stop(container)

    async def _follow(self, subject: Subject, watched: _Watched, listener: Listener) -> None:
        """First until it has started, then the others side by side."""
        begun = self._clock.monotonic() - subject.age_seconds
        if watched.probed.started is False:
            passed = await self._ask(Kind.STARTUP, subject, begun, watched, listener)
            if not passed:
                return
        for kind in (Kind.LIVENESS, Kind.READINESS):
            if subject.target.container.get(kind.field) is not None:
                asking = self._ask(kind, subject, begun, watched, listener)
                watched.tasks.append(asyncio.create_task(asking, name=f"{kind.value} probe"))

    async def _ask(self, kind: Kind, subject: Subject, begun: float, watched: _Watched, listener: Listener) -> bool:
        """Until it is decided for good. Returns whether it has passed."""
        probe = subject.target.container[kind.field]
        timing = Timing.of(probe)
        count = Count(watched.probed.ready is True if kind is Kind.READINESS else kind is Kind.LIVENESS)
        wait = begun + timing.delay - self._clock.monotonic()
        if subject.known is not None:  # all containers at once, after the agent was started again
            wait = max(wait, self._random.random() * timing.period)
        while True:
            if wait > 0:
                await self._clock.sleep(wait)
            asked = self._clock.monotonic()
            outcome = await self._prober.ask(probe, subject.target)
            if outcome.result is not Result.SUCCESS:
                listener.unhealthy(subject.target.container, kind, outcome)
            count = count.after(outcome.result, timing)
            if self._decide(kind, count, timing, watched, listener):
                return kind is Kind.STARTUP and count.holds
            wait = asked + timing.period - self._clock.monotonic()
            if wait <= 0:
                await asyncio.sleep(0)

    def _decide(self, kind: Kind, count: Count, timing: Timing, watched: _Watched, listener: Listener) -> bool:
        """Note what follows; whether there is no more to ask."""
        before = watched.probed
        if kind is Kind.READINESS:
            watched.probed = replace(before, ready=count.holds)
        elif kind is Kind.STARTUP and count.is_decided(True, timing):
            watched.probed = replace(before, started=True)
        elif count.is_decided(False, timing):
            watched.probed = replace(before, failed=kind.value)
        if watched.probed != before:
            listener.changed()
        return bool(watched.probed.failed) or (kind is Kind.STARTUP and watched.probed.started is True)

"""The worker of one pod: looks, decides, acts."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from wherry.kube.client.clock import Timer
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.times import parse
from wherry.node.pods import view
from wherry.node.pods.admission import Refusal
from wherry.node.pods.life import ending, running
from wherry.node.pods.life.model import Abort, Action, Ending, Facts, Plan
from wherry.node.pods.lookup import PodPlace
from wherry.node.pods.probes.model import Kind, Outcome, Result
from wherry.node.pods.runtime import Sandbox, State
from wherry.node.pods.status.build import status
from wherry.node.pods.status.model import Report
from wherry.node.pods.voice import Voice
from wherry.node.pods.workers import attending, placing
from wherry.node.pods.workers.case import Case, gather
from wherry.node.pods.workers.doing import work
from wherry.node.pods.workers.halting import halt
from wherry.node.pods.workers.jobs import Jobs
from wherry.node.pods.workers.memory import Memory
from wherry.node.pods.workers.resizing import Resizing, resizing
from wherry.node.pods.workers.tools import Tools
from wherry.node.pods.workers.writing import STARTING_SECONDS, StatusWriter

logger = logging.getLogger(__name__)
_AGAIN_SECONDS = 10.0
_TOO_LONG = "Pod was active on the node longer than the specified deadline"
_BEGUN = ("start ", "sandbox")
_WRITE = "status"


@dataclass(frozen=True, slots=True)
class Birth:
    """What a worker begins with. ``sandboxes``: that are here of the pod already; ``refusal``: why the node does not
    take it; ``writer``: whom its status is told by, None: as that of every pod."""

    pod: Object
    sandboxes: Sequence[Sandbox] = ()
    refusal: Refusal | None = None
    writer: StatusWriter | None = None


class Worker:
    """``over`` is called once, when nothing is left of the pod, here or in the API."""

    def __init__(self, tools: Tools, birth: Birth, over: Callable[["Worker"], None]) -> None:
        pod, refusal = birth.pod, birth.refusal
        self._case = Case(
            tools=tools,
            uid=view.uid(pod),
            pod=pod,
            sandboxes=tuple(birth.sandboxes),
            memory=Memory(),
            jobs=Jobs(tools.clock, view.full_name(pod), self.wake),
            writer=birth.writer or StatusWriter(tools.client, tools.clock, pod),
            voice=Voice(tools.events, pod),
            refusal=refusal,
        )
        self._shown: Object = pod
        self._wanted: Object = {}
        """Its status, as it was found to be last."""
        self._plan = Plan()
        self._over = over
        self._timer: Timer | None = None
        self._is_awake = False
        self._is_closed = False
        self._has_told = False
        self.spoken = asyncio.Event()
        """Set when the API has had the first word of this worker, or there was none to say: what it shows from then on
        is no earlier worker's, before whose pod the machine may have gone down."""
        self._born = tools.clock.monotonic()
        self._begun = tools.clock.now()
        self._case.memory.recall(pod, self._case.containers())
        if refusal is not None or view.is_finished(pod):
            self._end(Ending(0.0, tools.clock.monotonic()))
        self._note_deletion()

    @property
    def uid(self) -> str:
        return self._case.uid

    @property
    def pod(self) -> Object:
        """As the API has it."""
        return self._case.pod

    @property
    def writer(self) -> StatusWriter:
        return self._case.writer

    @property
    def sandboxes(self) -> tuple[Sandbox, ...]:
        return self._case.sandboxes

    @property
    def is_ending(self) -> bool:
        return self._case.memory.ending is not None

    @property
    def has_stopped(self) -> bool:
        """It has to end, and nothing of it runs any more."""
        return self.is_ending and not any(each.state is State.RUNNING for each in self._case.containers())

    @property
    def has_told(self) -> bool:
        """The API knew all there was to say when it looked last."""
        return self._has_told

    @property
    def takes_room(self) -> bool:
        """It counts for what the node has given away."""
        return self._case.refusal is None and not view.is_finished(self._shown)

    def place(self) -> PodPlace:
        return placing.place(self._case, self._shown, self._plan)

    # What others tell

    def update(self, pod: Object) -> None:
        """The API has it so."""
        writer, before = self._case.writer, self._case.pod
        is_echo = view.version(pod) == view.version(writer.known) != ""
        if not writer.learn(pod):
            return
        if view.is_mirror(pod):  # it shows the pod, and says nothing about what the pod should be
            self.wake()
            return
        is_other = pod.get("spec") != before.get("spec")
        self._case.pod = self._case.voice.pod = pod
        if is_echo and not is_other and view.is_alike(pod, before):
            return  # what was written from here: that has been looked at
        self._note_deletion()
        if is_other:
            self._case.jobs.forgive("start ")
        self.wake()

    def vanish(self, last: Object | None = None) -> None:
        """The API has it no more. ``last``: as it was when it was deleted."""
        if last is not None and view.is_mirror(last):
            self._case.writer.lose()
            self.wake()
            return
        self._case.memory.is_gone = True
        grace = float(view.grace_seconds(last or self._case.pod))
        self._end(Ending(grace, self._case.tools.clock.monotonic()))
        self.wake()

    def end(self, found: Ending) -> None:
        """Something on this node wants it to end."""
        self._end(found)
        self.wake()

    def changed(self) -> None:
        """A probe's result is another, or the runtime has news of one of its containers."""
        self.wake()

    def found(self, sandboxes: Iterable[Sandbox]) -> None:
        """The runtime has these of it, the oldest first."""
        here = tuple(sandboxes)
        if here != self._case.sandboxes:
            self._case.must_list = True
            self.wake()

    def reconsider(self) -> None:
        """An object that it refers to is another, or the node has more room."""
        self._case.jobs.forgive("volumes", "start ")
        self.wake()

    def unhealthy(self, container: Object, kind: Kind, outcome: Outcome) -> None:
        """A probe did not pass."""
        member = view.member(self._case.pod, container["name"])
        if outcome.result is Result.WARNING:
            self._case.voice.warn("ProbeWarning", f"{kind.title} probe warning: {outcome.text}", member)
        elif outcome.result is Result.UNKNOWN:
            said = f"{kind.title} probe errored and resulted in unknown state: {outcome.text}"
            self._case.voice.warn("Unhealthy", said, member)
        else:
            self._case.voice.warn("Unhealthy", f"{kind.title} probe failed: {outcome.text}", member)

    def wake(self) -> None:
        """Look, soon: however often it is said before, once."""
        if self._is_awake or self._is_closed:
            return
        self._is_awake = True
        self._case.tools.clock.call_later(0, self._look)

    def close(self) -> None:
        """Give up all that is under way, disturb nothing. Idempotent."""
        self._is_closed = True
        self._case.jobs.abort_all()
        if self._timer is not None:
            self._timer.cancel()
        for container in self._case.containers():
            self._case.tools.probes.stop(container.id)
        self.spoken.set()

    async def closed(self) -> None:
        """After :meth:`close`: until nothing is under way."""
        await self._case.jobs.drain()

    async def halt(self, most_seconds: float) -> None:
        """Give up all that is under way, and end what runs; see :func:`wherry.node.pods.workers.halting.halt`."""
        self.close()
        await self.closed()
        await halt(self._case, most_seconds)

    # Why it has to end

    def _note_deletion(self) -> None:
        pod = self._case.pod
        if pod["metadata"].get("deletionTimestamp"):
            self._end(Ending(float(view.grace_seconds(pod)), self._case.tools.clock.monotonic()))

    def _end(self, found: Ending) -> None:
        """Once and for all. A later word can only make it quicker, and give a reason where there is none."""
        memory = self._case.memory
        known = memory.ending
        if known is None:
            memory.ending = found
            return
        if found.since + found.grace_seconds < known.since + known.grace_seconds:
            known = replace(known, since=found.since, grace_seconds=found.grace_seconds)
            for key in self._case.jobs.busy:
                if key.startswith("stop "):
                    self._case.jobs.abort(key)  # and begun again, with less time
        if found.reason and not known.reason:
            known = replace(known, reason=found.reason, message=found.message, disruption=found.disruption)
        memory.ending = known

    def _deadline_seconds(self) -> float | None:
        """What is left of ``activeDeadlineSeconds``; it ends the pod when that is nothing."""
        case = self._case
        allowed = case.pod["spec"].get("activeDeadlineSeconds")
        begun = (case.writer.known.get("status") or {}).get("startTime")
        if allowed is None or not begun or case.memory.ending is not None:
            return None
        left = float(allowed) - (case.tools.clock.now() - parse(begun)).total_seconds()
        if left > 0:
            return left
        case.voice.say("DeadlineExceeded", _TOO_LONG)
        grace = float(view.grace_seconds(case.pod))
        self._end(Ending(grace, case.tools.clock.monotonic(), "DeadlineExceeded", _TOO_LONG))
        return None

    # Looking

    def _look(self) -> None:
        self._is_awake = False
        if self._is_closed:
            return
        try:
            self._step()
        except Exception:  # one pod's trouble is not the others', and may pass
            logger.exception("%s", view.full_name(self._case.pod))
            self._set_timer(_AGAIN_SECONDS)

    def _step(self) -> None:
        case = self._case
        deadline = self._deadline_seconds()
        facts, found = self._facts()
        plan = _decide(facts)
        if plan.has_ended and case.memory.ending is None:
            self._end(Ending(float(view.grace_seconds(case.pod)), facts.seconds))
            facts = replace(facts, ending=case.memory.ending)
            plan = _decide(facts)
        attending.announce(case, facts, plan)
        is_written, due = self._report(facts, plan, found)
        self._has_told = is_written
        if is_written and facts.ending is not None:
            plan = _decide(replace(facts, is_written=True))
        self._plan = plan
        if plan.is_over:
            self.close()
            self._over(self)
            return
        for action in plan.actions:
            self._act(action)
        self._set_timer(deadline, due, plan.again_seconds, case.tools.volumes.due_seconds(case.uid))

    def _facts(self) -> tuple[Facts, Resizing]:
        facts = gather(self._case)
        attending.watch(self._case, facts, self)
        found = resizing(self._case, facts)
        probed = {run.id: self._case.tools.probes.of(run.id) for run in facts.running()}
        return replace(facts, probed=probed, limits=found.limits, outdated=found.restarts), found

    def _act(self, action: Action) -> None:
        if isinstance(action, Abort):
            self._case.jobs.abort(action.key)
        else:
            self._case.jobs.start(action.key, lambda: work(action, self._case))

    def _set_timer(self, *due: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        times = [each for each in due if each is not None]
        self._timer = self._case.tools.clock.call_later(min(times), self.wake) if times else None

    # Telling

    def _report(self, facts: Facts, plan: Plan, found: Resizing) -> tuple[bool, float | None]:
        """Whether the API knows all there is to say; when to look again to tell it."""
        case, writer = self._case, self._case.writer
        if facts.is_gone:
            return False, None
        if view.is_finished(facts.pod) and not facts.sandboxes:
            self.spoken.set()
            return True, None  # what there was to tell has been told, and nothing is left to look at
        if (early := self._early_seconds(facts)) > 0:
            self.spoken.set()
            return False, early
        report = self._of(facts, plan, found)
        wanted = self._wanted = status(report)
        self._shown = {**case.pod, "status": {**(writer.known.get("status") or {}), **wanted}}
        patch = writer.patch(wanted)
        if patch is None:
            self.spoken.set()
            return True, None
        trouble = case.jobs.troubles.get(_WRITE)
        wait = 0.0 if report.has_stopped else writer.wait_seconds(patch, ends=facts.ending is not None)
        wait = max(wait, trouble.until - facts.seconds if trouble else 0.0)
        if _WRITE in case.jobs.busy:
            return False, None
        if wait > 0:
            return False, wait
        case.jobs.start(_WRITE, self._write)
        return False, None

    def _early_seconds(self, facts: Facts) -> float:
        """For how long there is nothing to tell but that it is being started: most are before that is worth a word."""
        is_told = bool((facts.pod["status"] or {}).get("containerStatuses"))
        if is_told or facts.ending is not None or not facts.busy or facts.troubles or self._case.refusal is not None:
            return 0.0
        return self._born + STARTING_SECONDS - facts.seconds

    def _of(self, facts: Facts, plan: Plan, found: Resizing) -> Report:
        has_stopped = facts.ending is not None and not facts.running()
        tools, memory = self._case.tools, self._case.memory
        if facts.sandbox is not None and facts.sandbox.ips:
            memory.ips = tuple(facts.sandbox.ips)
        return Report(
            facts=facts,
            plan=plan,
            now=tools.clock.now(),
            begun=self._begun,
            host_ips=tools.host_ips(),
            last_ips=memory.ips,
            messages=memory.messages,
            resources=found.given,
            conditions=found.conditions,
            refusal=self._case.refusal,
            has_stopped=has_stopped and not any(key.startswith(_BEGUN) for key in facts.busy),
        )

    async def _write(self) -> None:
        """When its turn comes, what there is to say then: of many pods that start at once it may be more by then."""
        async with self._case.tools.turns:
            patch = self._case.writer.patch(self._wanted)
            if patch is not None and not await self._case.writer.write(patch):
                self.vanish()
        self.spoken.set()


def _decide(facts: Facts) -> Plan:
    return ending.plan(facts) if facts.ending is not None or facts.is_gone else running.plan(facts)

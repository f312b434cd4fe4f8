"""Probes when they are due."""

from random import Random

import pytest

from tests.unit.node.pods.rig import Answers, container
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.life.model import Probed
from wherry.node.pods.probes.model import PASSED, Kind, Outcome, Result, Target
from wherry.node.pods.probes.watching import Probes, Subject

NO = Outcome(Result.FAILURE, "no")


class Listener:
    def __init__(self) -> None:
        self.changes = 0
        self.complaints: list[tuple[Kind, str]] = []

    def changed(self) -> None:
        self.changes += 1

    def unhealthy(self, container: Object, kind: Kind, outcome: Outcome) -> None:
        self.complaints.append((kind, outcome.text))


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class Bench:
    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.answers = Answers()
        self.times: list[float] = []
        self.listener = Listener()
        self.probes = Probes(self, clock, Random(1))

    async def ask(self, probe: Object, target: Target) -> Outcome:
        self.times.append(self.clock.monotonic())
        return await self.answers.ask(probe, target)

    def watch(self, age: float = 0.0, known: Probed | None = None, **made: Object) -> None:
        self.probes.watch(Subject(Target("c", container(**made), "10.0.0.1"), age, known), self.listener)


@pytest.fixture
def bench(clock: FakeClock) -> Bench:
    return Bench(clock)


async def test_who_has_no_probes_is_asked_nothing(bench: Bench) -> None:
    bench.watch()
    await bench.clock.advance(100)
    assert bench.times == []
    assert bench.probes.of("c") == Probed()
    assert bench.probes.is_watched("c")


async def test_the_first_question_is_due_after_the_delay_the_others_after_a_period(bench: Bench) -> None:
    bench.watch(readinessProbe={"initialDelaySeconds": 5, "periodSeconds": 3})
    assert bench.probes.of("c").ready is False
    await bench.clock.advance(12)
    assert bench.times == [5, 8, 11]
    assert bench.probes.of("c").ready is True
    assert bench.listener.changes == 1


async def test_the_delay_counts_from_the_start(bench: Bench) -> None:
    bench.watch(age=4.0, livenessProbe={"initialDelaySeconds": 5})
    await bench.clock.advance(2)
    assert bench.times == [1]


async def test_after_a_restart_of_the_agent_they_are_not_all_asked_at_once(bench: Bench) -> None:
    bench.watch(age=1000.0, known=Probed(True, True), readinessProbe={"periodSeconds": 10}, startupProbe={})
    assert bench.probes.of("c") == Probed(True, True)
    await bench.clock.advance(9.99)
    assert len(bench.times) == 1
    assert bench.times[0] > 0
    assert bench.listener.changes == 0


async def test_first_it_has_to_start(bench: Bench) -> None:
    bench.answers.says = lambda probe, target: NO if "startup" in probe else PASSED
    bench.watch(
        startupProbe={"startup": 1, "periodSeconds": 1, "failureThreshold": 60}, livenessProbe={}, readinessProbe={}
    )
    await bench.clock.advance(10)
    assert bench.probes.of("c") == Probed(started=False, ready=False)
    assert len(bench.times) == 11
    bench.answers.says = lambda probe, target: PASSED
    await bench.clock.advance(1)
    assert bench.probes.of("c") == Probed(started=True, ready=True)
    assert {kind for kind, _ in bench.listener.complaints} == {Kind.STARTUP}


@pytest.mark.parametrize(("field", "kind"), [("livenessProbe", "liveness"), ("startupProbe", "startup")])
async def test_who_fails_too_often_is_asked_no_more(bench: Bench, field: str, kind: str) -> None:
    bench.answers.says = lambda probe, target: NO
    bench.watch(**{field: {"periodSeconds": 1, "failureThreshold": 3}})
    await bench.clock.advance(1.5)
    assert bench.probes.of("c").failed == ""
    await bench.clock.advance(1)
    assert bench.probes.of("c").failed == kind
    await bench.clock.advance(10)
    assert len(bench.times) == 3
    assert bench.listener.complaints == [(Kind(kind), "no")] * 3


async def test_who_ends_is_asked_only_whether_it_is_ready(bench: Bench) -> None:
    seen: list[str] = []

    def says(probe: Object, target: Target) -> Outcome:
        seen.append(probe["name"])
        return PASSED

    bench.answers.says = says
    bench.watch(livenessProbe={"name": "alive"}, readinessProbe={"name": "ready"})
    await bench.clock.advance(1)
    bench.probes.stop_killing("c")
    await bench.clock.advance(20)
    assert seen == ["alive", "ready", "ready", "ready"]


async def test_who_has_stopped_is_forgotten(bench: Bench) -> None:
    bench.watch(readinessProbe={})
    await bench.clock.advance(1)
    bench.probes.stop("c")
    bench.probes.stop("c")
    await bench.clock.advance(100)
    assert len(bench.times) == 1
    assert bench.probes.of("c") == Probed()
    assert not bench.probes.is_watched("c")


async def test_at_the_end_all_are(bench: Bench) -> None:
    bench.watch(readinessProbe={})
    bench.watch(livenessProbe={})  # it is watched already
    bench.probes.close()
    await bench.clock.advance(100)
    assert bench.times == []

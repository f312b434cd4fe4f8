"""Properties of all plans together: on a runtime that does at once what a plan says, a pod comes to rest, and nothing
is ever done that must not be."""

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.node.pods.life.facts import SECOND
from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing.containers import BACKOFF, IMAGE
from wherry.node.pods.life import ending, running
from wherry.node.pods.life.model import Ending, Facts, Plan
from wherry.node.pods.runtime import Container, Sandbox, SandboxSpec, State

NAMES = ("one", "side", "a", "b")


def make(count: int, policy: str) -> Object:
    init = [container("one"), container("side", restartPolicy="Always")][:count]
    return pod("web", container("a"), container("b"), initContainers=init, restartPolicy=policy)


@dataclass
class World:
    """What there is of one pod."""

    pod: Object
    seconds: float = 0.0
    sandboxes: list[Sandbox] = field(default_factory=list)
    runs: dict[str, Container] = field(default_factory=dict)
    has_volumes: bool = False
    ending: Ending | None = None
    is_gone: bool = False
    started: list[str] = field(default_factory=list)

    def facts(self) -> Facts:
        runs = tuple(sorted(self.runs.values(), key=lambda each: each.created_ns))
        return Facts(
            self.pod, self.seconds, tuple(self.sandboxes), runs,
            ended_seconds={each.id: self.seconds - each.finished_ns / SECOND for each in runs if each.finished_ns},
            ending=self.ending, has_volumes=self.has_volumes, is_unmounted=not self.has_volumes, is_gone=self.is_gone,
            is_written=True,
        )  # fmt: skip

    def plan(self) -> Plan:
        if self.ending is not None or self.is_gone:
            return ending.plan(self.facts())
        found = running.plan(self.facts())
        if found.has_ended:
            self.ending = Ending(30.0, self.seconds)
            return ending.plan(self.facts())
        return found

    def apply(self, plan: Plan) -> None:
        for action in plan.actions:
            getattr(self, type(action).__name__)(action)

    def rest(self) -> Plan:
        """Do what plans say until there is nothing to do."""
        for _ in range(60):
            found = self.plan()
            if not found.actions:
                return found
            self.seconds += 0.001
            self.apply(found)
        raise AssertionError(f"never at rest: {found}")

    # Each action, at once

    def StartSandbox(self, action) -> None:  # type: ignore[no-untyped-def]
        spec = SandboxSpec("u", "default", "web", "web", action.attempt)
        self.sandboxes.append(Sandbox(f"s{action.attempt}", spec, 1))

    def MountVolumes(self, action) -> None:  # type: ignore[no-untyped-def]
        self.has_volumes = True

    def UnmountVolumes(self, action) -> None:  # type: ignore[no-untyped-def]
        assert not any(each.state is State.RUNNING for each in self.runs.values())
        self.has_volumes = False

    def StartContainer(self, action) -> None:  # type: ignore[no-untyped-def]
        assert self.ending is None
        assert self.sandboxes[-1].ready
        assert self.has_volumes
        assert not any(each.state is State.RUNNING and each.name == action.name for each in self.runs.values())
        self.started.append(action.name)
        home = self.sandboxes[-1].id
        notes = {IMAGE: "demo:1", BACKOFF: f"{action.backoff_seconds:g}"}
        id = f"{action.name}-{action.attempt}-{home}"
        assert id not in self.runs
        self.runs[id] = Container(
            id, home, action.name, action.attempt, State.RUNNING, "i", "r", int(self.seconds * SECOND) + len(self.runs),
            started_ns=int(self.seconds * SECOND), annotations=notes,
        )  # fmt: skip

    def exit(self, id: str, code: int) -> None:
        known = self.runs[id]
        self.runs[id] = replace(
            known, state=State.EXITED, exit_code=code, finished_ns=max(int(self.seconds * SECOND), 1)
        )

    def StopContainer(self, action) -> None:  # type: ignore[no-untyped-def]
        self.exit(action.id, 143)

    def RemoveContainer(self, action) -> None:  # type: ignore[no-untyped-def]
        assert self.runs[action.id].state is not State.RUNNING
        del self.runs[action.id]

    def StopSandbox(self, action) -> None:  # type: ignore[no-untyped-def]
        assert not any(each.state is State.RUNNING for each in self.runs.values())
        self.sandboxes = [replace(each, ready=False) for each in self.sandboxes]

    def RemoveSandbox(self, action) -> None:  # type: ignore[no-untyped-def]
        assert not any(each.state is State.RUNNING and each.sandbox == action.id for each in self.runs.values())
        self.sandboxes = [each for each in self.sandboxes if each.id != action.id]
        self.runs = {id: each for id, each in self.runs.items() if each.sandbox != action.id}

    def DeletePod(self, action) -> None:  # type: ignore[no-untyped-def]
        assert not self.sandboxes
        self.is_gone = True


Event = tuple[str, str, int]
EVENTS = st.tuples(st.sampled_from(["exit", "wait", "lose"]), st.sampled_from(NAMES), st.integers(0, 2))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2), st.sampled_from(["Always", "OnFailure", "Never"]), st.lists(EVENTS, max_size=12))
def test_a_pod_always_comes_to_rest_and_goes_completely(init: int, policy: str, events: list[Event]) -> None:
    world = World(make(init, policy))
    world.rest()
    for kind, name, code in events:
        if kind == "exit":
            for id, each in tuple(world.runs.items()):
                if each.name == name and each.state is State.RUNNING:
                    world.exit(id, code)
        elif kind == "wait":
            world.seconds += 100.0 * (code + 1)
        elif world.sandboxes:
            for id, each in tuple(world.runs.items()):
                if each.state is State.RUNNING:
                    world.exit(id, 255)
            world.sandboxes[-1] = replace(world.sandboxes[-1], ready=False)
        world.rest()
        if world.ending is None and policy == "Always":
            assert world.sandboxes[-1].ready
    world.pod["metadata"]["deletionTimestamp"] = "now"
    world.ending = world.ending or Ending(30.0, world.seconds)
    assert world.rest().is_over
    assert not world.runs
    assert not world.has_volumes


@given(st.integers(0, 2))
def test_nothing_runs_before_its_turn(init: int) -> None:
    world = World(make(init, "Always"))
    for _ in range(30):
        found = world.plan()
        if not found.actions:
            waiting = [each for each in world.runs.values() if each.name == "one" and each.state is State.RUNNING]
            if not waiting:
                break
            world.exit(waiting[0].id, 0)
            continue
        world.apply(found)
        world.seconds += 1
    assert world.started == [each.name for each in view.members(world.pod)]

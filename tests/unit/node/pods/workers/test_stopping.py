"""Ending a container."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.unit.node.pods.images.test_pulling import Heard
from tests.unit.node.pods.rig import container, pod
from wherry.kube.client.clock import FakeClock
from wherry.node.pods import view
from wherry.node.pods.agent import Agent, Parts
from wherry.node.pods.fake import Behaviour, FakeRuntime
from wherry.node.pods.life.model import StopContainer
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import ContainerSpec, Executed, SandboxSpec
from wherry.node.pods.voice import Voice
from wherry.node.pods.workers.stopping import stop
from wherry.node.pods.workers.tools import Tools


class Bench:
    def __init__(self, directory: Path) -> None:
        self.clock, self.heard = FakeClock(), Heard()
        self.runtime = FakeRuntime(self.clock)
        self.drained = asyncio.Event()
        self.drained.set()
        parts = Parts(machine=ImaginedMachine(), events=self.heard, drain=self.drain)
        agent = Agent(None, self.runtime, Options("n1", directory), self.clock, parts)  # type: ignore[arg-type]
        self.tools: Tools = agent._make_tools(None, None)  # type: ignore[arg-type]

    async def drain(self, found: Any) -> None:
        await self.drained.wait()

    async def stop(self, *, drain: bool = False, hook: bool = True, grace: float = 30.0, **lifecycle: Any) -> None:
        made = pod("web", container(lifecycle=lifecycle))
        sandbox = await self.runtime.start_sandbox(SandboxSpec("u", "default", "web", "web"))
        run = await self.runtime.create_container(sandbox.id, ContainerSpec("web", "demo:1"))
        await self.runtime.start_container(run)
        action = StopContainer(run, "web", grace, "Stopping container web", hook)
        await stop(self.tools, Voice(self.heard, made), next(view.members(made)), action, ip="10.0.0.1", drain=drain)

    def stops(self) -> list[tuple[str, ...]]:
        return [call for call in self.runtime.calls if call[0] in ("execute", "stop_container")]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_plain_stop(bench: Bench) -> None:
    await bench.stop()
    assert bench.stops() == [("stop_container", "web", "30", "")]
    assert bench.heard.events == [("Killing", "Normal")]


async def test_the_hook_first_and_not_twice(bench: Bench) -> None:
    hook = {"exec": {"command": ["bye"]}}
    await bench.stop(preStop=hook, stopSignal="SIGINT")
    assert bench.stops() == [("execute", "web", "bye"), ("stop_container", "web", "30", "SIGINT")]
    bench.runtime.calls.clear()
    await bench.stop(preStop=hook, hook=False)
    assert [call[0] for call in bench.stops()] == ["stop_container"]


async def test_a_hook_that_fails_changes_nothing(bench: Bench) -> None:
    bench.runtime.answer = lambda run, command: Executed(1, b"no")
    await bench.stop(preStop={"exec": {"command": ["bye"]}})
    assert ("FailedPreStopHook", "Warning") in bench.heard.events
    assert bench.stops()[-1] == ("stop_container", "web", "30", "")


async def test_hook_and_drain_go_side_by_side_and_cost_time(bench: Bench) -> None:
    bench.drained.clear()
    stopping = asyncio.create_task(bench.stop(drain=True, preStop={"sleep": {"seconds": 5}}))
    await bench.clock.advance(7)
    assert not bench.stops()
    bench.drained.set()
    await bench.clock.advance(0)
    await stopping
    assert bench.stops() == [("stop_container", "web", "23", "")]


async def test_two_seconds_are_left_whatever_happens(bench: Bench) -> None:
    bench.runtime.behave = lambda spec: Behaviour()
    stopping = asyncio.create_task(bench.stop(grace=3.0, preStop={"sleep": {"seconds": 100}}))
    await bench.clock.advance(4)
    await stopping
    assert bench.stops() == [("stop_container", "web", "2", "")]

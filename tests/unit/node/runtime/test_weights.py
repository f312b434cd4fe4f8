"""How pods share the processors."""

import asyncio
from dataclasses import replace
from pathlib import Path

from tests.unit.engine.containers.harness import wait_until
from tests.unit.node.runtime.world import FACTS, pod, world
from wherry.linux.errors import KernelError
from wherry.node.pods.options import Reserved
from wherry.node.pods.runtime import Limits
from wherry.node.runtime.weights import shares


def test_classes_get_what_their_pods_ask_for() -> None:
    pods = [
        pod("a", qos="Guaranteed", limits=Limits(cpu_shares=512)),
        pod("b", qos="Burstable", limits=Limits(cpu_shares=100)),
        pod("c", qos="Burstable", limits=Limits(cpu_shares=50)),
        pod("d"),
    ]
    found = {
        "kubepods": {"cpu": {"shares": 4096}},
        "kubepods/guaranteed": {"cpu": {"shares": 512}},
        "kubepods/burstable": {"cpu": {"shares": 150}},
        "kubepods/besteffort": {"cpu": {"shares": 2}},
    }
    assert shares(pods, FACTS) == found
    assert shares([], FACTS) == {}
    less = replace(FACTS, memory_bytes=8 << 30, reserved=Reserved(millicpu=500, memory_bytes=1 << 30))
    assert shares(pods, less) == {**found, "kubepods": {"cpu": {"shares": 3584}, "memory": {"limit": 7 << 30}}}


async def test_they_are_set_as_pods_come_and_go(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        await made.pods.start_sandbox(pod(qos="Burstable", limits=Limits(cpu_shares=100)))
        other = await made.pods.start_sandbox(pod("u2", qos="Burstable", limits=Limits(cpu_shares=50)))
        await settle()
        group = made.machine.groups["/wherry-12345678/kubepods/burstable"]
        await wait_until(lambda: group.calls[-1] == {"cpu": {"shares": 150}})
        assert made.machine.groups["/wherry-12345678/kubepods"].calls == [{"cpu": {"shares": 4096}}]
        await made.pods.remove_sandbox(other.id)
        await wait_until(lambda: group.calls[-1] == {"cpu": {"shares": 100}})
        count = len(group.calls)
        await made.pods.start_sandbox(pod("u3"))
        await settle()
        assert len(group.calls) == count, "nothing has changed there"


async def test_a_refusal_is_no_pods_trouble(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        made.machine.group("/wherry-12345678/kubepods").fail = KernelError(5, "write")  # type: ignore[attr-defined]
        sandbox = await made.pods.start_sandbox(pod())
        await settle()
        made.machine.group("/wherry-12345678/kubepods").fail = None  # type: ignore[attr-defined]
        await made.pods.start_sandbox(pod("u2"))
        await wait_until(lambda: made.machine.groups["/wherry-12345678/kubepods"].calls == [{"cpu": {"shares": 4096}}])
        assert sandbox.ready


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.002)

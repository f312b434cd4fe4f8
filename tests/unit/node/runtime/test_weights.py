"""How pods share the processors."""

import asyncio
from pathlib import Path

from tests.unit.node.runtime.world import pod, world
from wherry.linux.errors import KernelError
from wherry.node.pods.runtime import Limits
from wherry.node.runtime.weights import shares


def test_classes_get_what_their_pods_ask_for() -> None:
    pods = [
        pod("a", qos="Guaranteed", limits=Limits(cpu_shares=512)),
        pod("b", qos="Burstable", limits=Limits(cpu_shares=100)),
        pod("c", qos="Burstable", limits=Limits(cpu_shares=50)),
        pod("d"),
    ]
    assert shares(pods, 2) == {
        "kubepods": 2048,
        "kubepods/guaranteed": 512,
        "kubepods/burstable": 150,
        "kubepods/besteffort": 2,
    }
    assert shares([], 2) == {}


async def test_they_are_set_as_pods_come_and_go(tmp_path: Path) -> None:
    async with world(tmp_path) as made:
        await made.pods.start_sandbox(pod(qos="Burstable", limits=Limits(cpu_shares=100)))
        other = await made.pods.start_sandbox(pod("u2", qos="Burstable", limits=Limits(cpu_shares=50)))
        await settle()
        group = made.machine.groups["/wherry-12345678/kubepods/burstable"]
        assert group.calls[-1] == {"cpu": {"shares": 150}}
        assert made.machine.groups["/wherry-12345678/kubepods"].calls == [{"cpu": {"shares": 4096}}]
        await made.pods.remove_sandbox(other.id)
        await settle()
        assert group.calls[-1] == {"cpu": {"shares": 100}}
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
        await settle()
        assert sandbox.ready
        assert made.machine.groups["/wherry-12345678/kubepods"].calls == [{"cpu": {"shares": 4096}}]


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.002)

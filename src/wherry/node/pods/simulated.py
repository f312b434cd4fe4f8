"""Nodes that run nothing, thousands in one process: to see scheduling and control at scale (as kwok does).

Each is a whole agent, on a :class:`wherry.node.pods.fake.FakeRuntime`; what all can share they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wherry.kube.client.clock import Clock
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.node.pods.agent import Agent, Parts
from wherry.node.pods.fake import Addresses, FakeRuntime
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.options import Intervals, Options
from wherry.node.pods.probes.model import ContentProber
from wherry.node.pods.sources import Shares
from wherry.node.pods.voice import Silence
from wherry.node.pods.volumes.volumes import NoVolumes

SELDOM = Intervals(status=300.0, report=300.0, lease=160.0, usage=1e9)
"""A lease is renewed every 40 s: the node controller believes in a node for 50 s. Nothing is measured."""
_NODES_A_BYTE = 256


@dataclass(frozen=True, slots=True)
class Shared:
    """What simulated nodes have in common. ``client`` may write as any of them; ``shares`` is of all pods."""

    client: Client
    clock: Clock
    informers: Informers
    shares: Shares
    intervals: Intervals = SELDOM
    machine: ImaginedMachine = field(default_factory=ImaginedMachine)
    labels: Mapping[str, str] = field(default_factory=dict)


def simulated(shared: Shared, number: int, name: str = "") -> Agent:
    """The node of that number; it has to be run. Its name is ``node-NUMBER`` unless another is given."""
    node = name or f"node-{number}"
    second, third = number // _NODES_A_BYTE % _NODES_A_BYTE, number % _NODES_A_BYTE
    options = Options(
        node=node,
        directory=Path("/nonexistent"),
        addresses=(f"10.{200 + second % 50}.{third}.1",),
        labels={"type": "simulated", **shared.labels},
        intervals=shared.intervals,
    )
    runtime = FakeRuntime(shared.clock, Addresses(second, third))
    parts = Parts(
        informers=shared.informers,
        events=Silence(),
        machine=shared.machine,
        volumes=NoVolumes(),
        prober=ContentProber(),
        pods=shared.shares.of(node),
        has_services=False,
        runtime_version="fake://1",
    )
    return Agent(shared.client, runtime, options, shared.clock, parts)

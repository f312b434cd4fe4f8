"""Nodes that run nothing, thousands in one process: to see scheduling and control at scale (as kwok does).

Each is a whole agent, on a :class:`wherry.node.pods.fake.FakeRuntime`; what all can share they do.
"""

from asyncio import Semaphore
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

from wherry.kube.client.clock import Clock
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import Object
from wherry.node.pods import restoring
from wherry.node.pods.agent import Agent, Parts
from wherry.node.pods.composing.containers import FAKE, ROLE
from wherry.node.pods.fake import Addresses, Behaviour, FakeRuntime, behaviour
from wherry.node.pods.machine import nodes
from wherry.node.pods.machine.facts import ImaginedMachine
from wherry.node.pods.options import ImageCare, Intervals, Options
from wherry.node.pods.probes.model import ContentProber
from wherry.node.pods.references import Followers
from wherry.node.pods.runtime import ContainerSpec
from wherry.node.pods.sources import Shares
from wherry.node.pods.view import Role
from wherry.node.pods.voice import Silence
from wherry.node.pods.volumes.volumes import NoVolumes

SELDOM = Intervals(status=300.0, report=300.0, lease=160.0, usage=1e9)
"""A lease is renewed every 40 s: the node controller believes in a node for 50 s. Nothing is measured."""
TYPE = {"type": "simulated"}
"""The label of every simulated node (kwok's documentation has ``type: kwok`` on its own)."""
ANNOTATION = f"{FAKE}node"
"""Says of a node that it is simulated, and by whom (kwok's is ``kwok.x-k8s.io/node: fake``)."""
_UNBALANCED = {"node.kubernetes.io/exclude-from-external-load-balancers": ""}
"""Nothing comes in by it."""
_ZONE = "topology.kubernetes.io/zone"
_JOB = "batch.kubernetes.io/job-name"
_BYTE, _SUBNET = 256, 250
_GOLDEN = 0.618034
"""Multiples of it, less what is whole of them, are spread evenly however many there are."""
_SERVICES = range(96, 112)
"""Second bytes of the usual range of services, 10.96.0.0/12: no pod is to be there."""
_STATUSES_AT_ONCE = 48
"""Of all nodes: as many as share a commit of the API's. Others wait, and are not old when their turn comes."""
MOST_SUBNETS = (200 - len(_SERVICES)) * _BYTE


@dataclass(frozen=True, slots=True)
class Ways:
    """What the nodes are like, and how pods are on them. ``owner``: who simulates them; whoever takes them over is
    another. ``zones``: how many they are spread over; 0: none. ``start_seconds``: until a container runs;
    ``job_seconds``: how long one of a Job does, None: until it is stopped. A pod's own annotations count for more."""

    owner: str = "simulated"
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    pods: int = 110
    zones: int = 0
    start_seconds: float = 0.0
    job_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """What simulated nodes have in common. ``client`` may write as any of them; ``shares`` is of all pods,
    ``referred`` of what they refer to (None: each node follows that by itself)."""

    client: Client
    clock: Clock
    informers: Informers
    shares: Shares
    intervals: Intervals = SELDOM
    machine: ImaginedMachine = field(default_factory=ImaginedMachine)
    ways: Ways = Ways()
    referred: Followers | None = None
    turns: Semaphore = field(default_factory=lambda: Semaphore(_STATUSES_AT_ONCE))


def simulated(shared: Shared, number: int, name: str = "", pods: Iterable[Object] = ()) -> Agent:
    """The node of that number; it has to be run. Its name is ``node-NUMBER`` unless another is given. ``pods`` are
    there already, as the API has them: they go on."""
    options = _options(shared, number, name or f"node-{number}")
    addresses = subnet(number, shared.ways.pods)
    runtime = FakeRuntime(shared.clock, addresses, ids=_id, forgets=True)
    runtime.behave = lambda spec: _behaviour(spec, shared.ways)
    for pod in pods:
        found = restoring.found(pod, options, _id)
        if found is not None:
            runtime.find(found)
    parts = Parts(
        informers=shared.informers,
        events=Silence(),
        machine=shared.machine,
        volumes=NoVolumes(),
        prober=ContentProber(),
        pods=shared.shares.of(options.node),
        referred=shared.referred,
        has_services=False,
        runtime_version="fake://1",
        turns=shared.turns,
    )
    return Agent(shared.client, runtime, options, shared.clock, parts)


def described(shared: Shared, number: int, name: str) -> Object:
    """The node as it registers, without its status."""
    return nodes.new_node(_options(shared, number, name), shared.machine.hardware())


def owner_of(node: Object) -> str:
    """Who simulates it. Empty: it is not simulated."""
    return str((node["metadata"].get("annotations") or {}).get(ANNOTATION) or "")


def subnet(number: int, pods: int) -> Addresses:
    """Of the pods of a node: a /24 of 10.0.0.0/8, or as many as it has pods for."""
    second, third = divmod(number * -(-pods // _SUBNET), _BYTE)
    return Addresses(second if second < _SERVICES.start else second + len(_SERVICES), third)


def _options(shared: Shared, number: int, node: str) -> Options:
    ways = shared.ways
    zone = {_ZONE: f"zone-{number % ways.zones}"} if ways.zones else {}
    return Options(
        node=node,
        directory=Path("/nonexistent"),
        addresses=(f"10.{200 + number // 65536}.{number // _BYTE % _BYTE}.{number % _BYTE}",),
        max_pods=ways.pods,
        labels={**TYPE, **_UNBALANCED, **zone, **ways.labels},
        annotations={ANNOTATION: ways.owner},
        taints=ways.taints,
        port=0,  # it has no API: nobody is to look for one
        intervals=replace(shared.intervals, first=1.0 - number * _GOLDEN % 1.0),
        image_care=ImageCare(high=100),
    )


def _behaviour(spec: ContainerSpec, ways: Ways) -> Behaviour:
    """As the pod's annotations have it, and else as all do."""
    does = behaviour(spec)
    if spec.annotations.get(ROLE) != Role.REGULAR.name:
        return does
    if does.run_seconds is None and _JOB in spec.labels:
        does = replace(does, run_seconds=ways.job_seconds)
    return does if does.start_seconds else replace(does, start_seconds=ways.start_seconds)


def _id() -> str:
    """As long as a container's of containerd."""
    return uuid4().hex + uuid4().hex

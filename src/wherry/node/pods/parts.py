"""What an agent is made of."""

from asyncio import Semaphore
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import Object
from wherry.node.pods.machine.facts import Machine
from wherry.node.pods.probes.model import Prober
from wherry.node.pods.references import Followers
from wherry.node.pods.sources import PodSource
from wherry.node.pods.voice import Events
from wherry.node.pods.volumes.mounting import Mounter
from wherry.node.pods.volumes.volumes import Volumes
from wherry.node.pods.workers.tools import Drain, Ready

_STATUSES_AT_ONCE = 12
"""Less than a client has under way (:data:`wherry.kube.client.http.AT_ONCE`): what waits there cannot be changed any
more, and is old when its turn comes."""


async def no_drain(pod: Object) -> None:
    """Where nobody leads connections to pods."""


async def no_ready(pod: Object, addresses: Sequence[str]) -> None:
    """Where nothing is said of networks."""


def no_gone(pod: Object) -> None:
    """Where nobody keeps anything of pods."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What an agent uses; None: the real thing, its own. ``heart``: by whom the API hears of the node, its lease above
    all, when that is not to wait behind what it hears of pods; ``informers`` are shared with others in this process
    (and are entered by who made them); ``pods``: where it hears of pods; ``referred``: and of what they refer to;
    ``drain``, ``ready``: see :data:`Drain`, :data:`Ready`; ``gone``: is told when nothing is left of a pod;
    ``has_services``: whether containers get variables of services; ``runtime_version``: what the node says of its
    runtime; ``turns``: how many statuses are on their way at once."""

    heart: Client | None = None
    informers: Informers | None = None
    events: Events | None = None
    machine: Machine | None = None
    volumes: Volumes | None = None
    mounter: Mounter | None = None
    prober: Prober | None = None
    pods: PodSource | None = None
    referred: Followers | None = None
    drain: Drain = no_drain
    ready: Ready = no_ready
    gone: Callable[[Object], None] = no_gone
    has_services: bool = True
    runtime_version: str = ""
    turns: Semaphore = field(default_factory=lambda: Semaphore(_STATUSES_AT_ONCE))

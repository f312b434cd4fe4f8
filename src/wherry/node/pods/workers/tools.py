"""What workers work with: the same for all pods of a node."""

from asyncio import Semaphore
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass

from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import Quantity
from wherry.node.pods.composing.dns import Resolver
from wherry.node.pods.images.pulling import Pulls
from wherry.node.pods.options import Options
from wherry.node.pods.probes.watching import Probes
from wherry.node.pods.references import References
from wherry.node.pods.runtime import PodRuntime
from wherry.node.pods.voice import Events
from wherry.node.pods.volumes.volumes import Volumes

Drain = Callable[[Object], Awaitable[None]]
"""Returns when no new connections are led to the pod any more, or when there is no use in waiting longer."""
Ready = Callable[[Object, Sequence[str]], Awaitable[None]]
"""Returns when what the network says of the pod holds for these addresses of it: before its first packet."""


@dataclass(frozen=True, slots=True)
class Tools:
    """``services`` gives all that are known; ``allocatable`` what the node has for pods; ``memory_bytes`` what it has
    altogether. ``free`` gives what the node has left, not counting the pod of that uid. ``owners``: uids of pods by
    their sandboxes, for who hears of a sandbox. ``turns``: whoever writes a status waits for one, and then writes what
    there is to say by then."""

    client: Client
    runtime: PodRuntime
    clock: Clock
    events: Events
    options: Options
    volumes: Volumes
    references: References
    pulls: Pulls
    probes: Probes
    resolver: Callable[[], Resolver]
    services: Callable[[], Iterable[Object]]
    host_ips: Callable[[], Sequence[str]]
    allocatable: Callable[[], Mapping[str, Quantity]]
    memory_bytes: Callable[[], int]
    free: Callable[[str], Mapping[str, Quantity]]
    owners: MutableMapping[str, str]
    drain: Drain
    ready: Ready
    turns: Semaphore

"""The list of everything that answers paths of the API."""

from wherry.dockerapi.attach import AttachEndpoints
from wherry.dockerapi.build import BuildEndpoints
from wherry.dockerapi.containers import ContainerEndpoints
from wherry.dockerapi.diskusage import DiskUsageEndpoints
from wherry.dockerapi.events import EventEndpoints
from wherry.dockerapi.execs import ExecEndpoints
from wherry.dockerapi.files import FileEndpoints
from wherry.dockerapi.images import ImageEndpoints
from wherry.dockerapi.info import Info
from wherry.dockerapi.logs import LogEndpoints
from wherry.dockerapi.networks import NetworkEndpoints
from wherry.dockerapi.registries import RegistryEndpoints
from wherry.dockerapi.services import Services
from wherry.dockerapi.system import SystemEndpoints
from wherry.dockerapi.volumes import VolumeEndpoints
from wherry.dockerapi.websocket import WebSocketEndpoints


def resources(services: Services) -> list[object]:
    """Every resource's endpoints over an engine."""
    containers = services.containers
    return [
        SystemEndpoints(
            Info(services.instance, containers, services.images, services.events, services.registries.endpoints)
        ),
        EventEndpoints(services.events),
        ContainerEndpoints(containers),
        AttachEndpoints(containers),
        WebSocketEndpoints(containers),
        LogEndpoints(containers),
        ExecEndpoints(containers),
        FileEndpoints(containers),
        ImageEndpoints(services.images, services.registries, containers),
        RegistryEndpoints(services.registries, services.images),
        VolumeEndpoints(services.volumes),
        NetworkEndpoints(services.networks, services.containers),
        DiskUsageEndpoints(services),
        BuildEndpoints(services.builds),
    ]

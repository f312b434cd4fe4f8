"""The name server of one node: what somebody runs."""

import asyncio
import logging
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.dns.config import upstreams
from wherry.node.dns.exchange import PORT
from wherry.node.dns.exchange import Server as Upstream
from wherry.node.dns.facts import InformedFacts
from wherry.node.dns.forward import Forwarder
from wherry.node.dns.resolver import Resolver
from wherry.node.dns.server import Server
from wherry.node.dns.zone import Network, Zone

_log = logging.getLogger(__name__)
NODE_PORT = 10053
"""Where it listens at the bridge's address: port 53 there is the engine's, for names of containers."""
CONFIG_NAMESPACE, CONFIG_NAME = "kube-system", "kube-dns"
_CONFIG_MAPS = GroupVersionResource("", "v1", "configmaps")
_LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """``listen``: where (of one address family or of both). ``cluster_addresses``: by what addresses pods know it.
    ``networks``: of services and pods, whose reverse names are asked of nobody else."""

    listen: Sequence[str]
    port: int = NODE_PORT
    domain: str = "cluster.local"
    cluster_addresses: Sequence[str] = ()
    networks: Sequence[Network] = ()
    resolv_conf: Path = field(default=Path("/etc/resolv.conf"))


class Dns:
    """Answers while :meth:`run` runs, from the moment that it listens; questions about the cluster wait until what is
    known is all of it."""

    def __init__(self, informers: Informers, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._facts = InformedFacts(informers)
        self._config = informers.of(_CONFIG_MAPS, CONFIG_NAMESPACE, fields=f"metadata.name={CONFIG_NAME}")
        self._synced = asyncio.Event()
        self._forwarder = Forwarder(clock)
        zone = Zone(
            self._facts, settings.domain, settings.cluster_addresses, settings.networks, random.SystemRandom().shuffle
        )
        self._resolver = Resolver(zone, self._forwarder, self._synced)
        self._own = {Upstream(each, settings.port) for each in settings.listen}
        self._own |= {Upstream(each, PORT) for each in settings.cluster_addresses}
        self._seen: tuple[str, str] | None = None
        self.port = 0
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Raises Conflict or Unavailable when it cannot listen."""
        server = Server(self._resolver)
        off = self._config.add_handler(lambda old, new: self._configure())
        try:
            self._configure()
            self.port = self._settings.port
            for address in self._settings.listen:
                self.port = await server.start(address, self.port)
            self.listening.set()
            for each in self._facts.informers:
                await each.synced.wait()
            self._synced.set()
            while True:
                await self._clock.sleep(_LOOK_SECONDS)
                self._configure()
        finally:
            off()
            self.listening.clear()
            await server.close()
            await self._forwarder.close()

    def _configure(self) -> None:
        """Read again who is asked, when that has changed. What cannot be understood leaves it as it was."""
        config = self._config.cache.get(CONFIG_NAME, CONFIG_NAMESPACE)
        seen = (_stamp(self._settings.resolv_conf), _version(config))
        if seen == self._seen:
            return
        self._seen = seen
        try:
            found = upstreams(_read(self._settings.resolv_conf), config, self._own)
        except WherryError as error:
            _log.error("%s", error)
            return
        self._forwarder.upstreams = found
        if not found.servers:
            _log.warning("names that are not the cluster's have nobody to ask: %s", self._settings.resolv_conf)


def _version(config: Object | None) -> str:
    return str(config["metadata"].get("resourceVersion", "")) if config else ""


def _stamp(path: Path) -> str:
    """Changes when the file does."""
    try:
        found = os.stat(path)
    except OSError:
        return ""
    return f"{found.st_mtime_ns} {found.st_ino} {found.st_size}"


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""

"""Volumes on the disks of nodes that have none: they are told of, and nothing is kept in them."""

from collections.abc import Callable
from pathlib import Path

from wherry.kube.client.clock import Clock
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.controllers.frame import Controller
from wherry.node.pods.voice import Silence
from wherry.node.storage.localpath import LocalPath, Needs

_WORKERS = 8
_ROOT = Path("/nonexistent")


class NoDisks:
    """A :class:`wherry.node.storage.localpath.Place`. ``is_ours`` says by its name whether a node is simulated here."""

    def __init__(self, is_ours: Callable[[str], bool]) -> None:
        self._is_ours = is_ours

    def has(self, node: str) -> bool:
        return self._is_ours(node)

    def make(self, name: str) -> Path:
        """Where it would be: nothing is there, and should a real node ever be told to use it, nothing comes to be."""
        return _ROOT / name

    async def remove(self, path: Path) -> None:
        """There is nothing."""


def provider(client: Client, clock: Clock, informers: Informers, is_ours: Callable[[str], bool]) -> Controller:
    """Gives claims for simulated nodes their volumes, and lets those go that are released. Somebody runs it."""
    return Controller(LocalPath(Needs(client, informers, Silence()), NoDisks(is_ours)), clock, _WORKERS)

"""Pods on an imagined machine: the engine's containers with its runtime in memory, images and registries of paper."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tests.unit.engine.containers.harness import Daemon, FakeImages, Machine
from wherry.engine.distribution.model import ANONYMOUS
from wherry.engine.distribution.model import Credentials as EngineCredentials
from wherry.engine.images import InUse
from wherry.engine.images.model import Image
from wherry.kit.errors import NotFound
from wherry.node.pods.runtime import ContainerSpec, SandboxSpec
from wherry.node.runtime import EngineRuntime
from wherry.node.runtime.images import Care
from wherry.node.runtime.pulled import Pulled
from wherry.node.runtime.requests import Machine as Facts
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference

IMAGE_ID = "sha256:" + "1" * 64
FACTS = Facts(
    read=lambda path: f"text of {path}\n", is_shared=lambda path: False, least_oom_score_adj=-500, processors=4
)


class PaperImages(FakeImages):
    """Images whose names are looked up as the engine's are."""

    def get(self, name: str) -> Image:
        for one in self.images.values():
            names = {str(Reference.parse(text)) for text in (*one.repo_tags, *one.repo_digests)}
            if name == one.id or name in names:
                return one
        return super().get(name)

    def held(self, image: str) -> Image:
        try:
            return self.images[image]
        except KeyError as error:
            raise NotFound(image) from error

    def list(self) -> Sequence[Image]:
        return list(self.images.values())

    def remove(self, name: str, force: bool, prune: bool, in_use: InUse) -> None:
        """A name; and with its last tag the image."""
        found = self.get(name)
        left = tuple(each for each in found.repo_tags if each != name)
        self.images.pop(found.id)
        if left:
            self.images[found.id] = replace(found, repo_tags=left)


class PaperRegistries:
    """``has``: reference → image, or what is raised; ``asked`` is who asked for what."""

    def __init__(self, images: PaperImages) -> None:
        self.has: dict[str, Image | Exception] = {}
        self.asked: list[tuple[str, EngineCredentials]] = []
        self._images = images

    async def fetch(
        self, reference: Reference, platform: Platform | None = None, credentials: EngineCredentials = ANONYMOUS
    ) -> Image:
        self.asked.append((str(reference), credentials))
        found = self.has.get(f"{credentials.username}@{reference}", self.has.get(str(reference), NotFound("none")))
        if isinstance(found, Exception):
            raise found
        self._images.images[found.id] = found
        return found


class World:
    def __init__(self, root: Path) -> None:
        self.machine = Machine(root)
        self.images = self.machine.images = PaperImages(*self.machine.images.images.values())
        self.registries = PaperRegistries(self.images)

    async def up(self) -> "World":
        self.daemon = await self.machine.up()
        self.pods = self.runtime(self.daemon)
        return self

    def runtime(self, daemon: Daemon) -> EngineRuntime:
        care = Care(Pulled(daemon.database), daemon.containers.image_users)
        return EngineRuntime(daemon.containers.pods, self.images, self.registries, daemon.events, FACTS, care)

    async def next_life(self) -> None:
        """The daemon was killed, and another one has started."""
        await self.machine.crash()
        self.daemon.database.close()
        await self.up()

    async def close(self) -> None:
        await self.pods.close()
        await self.daemon.close()
        self.machine.tasks.reboot()


@asynccontextmanager
async def world(root: Path) -> AsyncIterator[World]:
    made = await World(root).up()
    try:
        yield made
    finally:
        await made.close()


def pod(uid: str = "u1", **fields: Any) -> SandboxSpec:
    return SandboxSpec(uid=uid, **{"namespace": "ns", "name": f"pod-{uid}", "hostname": f"host-{uid}", **fields})


def container(*command: str, **fields: Any) -> ContainerSpec:
    return ContainerSpec(**{"name": "main", "image": IMAGE_ID, "command": command or None, **fields})

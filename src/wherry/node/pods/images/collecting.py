"""Room on the disk: images that were brought here for pods, and that none uses any more, go again
(pkg/kubelet/images/image_gc_manager.go)."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.machine import nodes
from wherry.node.pods.machine.facts import Machine
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import ImageStatus, PodRuntime
from wherry.node.pods.voice import Events

EVERY_SECONDS = 300.0
"""Between two looks (ImageGCPeriod)."""
_EVERYTHING = 1 << 63
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """Of an image: when it was seen first, and when it was seen in use last (monotonic seconds; -1: never)."""

    seen: float
    used: float = -1.0


@dataclass(frozen=True, slots=True)
class Needs:
    """``pods`` gives all that are here."""

    runtime: PodRuntime
    clock: Clock
    events: Events
    options: Options
    machine: Machine
    pods: Callable[[], Iterable[Object]]


class Collector:
    """Somebody runs it. What it remembers can be lost: an image that was here at the start is old enough."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._records: dict[str, Record] | None = None

    async def run(self) -> None:
        """Until cancelled, unless it is never to do anything."""
        if self._needs.options.image_care.high >= 100:
            return
        self._note()
        while True:
            await self._needs.clock.sleep(EVERY_SECONDS)
            try:
                await self.look()
            except OSError as error:
                logger.warning("the room for images cannot be measured: %s", error)

    async def look(self) -> None:
        """Make room if the disk is so full. Says so if there is not enough to be had."""
        self._note()
        measures, care = self._needs.machine.measure(), self._needs.options.image_care
        wanted = wanted_bytes(measures.storage_bytes, measures.storage_available_bytes, care.high, care.low)
        if not wanted:
            return
        freed = await self.free(wanted)
        if freed < wanted and any(each.is_collectable for each in self._needs.runtime.images()):
            said = f"Failed to garbage collect required amount of images. Attempted to free {wanted} bytes, but only "
            said += f"found {freed} bytes eligible to free."
            about = nodes.about(self._needs.options.node)
            self._needs.events.event(about, "FreeDiskSpaceFailed", said, type="Warning")

    async def free(self, wanted: int = _EVERYTHING) -> int:
        """Remove images until about that many bytes are free, or there are no more; how many that were."""
        records, freed = self._note(), 0
        images = {each.id: each for each in self._needs.runtime.images() if each.is_collectable}
        age = self._needs.options.image_care.minimum_age_seconds
        for id in order(records, self._used(), self._needs.clock.monotonic() - age):
            if freed >= wanted:
                break
            if id in images and await self._remove(images[id]):
                records.pop(id, None)
                freed += images[id].size_bytes
        return freed

    def _used(self) -> set[str]:
        return in_use(self._needs.runtime, self._needs.pods())

    async def _remove(self, image: ImageStatus) -> bool:
        try:
            await self._needs.runtime.remove_image(image.id)
        except WherryError as error:  # somebody else uses it
            logger.info("image %s stays: %s", image.reference, error)
            return False
        logger.info("removed image %s, which no pod uses, for room", image.reference)
        return True

    def _note(self) -> dict[str, Record]:
        now, used = self._needs.clock.monotonic(), self._used()
        known = self._records
        first = now if known is not None else now - self._needs.options.image_care.minimum_age_seconds
        self._records = {
            id: Record(before.seen, now if id in used else before.used)
            for id in (each.id for each in self._needs.runtime.images())
            for before in ((known or {}).get(id, Record(first)),)
        }
        return self._records


def wanted_bytes(whole: int, left: int, high: int, low: int) -> int:
    """How much there is to be freed; 0: nothing, unless the disk is ``high`` per cent full. Pure."""
    if whole <= 0 or high >= 100 or 100 - left * 100 // whole < high:
        return 0
    return max(whole * (100 - low) // 100 - left, 0)


def order(records: Mapping[str, Record], used: Iterable[str], born_before: float) -> list[str]:
    """Ids of the images that may go: the least recently used first, of those the oldest. Pure."""
    busy = set(used)
    free = [(found.used, found.seen, id) for id, found in records.items() if id not in busy]
    return [id for _, seen, id in sorted(free) if seen <= born_before]


def in_use(runtime: PodRuntime, pods: Iterable[Object]) -> set[str]:
    """Ids of images that pods here have containers of; and that those which have not ended are made of."""
    found = {each.image for each in runtime.containers()}
    for pod in pods:
        if view.is_finished(pod):
            continue
        for name in _names(pod):
            try:
                image = runtime.image(name)
            except WherryError:  # it is no name
                continue
            if image is not None:
                found.add(image.id)
    return found


def _names(pod: Object) -> Iterator[str]:
    yield from (str(member.container.get("image") or "") for member in view.members(pod))
    for volume in pod["spec"].get("volumes") or ():
        if volume.get("image"):
            yield str(volume["image"].get("reference") or "")

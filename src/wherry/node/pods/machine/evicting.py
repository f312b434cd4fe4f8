"""Measuring the node and what its pods take, and ending pods for it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse
from wherry.node.pods import view
from wherry.node.pods.composing import resources
from wherry.node.pods.life.model import Ending
from wherry.node.pods.machine import measuring, nodes, ranking, thresholds
from wherry.node.pods.machine.facts import Machine, Measures
from wherry.node.pods.machine.ranking import Use
from wherry.node.pods.machine.signals import DISK
from wherry.node.pods.machine.thresholds import Found, Threshold
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import Container, PodRuntime, Sandbox, State
from wherry.node.pods.voice import Events, Voice
from wherry.node.pods.volumes import messages
from wherry.node.pods.volumes.payloads import used

logger = logging.getLogger(__name__)
_EVICTED, _DISRUPTION = "Evicted", "TerminationByKubelet"
_WALK_EVERY = 6
"""Measurements between two looks at how large volumes are: a minute."""
_IMMEDIATELY = 1.0
_WAIT_SECONDS = 30.0
"""For a pod that ends, before the next has to go (podCleanupTimeout)."""
_ON_DISK = {"ephemeral-storage": "bytes", "inodes": "inodes"}


class Tenant(Protocol):
    """A pod that is here: a worker."""

    @property
    def pod(self) -> Object: ...

    @property
    def sandboxes(self) -> Sequence[Sandbox]: ...

    @property
    def is_ending(self) -> bool: ...

    def end(self, found: Ending) -> None: ...


@dataclass(frozen=True, slots=True)
class Needs:
    """``tenants`` gives all pods that are here; ``changed`` is told when a pressure came or went; ``looked`` at every
    measurement; ``reclaim`` makes room on the disk, if there is some to be had without ending pods."""

    runtime: PodRuntime
    clock: Clock
    events: Events
    options: Options
    machine: Machine
    tenants: Callable[[], Sequence[Tenant]]
    changed: Callable[[], None]
    looked: Callable[[], None] = lambda: None
    reclaim: Callable[[], Awaitable[object]] | None = None


class Evictor:
    """Somebody runs it."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._thresholds = thresholds.all_of(needs.options.thresholds)
        self._found = Found()
        self._seen: dict[str, float] = {}
        self._pressures: dict[str, str] = {}
        self._waiting_since: float | None = None
        """For what somebody who ends gives back."""
        self._round = 0

    @property
    def pressures(self) -> Mapping[str, str]:
        """Conditions that are shown, and their signals. One that is over is shown for a while yet, so that the
        scheduler does not send at once what would bring it back."""
        return self._pressures

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._needs.clock.sleep(self._needs.options.intervals.usage)
            try:
                await self.look()
            except OSError as error:
                logger.warning("the node cannot be measured: %s", error)

    async def look(self) -> None:
        """Once."""
        needs, self._round = self._needs, self._round + 1
        needs.looked()
        measures = self._measure()
        if needs.reclaim is not None and any(each.condition == DISK for each in self._found.due):
            await needs.reclaim()
            measures = self._measure()
        self._note(self._found.pressures)
        await asyncio.to_thread(messages.cut, needs.options.directory / "messages")
        if self._found.due and not self._is_waiting():
            await self._relieve(self._found.due[0], measures)
        if self._round % _WALK_EVERY == 0:
            await self._check_sizes()

    def _measure(self) -> Measures:
        measures, now = self._needs.machine.measure(), self._needs.clock.monotonic()
        self._found = thresholds.look(self._thresholds, measures, self._found, now)
        return measures

    def _is_waiting(self) -> bool:
        """For a pod that ends, and gives back what it has; but not for one that takes its time."""
        now = self._needs.clock.monotonic()
        if not any(each.is_ending and _running(self._needs.runtime, each) for each in self._needs.tenants()):
            self._waiting_since = None
            return False
        if self._waiting_since is None:
            self._waiting_since = now
        return now - self._waiting_since < _WAIT_SECONDS

    def _note(self, short: Mapping[str, str]) -> None:
        now, minimum = self._needs.clock.monotonic(), self._needs.options.thresholds.minimum_seconds
        for kind in short:
            self._seen[kind] = now
        shown = {kind: self._pressures.get(kind, "") for kind, when in self._seen.items() if now - when < minimum}
        shown.update(short)
        if shown.keys() != self._pressures.keys():
            self._pressures = shown
            self._needs.changed()
        self._pressures = shown

    async def _relieve(self, threshold: Threshold, measures: Measures) -> None:
        """One pod at a time: what it gives back is measured before the next goes."""
        resource, needs = threshold.resource, self._needs
        about = nodes.about(needs.options.node)
        needs.events.event(about, "EvictionThresholdMet", f"Attempting to reclaim {resource}", type="Warning")
        candidates = [each for each in needs.tenants() if not each.is_ending and not view.is_finished(each.pod)]
        uses = [await self._use(each, resource) for each in candidates]
        found = ranking.victim(uses, resource)
        if found is None:
            return
        said = ranking.message(threshold, found, measures)
        grace = _IMMEDIATELY if threshold.is_hard else self._grace_seconds(found.pod)
        self._evict(next(each for each in candidates if each.pod is found.pod), said, grace)
        self._waiting_since = needs.clock.monotonic()

    def _grace_seconds(self, pod: Object) -> float:
        """For one that goes before it is urgent."""
        return max(min(self._needs.options.thresholds.most_grace_seconds, view.grace_seconds(pod)), _IMMEDIATELY)

    def _evict(self, tenant: Tenant, said: str, grace_seconds: float = _IMMEDIATELY) -> None:
        Voice(self._needs.events, tenant.pod).warn(_EVICTED, said)
        now = self._needs.clock.monotonic()
        tenant.end(Ending(grace_seconds, now, _EVICTED, said, _DISRUPTION))

    async def _use(self, tenant: Tenant, resource: str) -> Use:
        found: dict[str, int] = {}
        for run in _running(self._needs.runtime, tenant):
            usage = self._needs.runtime.usage(run.id)
            if resource == "memory" and usage is not None:
                found[run.name] = usage.memory_bytes
            elif resource == "pids" and usage is not None:
                found[run.name] = usage.pids
            elif resource in _ON_DISK:
                taken = await asyncio.to_thread(measuring.written, run)
                found[run.name] = getattr(taken, _ON_DISK[resource])
        rest = 0
        if resource in _ON_DISK:
            rest = sum(getattr(each, _ON_DISK[resource]) for each in (await self._volumes(tenant)).values())
        return Use(tenant.pod, found, rest)

    async def _volumes(self, tenant: Tenant) -> dict[str, measuring.Taken]:
        """Of its empty directories on the disk."""
        directory = self._needs.options.directory / view.uid(tenant.pod) / "volumes"
        names = [each["name"] for each in used(tenant.pod) if _is_on_disk(each)]
        return {name: await asyncio.to_thread(measuring.tree, directory / name) for name in names}

    async def _check_sizes(self) -> None:
        """emptyDirs with a sizeLimit, and what containers may take of the disk altogether."""
        for tenant in self._needs.tenants():
            if tenant.is_ending or not _has_limits(tenant.pod):
                continue
            sizes = {name: taken.bytes for name, taken in (await self._volumes(tenant)).items()}
            said = _over_volume(tenant.pod, sizes)
            if not said and any(_storage_limit(each) for each in tenant.pod["spec"].get("containers") or ()):
                said = over_limits(await self._use(tenant, "ephemeral-storage"))
            if said:
                self._evict(tenant, said)


def _running(runtime: PodRuntime, tenant: Tenant) -> list[Container]:
    runs = [run for sandbox in tenant.sandboxes for run in runtime.containers(sandbox.id)]
    return [run for run in runs if run.state is State.RUNNING]


def _is_on_disk(volume: Object) -> bool:
    return volume.get("emptyDir") is not None and not volume["emptyDir"].get("medium")


def _storage_limit(container: Object) -> int:
    return resources.amount(container.get("resources"), "limits", "ephemeral-storage").value


def _has_limits(pod: Object) -> bool:
    sized = any(_is_on_disk(each) and each["emptyDir"].get("sizeLimit") for each in used(pod))
    return sized or any(_storage_limit(each) for each in pod["spec"].get("containers") or ())


def over_limits(use: Use) -> str:
    """Of what it may take of the disk: all its containers together, or one of them (localStorageEviction,
    pkg/kubelet/eviction/eviction_manager.go). Empty: it has not. Pure."""
    containers = use.pod["spec"].get("containers") or ()
    limits = {each["name"]: _storage_limit(each) for each in containers}
    if all(limits.values()) and use.whole > sum(limits.values()):
        shown = ranking.in_bytes(sum(limits.values()))
        return f"Pod ephemeral local storage usage exceeds the total limit of containers {shown}. "
    for each in containers:
        limit = limits[each["name"]]
        if limit and use.containers.get(each["name"], 0) > limit:
            shown = resources.amount(each.get("resources"), "limits", "ephemeral-storage")
            return f'Container {each["name"]} exceeded its local ephemeral storage limit "{shown}". '
    return ""


def _over_volume(pod: Object, sizes: Mapping[str, int]) -> str:
    for volume in used(pod):
        limit = (volume.get("emptyDir") or {}).get("sizeLimit")
        if limit and sizes.get(volume["name"], 0) > parse(limit).value:
            return f'Usage of EmptyDir volume "{volume["name"]}" exceeds the limit "{limit}". '
    return ""

"""All volumes of a pod together."""

import asyncio
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wherry.kit.errors import Invalid, Unavailable, WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.quantity import parse
from wherry.node.pods import view
from wherry.node.pods.composing.fields import Surroundings
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.composing.resources import pod_limits
from wherry.node.pods.references import Reference, References
from wherry.node.pods.runtime import ImageStatus
from wherry.node.pods.volumes import atomic, hostpaths, messages, payloads
from wherry.node.pods.volumes.mounting import Mounter
from wherry.node.pods.volumes.persisting import PersistentVolumes
from wherry.node.pods.volumes.podcertificates import PodCertificates
from wherry.node.pods.volumes.tokens import Tokens
from wherry.node.pods.volumes.trouble import VolumeError
from wherry.node.pods.volumes.trustbundles import TrustBundles

EnsureImage = Callable[[Object, str, str], Awaitable[ImageStatus]]
"""Pod, reference and pull policy → the image, pulled if need be."""
_EMPTY_MODE = 0o777
_NO_GIT = "git-repo volume plugin has been disabled; clone in an init container into an emptyDir instead"
"""pkg/volume/git_repo, since 1.33: what a repository has in it ran as root on the node (CVE-2024-10220)."""


class Volumes(Protocol):
    """What a pod's worker asks for its volumes."""

    async def set_up(self, pod: Object, around: Surroundings) -> dict[str, Ready]:
        """All that its containers mount, up to date. Idempotent. Raises VolumeError."""

    def due_seconds(self, uid: str) -> float | None:
        """When it has to be set up again though nothing has changed."""

    async def tear_down(self, uid: str) -> None:
        """All that is left of the pod's volumes. Idempotent. Raises Unavailable."""

    def is_clean(self, uid: str) -> bool:
        """Nothing is left."""

    def message_file(self, uid: str, container: str, attempt: int) -> str:
        """An empty file for last words."""

    def left_behind(self, known: Iterable[str]) -> set[str]:
        """Uids of pods that something is left of, and that are not among ``known``."""


class NoVolumes:
    """For simulated nodes: every volume is there, and none takes anything."""

    async def set_up(self, pod: Object, around: Surroundings) -> dict[str, Ready]:
        return {volume["name"]: Ready("/nowhere") for volume in payloads.used(pod)}

    def due_seconds(self, uid: str) -> float | None:
        return None

    async def tear_down(self, uid: str) -> None:
        """There is nothing."""

    def is_clean(self, uid: str) -> bool:
        return True

    def message_file(self, uid: str, container: str, attempt: int) -> str:
        return ""

    def left_behind(self, known: Iterable[str]) -> set[str]:
        return set()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where volumes come from besides the disk. ``node``: the name of this one; ``labels`` gives its labels."""

    client: Client
    clock: Clock
    references: References
    ensure_image: EnsureImage
    node: str
    labels: Callable[[], Mapping[str, str]]


class DiskVolumes:
    """The real ones; see the package for what is where."""

    def __init__(self, directory: Path, sources: Sources, mounter: Mounter) -> None:
        self._directory = directory
        self._sources = sources
        self._mounter = mounter
        self._tokens = Tokens(sources.client, sources.clock)
        self._bundles = TrustBundles(sources.client, sources.clock)
        self._certificates = PodCertificates(sources.client, sources.clock, sources.node)
        self._persistent = PersistentVolumes(sources.client, sources.node, sources.labels)

    def prepare(self) -> None:
        """Once, before anything else: the file systems in memory that all pods share. Raises OSError."""
        self._directory.mkdir(0o711, parents=True, exist_ok=True)
        for name, size in (("memory", None), ("messages", messages.ROOM_BYTES)):
            path = self._directory / name
            path.mkdir(0o700, exist_ok=True)
            self._mounter.mount_memory(path, size, 0o700)

    def close(self) -> None:
        """When no pod is left here, and none will come."""
        self._mounter.unmount_below(self._directory)

    async def set_up(self, pod: Object, around: Surroundings) -> dict[str, Ready]:
        uid = view.uid(pod)
        tokens = {need: await self._token(pod, need) for need in payloads.tokens(pod)}
        bundles = {need: await self._bundle(pod, need) for need in payloads.bundles(pod)}
        certificates = {
            need: await self._certificate(pod, volume["name"], need)
            for volume in payloads.used(pod) for need in payloads.certificates(volume)
        }  # fmt: skip
        contents = payloads.Contents(
            self._find(pod), around, tokens.__getitem__, bundles.__getitem__, certificates.__getitem__
        )
        made: list[tuple[Path, dict[str, atomic.File]]] = []
        found: dict[str, Ready] = {}
        for volume in payloads.used(pod):
            try:
                if payloads.source_kind(volume) in payloads.KINDS:
                    path = self._memory(uid) / volume["name"]
                    made.append((path, payloads.files(pod, volume, contents)))
                    found[volume["name"]] = Ready(str(path), read_only=True)
                else:
                    found[volume["name"]] = await self._set_up(pod, volume)
            except VolumeError:
                raise
            except (WherryError, OSError) as error:
                raise VolumeError(volume["name"], error) from error
        await asyncio.to_thread(self._write, pod, made)
        return found

    async def _token(self, pod: Object, need: payloads.TokenNeed) -> str:
        try:
            return await self._tokens.fetch(pod, need)
        except (WherryError, OSError) as error:
            raise VolumeError(_holder(pod, need), f"failed to fetch token: {error}") from error

    async def _bundle(self, pod: Object, need: payloads.BundleNeed) -> bytes:
        try:
            return await self._bundles.fetch(pod, need)
        except (WherryError, OSError) as error:
            holders = (each for each in payloads.used(pod) if need in payloads.bundles_of(each))
            raise VolumeError(next((each["name"] for each in holders), ""), error) from error

    async def _certificate(self, pod: Object, volume: str, need: payloads.CertificateNeed) -> payloads.Credential:
        try:
            return await self._certificates.fetch(pod, need)
        except (WherryError, OSError) as error:
            raise VolumeError(volume, error) from error

    def _find(self, pod: Object) -> Callable[[str, str], Object | None]:
        namespace = pod["metadata"]["namespace"]
        return lambda kind, name: self._sources.references.find(Reference(kind, namespace, name))

    def _write(self, pod: Object, made: Iterable[tuple[Path, dict[str, atomic.File]]]) -> None:
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        for path, files in made:
            path.parent.mkdir(0o700, parents=True, exist_ok=True)
            mode = 0o755 if group is None else 0o2755
            try:
                path.mkdir(mode, exist_ok=True)
                if group is not None:
                    os.chown(path, 0, group)
                    path.chmod(mode)  # after chown, which clears setgid
                atomic.write(path, files, self._sources.clock.now(), mode)
            except (WherryError, OSError) as error:
                raise VolumeError(path.name, error) from error

    async def _set_up(self, pod: Object, volume: Object) -> Ready:
        kind = payloads.source_kind(volume)
        if kind == "emptyDir":
            return await asyncio.to_thread(self._empty, pod, volume)
        if kind == "hostPath":
            source = volume["hostPath"]
            await asyncio.to_thread(hostpaths.provide, Path(source["path"]), source.get("type") or "")
            return Ready(source["path"])
        if kind in ("persistentVolumeClaim", "ephemeral"):
            return await self._persistent.set_up(pod, volume)
        if kind == "csi":
            raise await self._persistent.refuse_inline(volume)
        if kind == "image":
            source = volume["image"]
            image = await self._sources.ensure_image(
                pod, source.get("reference") or "", source.get("pullPolicy") or "IfNotPresent"
            )
            return Ready("", read_only=True, image=image.id)
        if kind == "gitRepo":
            raise Invalid(_NO_GIT)
        raise Invalid(f"volumes of type {kind} are not supported on this node")

    def _empty(self, pod: Object, volume: Object) -> Ready:
        source = volume.get("emptyDir") or {}
        mode = int(source["mode"]) if source.get("mode") is not None else _EMPTY_MODE
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        path = self._own(view.uid(pod)) / "volumes" / volume["name"]
        is_new = not path.is_dir()
        if is_new:
            path.mkdir(0o700, parents=True)
        medium = source.get("medium") or ""
        if medium == "Memory":
            self._mounter.mount_memory(path, _memory_size(pod, source), mode)
        elif medium:
            raise Invalid(f"emptyDir medium {medium} is not supported on this node")
        if is_new or medium:
            if group is not None and path.stat().st_gid != group:
                os.chown(path, 0, group)
            path.chmod(mode if group is None else mode | 0o2000)  # not what the umask makes of it
        return Ready(str(path))

    def due_seconds(self, uid: str) -> float | None:
        kept = (self._tokens, self._bundles, self._certificates)
        return min((due for each in kept if (due := each.due_seconds(uid)) is not None), default=None)

    async def tear_down(self, uid: str) -> None:
        self._tokens.forget(uid)
        self._bundles.forget(uid)
        self._certificates.forget(uid)
        try:
            await asyncio.to_thread(self._remove, uid)
        except OSError as error:
            raise Unavailable(f"volumes of pod {uid}: {error}") from error
        self._persistent.release(uid)

    def _remove(self, uid: str) -> None:
        """What is mounted goes first: to delete through a mount would delete what belongs to others."""
        for path in self._places(uid):
            if path.is_symlink():
                path.unlink()
            elif path.exists():
                self._mounter.unmount_below(path)
                shutil.rmtree(path)

    def is_clean(self, uid: str) -> bool:
        return not any(os.path.lexists(path) for path in self._places(uid))

    def message_file(self, uid: str, container: str, attempt: int) -> str:
        return str(messages.make(self._directory / "messages" / uid, container, attempt))

    def _own(self, uid: str) -> Path:
        return self._directory / uid

    def _memory(self, uid: str) -> Path:
        return self._directory / "memory" / uid

    def _places(self, uid: str) -> tuple[Path, ...]:
        return self._memory(uid), self._directory / "messages" / uid, self._own(uid)

    def left_behind(self, known: Iterable[str]) -> set[str]:
        shared = {"memory", "messages"}
        found = {path.name for path in self._directory.iterdir() if path.name not in shared}
        for name in shared:
            found |= {path.name for path in (self._directory / name).iterdir()}
        return found - set(known)


def _holder(pod: Object, need: payloads.TokenNeed) -> str:
    """The volume that a token is for."""
    for volume in payloads.used(pod):
        for part in (volume.get("projected") or {}).get("sources") or ():
            source = part.get("serviceAccountToken")
            if source is not None and payloads.token_need(source) == need:
                return str(volume["name"])
    return "token"


def _memory_size(pod: Object, source: Object) -> int | None:
    """The smaller of the limits of the volume and of the pod."""
    sizes = [pod_limits(pod).memory_bytes or 0]
    if source.get("sizeLimit") is not None:
        sizes.append(parse(source["sizeLimit"]).value)
    return min((size for size in sizes if size), default=None)

"""Pods that this machine wants to run whatever the API says: manifests in a directory (pkg/kubelet/config/file.go).

The API shows each by a mirror pod (pkg/kubelet/pod/mirror_client.go), which this node writes and which changes
nothing.
"""

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from wherry.kit.errors import Unavailable, WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.kinds.podspec.defaults import default_pod
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.yamldocs import parse as parse_yaml
from wherry.node.pods.view import HASH, MIRROR, PODS, SOURCE
from wherry.node.pods.workers.writing import StatusWriter

SEEN = "kubernetes.io/config.seen"
CHECK_SECONDS = 20.0
"""Between two looks at the directory (fileCheckFrequency)."""
_LARGEST_BYTES = 10 << 20
_SUFFIXES = (".yaml", ".yml", ".json")
logger = logging.getLogger(__name__)


def read(directory: Path, node: str, now: str) -> list[Object]:
    """The pods of the directory, each with a uid that its manifest gives it. What cannot be read is left out, with a
    line in the log. Blocks."""
    found: list[Object] = []
    try:
        paths = sorted(path for path in directory.iterdir() if _is_manifest(path))
    except OSError as error:
        logger.warning("static pods: %s", error)
        return []
    for path in paths:
        try:
            found.append(parse(path.read_bytes(), node, now))
        except (OSError, ValueError, WherryError) as error:
            logger.warning("static pod %s: %s", path, error)
    return found


def _is_manifest(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix in _SUFFIXES and path.stat().st_size <= _LARGEST_BYTES


def parse(manifest: bytes, node: str, now: str) -> Object:
    """As the kubelet makes it its own. Raises ValueError for what is no pod."""
    pod: Object = parse_yaml(manifest).document
    if not isinstance(pod, dict) or pod.get("kind") != "Pod":
        raise ValueError("is not a Pod")
    meta, spec = pod.setdefault("metadata", {}), pod.setdefault("spec", {})
    if not meta.get("name") or not spec.get("containers"):
        raise ValueError("has no name or no containers")
    digest = hashlib.sha256(node.encode() + b"\0" + manifest).hexdigest()[:32]
    meta["name"] = f"{meta['name']}-{node.lower()}"
    meta.setdefault("namespace", "default")
    meta["uid"] = digest
    meta["creationTimestamp"] = now
    meta["annotations"] = {**(meta.get("annotations") or {}), HASH: digest, SOURCE: "file", SEEN: now}
    default_pod(pod)
    spec["nodeName"] = node
    spec["tolerations"] = [*(spec.get("tolerations") or ()), {"operator": "Exists", "effect": "NoExecute"}]
    pod["apiVersion"], pod["status"] = "v1", {"phase": "Pending"}
    return pod


def mirror_of(pod: Object, node: Object) -> Object:
    """What the API is to show."""
    meta = pod["metadata"]
    owner = {"apiVersion": "v1", "kind": "Node", "name": node["metadata"]["name"], "uid": node["metadata"]["uid"]}
    kept = {name: meta[name] for name in ("name", "namespace", "labels") if name in meta}
    annotations = {**meta["annotations"], MIRROR: meta["annotations"][HASH]}
    found = {**kept, "annotations": annotations, "ownerReferences": [{**owner, "controller": True}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": found, "spec": pod["spec"]}


class MirrorWriter(StatusWriter):
    """Writes the status of a static pod: to its mirror, which is made when there is none. ``node`` gives the Node, as
    soon as it is registered."""

    def __init__(self, client: Client, clock: Clock, pod: Object, node: Callable[[], Object | None]) -> None:
        super().__init__(client, clock, pod)
        self._static = pod
        self._node = node
        self._has_mirror = False

    def learn(self, pod: Object) -> bool:
        if pod["metadata"].get("annotations", {}).get(MIRROR) != self._static["metadata"]["uid"]:
            return False
        self._has_mirror = True
        return super().learn(pod)

    @property
    def mirror(self) -> Object | None:
        return self.known if self._has_mirror else None

    def lose(self) -> None:
        self._has_mirror = False
        self.known = self._static

    async def write(self, patch: Object) -> bool:
        if not self._has_mirror:
            await self._make()
        meta = self.known["metadata"]
        if not await super().write({**patch, "metadata": {"uid": meta["uid"]}}):
            self.lose()
        return True

    async def _make(self) -> None:
        node = self._node()
        if node is None:
            raise Unavailable("the node is not registered yet")
        namespace = self._static["metadata"]["namespace"]
        try:
            made = await self._client.create(PODS, mirror_of(self._static, node), namespace)
        except StatusError as error:
            if error.code != 409:
                raise
            made = await self._client.get(PODS, self._static["metadata"]["name"], namespace)
            if not self.learn(made):
                await remove_mirror(self._client, made)
                raise
            return
        self.learn(made)


async def remove_mirror(client: Client, mirror: Object) -> None:
    """Whatever it shows is not there, or another by now."""
    meta = mirror["metadata"]
    options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
    try:
        await client.delete(PODS, meta["name"], meta["namespace"], options=options)
    except StatusError as error:
        if error.code not in (404, 409):
            raise

"""Pods that this machine wants to run whatever the API says: from a manifest to the node's own pod
(pkg/kubelet/config/common.go), and its mirror.

The API shows each by a mirror pod (pkg/kubelet/pod/mirror_client.go), which this node writes and which changes
nothing. Where manifests are looked for: :mod:`.manifests`.
"""

import hashlib
import logging
from collections.abc import Callable

from wherry.kit.errors import Unavailable, WherryError
from wherry.kube.apiserver.authz.pod_references import references
from wherry.kube.client.clock import Clock
from wherry.kube.client.model import Client
from wherry.kube.kinds.podspec.defaults import default_pod
from wherry.kube.machinery.model import GroupVersionKind, Object
from wherry.kube.machinery.status import StatusError, is_another
from wherry.kube.machinery.yamldocs import parse as parse_yaml
from wherry.node.pods.view import HASH, MIRROR, PODS, SOURCE
from wherry.node.pods.workers.writing import StatusWriter

logger = logging.getLogger(__name__)
_AGAIN_SECONDS = (0.2, 1.0, 5.0, 20.0, 60.0, 120.0)
ABSENT_SECONDS = 1.0
"""A mirror that somebody deletes is away for as long: who waits for its end is to see it. (The kubelet makes it again
when it looks at the pod next.)"""
SEEN = "kubernetes.io/config.seen"
_FROM_API = ("serviceAccountToken", "clusterTrustBundle", "podCertificate")
_RESOURCES = ("serviceaccounts", "clustertrustbundles", "podcertificaterequests")


def parse(manifest: bytes, node: str, now: str) -> Object:
    """As the kubelet makes it its own, with a uid that the manifest gives it. Raises ValueError for what is no pod."""
    pod: Object = parse_yaml(manifest).document
    if not isinstance(pod, dict) or pod.get("kind") != "Pod" or pod.get("apiVersion") != "v1":
        raise ValueError("is not a Pod (apiVersion: v1, kind: Pod)")
    _conform(pod)
    meta, spec = pod.setdefault("metadata", {}), pod.setdefault("spec", {})
    digest = hashlib.sha256(node.encode() + b"\0" + manifest).hexdigest()[:32]
    meta["name"] = f"{meta['name']}-{node.lower()}" if meta.get("name") else ""
    meta.setdefault("namespace", "default")
    meta["uid"] = digest
    meta["creationTimestamp"] = now
    meta["annotations"] = {**(meta.get("annotations") or {}), HASH: digest, SOURCE: "file", SEEN: now}
    default_pod(pod)
    spec["nodeName"] = node
    spec["tolerations"] = [*(spec.get("tolerations") or ()), {"operator": "Exists", "effect": "NoExecute"}]
    pod["status"] = {"phase": "Pending"}
    _validate(pod)
    return pod


def _conform(pod: Object) -> None:
    # Most nodes have no pod of their own: the schemas are read when there is one.
    from wherry.kube.machinery.schema.builtin import schema_of
    from wherry.kube.machinery.schema.conform import Mistyped, conform

    try:
        conform(pod, schema_of(GroupVersionKind("", "v1", "Pod")))
    except Mistyped as error:
        raise ValueError(str(error)) from error


def _validate(pod: Object) -> None:
    """As when it is created in the API, which may not be there to ask. It may need nothing of the API's either
    (PreventStaticPodAPIReferences)."""
    from wherry.kube.kinds.pod.strategy import PodStrategy
    from wherry.kube.machinery.objectmeta import validate_metadata

    errors = [*validate_metadata(pod, namespaced=True), *PodStrategy().validate_new(pod)]
    if errors:
        raise ValueError(f"invalid pod: [{', '.join(map(str, errors))}]")
    resource = referred(pod)
    if resource:
        raise ValueError(f"static pods may not reference {resource}")


def referred(pod: Object) -> str:
    """The plural of some kind of the API's that the pod needs; empty: of none."""
    if pod["spec"].get("resourceClaims"):
        return "resourceclaims"
    for volume in pod["spec"].get("volumes") or ():
        for source in (volume.get("projected") or {}).get("sources") or ():
            for name, resource in zip(_FROM_API, _RESOURCES, strict=True):
                if source.get(name):
                    return resource
    return next((resource for resource, _ in sorted(references(pod))), "")


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
        self._lost_at: float | None = None

    def learn(self, pod: Object) -> bool:
        if pod["metadata"].get("annotations", {}).get(MIRROR) != self._static["metadata"]["uid"]:
            return False
        self._has_mirror = True
        return super().learn(pod)

    @property
    def mirror(self) -> Object | None:
        return self.known if self._has_mirror else None

    def lose(self) -> None:
        if self._has_mirror:
            self._lost_at = self._clock.monotonic()
        self._has_mirror = False
        self.known = self._static

    def wait_seconds(self, patch: Object, *, ends: bool = False) -> float:
        usual = super().wait_seconds(patch, ends=ends)
        if self._has_mirror or self._lost_at is None:
            return usual
        return max(usual, self._lost_at + ABSENT_SECONDS - self._clock.monotonic())

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


async def insist_on_removing(client: Client, clock: Clock, mirror: Object) -> None:
    """Until it is gone, or for some minutes: nobody else ends a mirror that is to be deleted. Raises nothing."""
    for seconds in _AGAIN_SECONDS:
        try:
            await remove_mirror(client, mirror)
            return
        except (WherryError, OSError) as error:
            logger.info("mirror pod %s: %s; trying again", mirror["metadata"]["name"], error)
        await clock.sleep(seconds)


async def remove_mirror(client: Client, mirror: Object) -> None:
    """Whatever it shows is not there, or another by now."""
    meta = mirror["metadata"]
    options = {"gracePeriodSeconds": 0, "preconditions": {"uid": meta["uid"]}}
    try:
        await client.delete(PODS, meta["name"], meta["namespace"], options=options)
    except StatusError as error:
        if error.code != 404 and not is_another(error):
            raise

"""What is on which node, and what it needs: secrets, config maps, claims, volumes, service accounts.

::

    node <- pod <- secret, configmap, serviceaccount, resourceclaim
    node <- pod <- persistentvolumeclaim <- persistentvolume <- secret
    node <- volumeattachment, resourceslice, podcertificaterequest

Kept for pods and persistent volumes, by what changed since the last question; the rest is looked up.
"""

from collections import Counter, defaultdict

from wherry.kube.apiserver.authz.pod_references import Reference, claim_of, references, volume_secrets
from wherry.kube.apiserver.authz.tracking import Key, Tracked, key_of
from wherry.kube.apiserver.model import Listers
from wherry.kube.machinery.model import GroupResource, Object

PODS = GroupResource("", "pods")
VOLUMES = GroupResource("", "persistentvolumes")
_NAMING_NODES = {
    "volumeattachments": GroupResource("storage.k8s.io", "volumeattachments"),
    "resourceslices": GroupResource("resource.k8s.io", "resourceslices"),
    "podcertificaterequests": GroupResource("certificates.k8s.io", "podcertificaterequests"),
    "pods": PODS,
}
"""Resources whose objects name their node in ``spec.nodeName``."""


class NodeGraph:
    """See the module."""

    def __init__(self, listers: Listers) -> None:
        self._naming = {name: listers.of(resource) for name, resource in _NAMING_NODES.items()}
        self._pods = _Pods(Tracked(listers.of(PODS)))
        self._volumes = _Volumes(Tracked(listers.of(VOLUMES)))

    def reaches(self, node: str, resource: str, namespace: str, name: str) -> bool:
        """Whether the object has to do with the node. ``resource`` is one of those named above."""
        if resource in self._naming:
            found = self._naming[resource].get(name, namespace)
            return found is not None and (found.get("spec") or {}).get("nodeName") == node
        if resource == "persistentvolumes":
            return self._has_volume(node, name)
        if self._pods.needs(node, namespace, (resource, name)):
            return True
        if resource != "secrets":
            return False
        return any(self._has_volume(node, volume) for volume in self._volumes.with_secret((namespace, name)))

    def _has_volume(self, node: str, name: str) -> bool:
        volume = self._volumes.tracked.lister.get(name)
        claim = claim_of(volume) if volume is not None else None
        return claim is not None and self._pods.needs(node, claim[0], ("persistentvolumeclaims", claim[1]))


class _Pods:
    """Which nodes have a pod that needs something, counted."""

    def __init__(self, tracked: Tracked) -> None:
        self._tracked = tracked
        self._known: dict[Key, tuple[str, frozenset[Reference]]] = {}
        self._users: dict[tuple[str, Reference], Counter[str]] = defaultdict(Counter)

    def needs(self, node: str, namespace: str, reference: Reference) -> bool:
        if self._tracked.moved:
            self._refresh()
        users = self._users.get((namespace, reference))
        return users is not None and node in users

    def _refresh(self) -> None:
        changes = self._tracked.changes()
        if changes is None:
            self._known.clear()
            self._users.clear()
            changes = ((key_of(each), each) for each in self._tracked.lister.list())
        for key, pod in changes:
            self._replace(key, pod)

    def _replace(self, key: Key, pod: Object | None) -> None:
        node = ((pod or {}).get("spec") or {}).get("nodeName", "")
        new = (node, frozenset(references(pod))) if pod is not None and node else None
        old = self._known.get(key)
        if new == old:
            return
        if old is not None:
            del self._known[key]
            self._count(key[0], old, -1)
        if new is not None:
            self._known[key] = new
            self._count(key[0], new, 1)

    def _count(self, namespace: str, known: tuple[str, frozenset[Reference]], step: int) -> None:
        node, needed = known
        for reference in needed:
            users = self._users[namespace, reference]
            users[node] += step
            if not users[node]:
                del users[node]
            if not users:
                del self._users[namespace, reference]


class _Volumes:
    """Which persistent volumes need a secret."""

    def __init__(self, tracked: Tracked) -> None:
        self.tracked = tracked
        self._by_secret: dict[Key, list[str]] = {}

    def with_secret(self, secret: Key) -> list[str]:
        if self.tracked.moved:
            self.tracked.revision = self.tracked.lister.revision
            self._by_secret = {}
            for volume in self.tracked.lister.list():
                for each in volume_secrets(volume):
                    self._by_secret.setdefault(each, []).append(volume["metadata"]["name"])
        return self._by_secret.get(secret, [])

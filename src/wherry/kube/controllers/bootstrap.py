"""The objects that a cluster begins with: made at a start where they are missing, and kept as they are meant.

Not a controller: :func:`ensure` is awaited once, before anything else uses the API.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import msgspec

from wherry.kube.client.model import Client
from wherry.kube.controllers.flowdefaults import objects as flow_objects
from wherry.kube.machinery.model import GroupVersion, GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
AT_ONCE = 256
"""One commit of the store, of all that a new cluster has: each waits for the disk."""
_PRIORITIES = {
    "system-cluster-critical": (
        2_000_000_000,
        "Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.",
    ),
    "system-node-critical": (
        2_000_001_000,
        "Used for system critical pods that must not be moved from their current node.",
    ),
}
_PLURALS = {
    "Namespace": "namespaces", "Service": "services", "Endpoints": "endpoints", "EndpointSlice": "endpointslices",
    "PriorityClass": "priorityclasses", "PriorityLevelConfiguration": "prioritylevelconfigurations",
    "StorageClass": "storageclasses",
    "FlowSchema": "flowschemas", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings",
    "Role": "roles", "RoleBinding": "rolebindings",
}  # fmt: skip

Reconcile = Callable[[Object | None, Object], Object | None]
"""What to write in place of what is there (None: nothing is there); None: leave it."""


class Address(msgspec.Struct, frozen=True):
    """Where the API is: the service ``kubernetes``'s own address, and the server's. ``dns``: the address of the service
    ``kube-dns``; empty: there is none."""

    cluster_ip: str
    address: str
    port: int
    dns: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """Objects that need not be made in any order, and how they are kept."""

    objects: Sequence[Object]
    reconcile: Reconcile


def keep(existing: Object | None, wanted: Object) -> Object | None:
    """Make it, then leave it alone."""
    return wanted if existing is None else None


def restore(existing: Object | None, wanted: Object) -> Object | None:
    """What is wanted is so, whatever else is in it: only fields that are named differ."""
    if existing is None:
        return wanted
    meta = {**existing["metadata"], "labels": {**(existing["metadata"].get("labels") or {}), **_labels(wanted)}}
    if not meta["labels"]:
        del meta["labels"]
    changed = {**existing, **wanted, "metadata": meta}
    return None if changed == existing else changed


def _labels(obj: Object) -> dict[str, str]:
    return dict(obj["metadata"].get("labels") or {})


def wanted(address: Address, roles: Iterable[Object], reconcile_role: Reconcile) -> list[list[Wanted]]:
    """All of it, a namespace before what is in it. ``roles`` are RBAC's defaults, and ``reconcile_role`` how they are
    kept."""
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES]
    services = [_service(address), *([_dns(address.dns)] if address.dns else [])]
    kept = [*services, *_priority_classes(), *flow_objects(), _storage_class()]
    return [
        [Wanted(namespaces, keep)],
        [Wanted(kept, keep), Wanted(_endpoints(address), restore), Wanted(list(roles), reconcile_role)],
    ]


def _storage_class() -> Object:
    """The default one: a directory of the node that the first pod to use the claim is on."""
    annotations = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
        "metadata": {"name": "local-path", "annotations": annotations}, "provisioner": "wherry.dev/local-path",
        "reclaimPolicy": "Delete", "volumeBindingMode": "WaitForFirstConsumer",
    }  # fmt: skip


def _service(address: Address) -> Object:
    port = {"name": "https", "port": 443, "protocol": "TCP", "targetPort": address.port}
    meta = {
        "name": "kubernetes", "namespace": "default", "labels": {"component": "apiserver", "provider": "kubernetes"},
    }  # fmt: skip
    spec = {"clusterIP": address.cluster_ip, "type": "ClusterIP", "sessionAffinity": "None", "ports": [port]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def _dns(address: str) -> Object:
    """Without a selector: every node answers it itself (:mod:`wherry.node.dns`). The name is what others look for."""
    labels = {"k8s-app": "kube-dns", "kubernetes.io/cluster-service": "true", "kubernetes.io/name": "CoreDNS"}
    ports = [{"name": name, "port": 53, "protocol": kind} for name, kind in (("dns", "UDP"), ("dns-tcp", "TCP"))]
    spec = {"clusterIP": address, "type": "ClusterIP", "sessionAffinity": "None", "ports": ports}
    meta = {"name": "kube-dns", "namespace": "kube-system", "labels": labels}
    return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec}


def _endpoints(address: Address) -> list[Object]:
    """Both forms: the old one is what some clients still read."""
    meta = {"name": "kubernetes", "namespace": "default"}
    ports = [{"name": "https", "port": address.port, "protocol": "TCP"}]
    old = {
        "apiVersion": "v1", "kind": "Endpoints",
        "metadata": {**meta, "labels": {"endpointslice.kubernetes.io/skip-mirror": "true"}},
        "subsets": [{"addresses": [{"ip": address.address}], "ports": ports}],
    }  # fmt: skip
    new = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {**meta, "labels": {"kubernetes.io/service-name": "kubernetes"}},
        "addressType": "IPv6" if ":" in address.address else "IPv4",
        "endpoints": [{"addresses": [address.address], "conditions": {"ready": True}}],
        "ports": ports,
    }  # fmt: skip
    return [old, new]


def _priority_classes() -> list[Object]:
    return [
        {
            "apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name},
            "value": value, "description": description,
        }
        for name, (value, description) in _PRIORITIES.items()
    ]  # fmt: skip


async def ensure(client: Client, everything: Iterable[Iterable[Wanted]]) -> None:
    """Make the cluster have them, group by group. Idempotent: a crash leaves some made, the next start goes on."""
    for group in everything:
        steps = [step for each in group for step in await _steps(client, each)]
        for start in range(0, len(steps), AT_ONCE):
            # Together, so that the store writes them together.
            async with asyncio.TaskGroup() as tasks:
                for is_new, obj in steps[start : start + AT_ONCE]:
                    tasks.create_task(_write(client, obj, is_new))


async def _steps(client: Client, wanted: Wanted) -> list[tuple[bool, Object]]:
    """What to write, and whether it is new."""
    existing = await _existing(client, wanted.objects)
    found = []
    for obj in wanted.objects:
        there = existing.get(_place(obj))
        write = wanted.reconcile(there, obj)
        if write is not None:
            found.append((there is None, write))
    return found


async def _write(client: Client, obj: Object, is_new: bool) -> None:
    resource, namespace = _resource(obj), obj["metadata"].get("namespace", "")
    try:
        if is_new:
            await client.create(resource, obj, namespace)
        else:
            await client.update(resource, obj, namespace)
    except StatusError as error:
        if error.code != 409:  # another server was quicker, and wants the same
            raise


async def _existing(client: Client, objects: Iterable[Object]) -> dict[tuple[str, str, str], Object]:
    """Those of the same kinds (and namespaces) that are there: one list each, not one request an object."""
    lists = dict.fromkeys((_resource(each), each["metadata"].get("namespace", ""), each["kind"]) for each in objects)
    found = {}
    for resource, namespace, kind in lists:
        for obj in (await client.list(resource, namespace)).items:
            # Lists need not say of each object what all of them are.
            whole = {"apiVersion": str(resource.group_version), "kind": kind, **obj}
            found[_place(whole)] = whole
    return found


def _place(obj: Object) -> tuple[str, str, str]:
    meta = obj["metadata"]
    return obj["kind"], meta.get("namespace", ""), meta["name"]


def _resource(obj: Object) -> GroupVersionResource:
    version = GroupVersion.parse(obj["apiVersion"])
    return GroupVersionResource(version.group, version.version, _PLURALS[obj["kind"]])

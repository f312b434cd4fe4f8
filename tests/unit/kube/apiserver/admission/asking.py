"""Requests to admission, and what plugins need, made for tests."""

import asyncio
import copy
from datetime import UTC, datetime
from random import Random

from wherry.kube.apiserver.admission.every import asked
from wherry.kube.apiserver.admission.plugin import Needs, Plugin
from wherry.kube.apiserver.fake import FakeListers, resource_of
from wherry.kube.apiserver.model import AdmissionRequest, Attributes, Decision, Operation, User
from wherry.kube.kinds.model import Kind
from wherry.kube.machinery.model import GroupResource, GroupVersionKind, Object
from wherry.kube.machinery.status import StatusError, conflict, not_found

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ALICE = User("alice", ("system:authenticated",))
NODE_1 = User("system:node:n1", ("system:nodes", "system:authenticated"))
QUOTAS = GroupResource("", "resourcequotas")


class FakeLive:
    """Reads the same objects as the listers, or (``behind``) more than those."""

    def __init__(self, listers: FakeListers, *behind: Object) -> None:
        self._listers = listers
        self._behind = FakeListers(*behind)

    async def get(self, resource: GroupResource, name: str, namespace: str = "") -> Object | None:
        await asyncio.sleep(0)  # others get their turn, as on a wire
        found = self._listers.of(resource).get(name, namespace) or self._behind.of(resource).get(name, namespace)
        return copy.deepcopy(found)


class FakeQuotas:
    """Compare and set in the listers."""

    def __init__(self, listers: FakeListers) -> None:
        self._listers = listers
        self.writes = 0

    async def charge(self, quota: Object, status: Object) -> Object:
        await asyncio.sleep(0)
        meta = quota["metadata"]
        current = self._listers.of(QUOTAS).get(meta["name"], meta["namespace"])
        if current is None:
            raise not_found(QUOTAS, meta["name"])
        if current["metadata"].get("resourceVersion") != meta.get("resourceVersion"):
            raise conflict(QUOTAS, meta["name"], "changed")
        self.writes += 1
        version = str(int(meta.get("resourceVersion") or 0) + 1)
        new = {**current, "status": status, "metadata": {**current["metadata"], "resourceVersion": version}}
        self._listers.put(new)
        return new


class Rights:
    """Allows what is listed: (verb, resource, name)."""

    def __init__(self, *allowed: tuple[str, str, str]) -> None:
        self.allowed = set(allowed)

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        asked = (attributes.verb, attributes.resource, attributes.name)
        return (Decision.ALLOW if asked in self.allowed else Decision.NO_OPINION), ""


def needs(*objects: Object, rights: Rights | None = None, behind: tuple[Object, ...] = ()) -> Needs:
    listers = FakeListers(*objects)

    async def sleep(seconds: float) -> None:
        return None

    live = FakeLive(listers, *behind)
    return Needs(listers, live, FakeQuotas(listers), rights or Rights(), Random(1), sleep)


def kind_of(obj: Object) -> Kind:
    gvk, resource = GroupVersionKind.of(obj), resource_of(obj)
    namespaced = gvk.kind not in ("Namespace", "Node", "PersistentVolume", "CertificateSigningRequest")
    return Kind(gvk.group, gvk.kind, resource.resource, (), gvk.version, namespaced=namespaced)


def create(obj: Object, user: User = ALICE, **more: object) -> AdmissionRequest:
    meta = obj["metadata"]
    values = {"name": meta.get("name", ""), "namespace": meta.get("namespace", ""), **more}
    return AdmissionRequest(Operation.CREATE, kind_of(obj), user, NOW, obj, **values)  # type: ignore[arg-type]


def update(obj: Object, old: Object, user: User = ALICE, **more: object) -> AdmissionRequest:
    meta = obj["metadata"]
    values = {"name": meta.get("name", ""), "namespace": meta.get("namespace", ""), **more}
    return AdmissionRequest(Operation.UPDATE, kind_of(old), user, NOW, obj, old, **values)  # type: ignore[arg-type]


def delete(old: Object, user: User = ALICE) -> AdmissionRequest:
    meta = old["metadata"]
    name, namespace = meta["name"], meta.get("namespace", "")
    return AdmissionRequest(Operation.DELETE, kind_of(old), user, NOW, None, old, name=name, namespace=namespace)


async def admitted(plugin: Plugin, request: AdmissionRequest) -> Object:
    """The object as the plugin leaves it; raises what it raises."""
    if plugin.handles(request.resource, request.operation, request.subresource):
        await asked((plugin.admit, plugin.validate), request)
    return request.object or {}


async def refused(plugin: Plugin, request: AdmissionRequest) -> StatusError:
    """What the plugin says no with."""
    try:
        await admitted(plugin, request)
    except StatusError as error:
        return error
    raise AssertionError("it was admitted")


def namespace(name: str = "default", **labels: str) -> Object:
    meta = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": meta, "status": {"phase": "Active"}}


def pod(name: str = "web", **spec: object) -> Object:
    meta = {"name": name, "namespace": "default"}
    given = {"containers": [{"name": "c", "image": "i"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": given}


def account(name: str = "default", **more: object) -> Object:
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}"}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta, **more}

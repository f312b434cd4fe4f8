"""What the plugins share: what they are about, how they say no, what they need."""

import asyncio
from collections.abc import Awaitable, Callable, Container, Sequence
from random import Random
from typing import Protocol

import msgspec

from wherry.kube.apiserver.model import AdmissionRequest, Authorizer, Lister, Listers, Operation, Waits
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import StatusError, forbidden

PODS = GroupResource("", "pods")
NAMESPACES = GroupResource("", "namespaces")
NODES = GroupResource("", "nodes")
CLAIMS = GroupResource("", "persistentvolumeclaims")
VOLUMES = GroupResource("", "persistentvolumes")
ACCOUNTS = GroupResource("", "serviceaccounts")
SERVICES = GroupResource("", "services")

CREATE = frozenset({Operation.CREATE})
CREATE_UPDATE = frozenset({Operation.CREATE, Operation.UPDATE})


class Live(Protocol):
    """Reads of what is stored, past the caches, for who must not act on yesterday's state."""

    async def get(self, resource: GroupResource, name: str, namespace: str = "") -> Object | None:
        """None: there is no such object. Raises Unavailable."""


class QuotaStatuses(Protocol):
    """The way to charge a quota."""

    async def charge(self, quota: Object, status: Object) -> Object:
        """Write the status of a ResourceQuota if it is still at ``quota``'s resourceVersion; returns the new object.
        Raises StatusError 409 when it is not, 404 when it is gone, 403 when its namespace is ending."""


class Needs(msgspec.Struct, frozen=True):
    """What plugins are made with."""

    listers: Listers
    live: Live
    quotas: QuotaStatuses
    authorizer: Authorizer
    random: Random = msgspec.field(default_factory=Random)
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep


REMEMBERED = 10_000


class InNamespaces:
    """The objects of one resource that are rules for a namespace. Most namespaces have none: which, is remembered until
    any object of the resource changes."""

    def __init__(self, lister: Lister) -> None:
        self._lister = lister
        self._bare: set[str] = set()
        self._revision = -1

    def of(self, namespace: str) -> Sequence[Object]:
        """By name. Empty: what has no namespace has none of them."""
        if self._lister.revision != self._revision:
            self._bare, self._revision = {""}, self._lister.revision
        if namespace in self._bare:
            return ()
        found = sorted(self._lister.list(namespace), key=lambda each: str(each["metadata"]["name"]))
        if not found:
            if len(self._bare) >= REMEMBERED:  # namespaces come and go
                self._bare = {""}
            self._bare.add(namespace)
        return found


class Everything(Container[object]):
    """All resources, all subresources."""

    def __contains__(self, item: object) -> bool:
        return True


EVERYTHING = Everything()


class Plugin:
    """An AdmissionPlugin (apiserver's word) that does nothing; its attributes say what it is about."""

    name = ""
    resources: Container[object] = EVERYTHING
    operations: Container[object] = EVERYTHING
    subresources: Container[object] = frozenset({""})

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        return resource in self.resources and operation in self.operations and subresource in self.subresources

    def admit(self, request: AdmissionRequest) -> Waits:
        """Fill in, change."""
        return None

    def validate(self, request: AdmissionRequest) -> Waits:
        """Refuse."""
        return None


def name_of(request: AdmissionRequest) -> str:
    """As a refusal calls the object; one that is yet to be given a name goes by its beginning."""
    meta = (request.object or {}).get("metadata") or {}
    return request.name or meta.get("name") or meta.get("generateName") or "Unknown"


def refusal(request: AdmissionRequest, why: str) -> StatusError:
    """403 in upstream's words (apiserver pkg/admission/errors.go)."""
    return forbidden(request.resource, name_of(request), why)


def new_object(request: AdmissionRequest) -> Object:
    """The object of a create or update."""
    assert request.object is not None, f"{request.operation} without an object"
    return request.object

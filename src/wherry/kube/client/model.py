"""The contract of a client."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Protocol

import msgspec

from wherry.kube.machinery.model import GroupVersionResource, Object


class PatchType(Enum):
    JSON = "application/json-patch+json"
    MERGE = "application/merge-patch+json"
    STRATEGIC = "application/strategic-merge-patch+json"
    APPLY = "application/apply-patch+yaml"


class View(Enum):
    """How much of the objects is asked for. A server may give more."""

    WHOLE = "whole"
    BARE = "bare"
    """Their bare views (:mod:`wherry.kube.machinery.bare`)."""
    TIES = "ties"
    """The same, of those that have ties (see there). A watch tells of each change of an object that has some, or had
    some before it; and of each object that is deleted, for others may be tied to it."""


class Listed(msgspec.Struct, frozen=True):
    """``token`` is not empty when there is more (``continue``)."""

    items: list[Object]
    resource_version: str
    token: str = ""


class Changed(msgspec.Struct, frozen=True):
    """``type`` is ADDED, MODIFIED, DELETED or BOOKMARK. The object may be shared: do not change it; it may lack its
    managed fields, and what is unread of its kind (:attr:`wherry.kube.kinds.model.Kind.unread`)."""

    type: str
    object: Object


class Client(Protocol):
    """Talks to the API as one user. Objects given are not changed, objects got are the caller's own.

    ``namespace`` is empty for what has none (and, when listing, for all namespaces). Raises StatusError as the server
    answers, Unavailable when it does not.
    """

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object: ...

    async def list(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", limit: int = 0, token: str = "", shared: bool = False,
        view: View = View.WHOLE,
    ) -> Listed:  # fmt: skip
        """``shared``: what is got may be shared, and lack what may lack of what a watch tells. So may what is got in
        another view than the whole."""

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object: ...

    async def update(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        """The name is the object's; its resourceVersion, where there is one, must be the current one."""

    async def patch(
        self, resource: GroupVersionResource, name: str, patch: object, namespace: str = "", *,
        type: PatchType = PatchType.STRATEGIC, subresource: str = "", manager: str = "", force: bool = False,
    ) -> Object: ...  # fmt: skip

    async def delete(
        self, resource: GroupVersionResource, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object: ...

    def watch(
        self,
        resource: GroupVersionResource,
        namespace: str = "",
        *,
        labels: str = "",
        fields: str = "",
        resource_version: str = "",
        view: View = View.WHOLE,
    ) -> AbstractAsyncContextManager[AsyncIterator[Changed]]:
        """Changes behind ``resource_version``, bookmarks among them. The iterator ends
        when the server ends the watch, and raises StatusError 410 when it cannot begin there any more."""

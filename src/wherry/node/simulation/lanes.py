"""A client for thousands of agents: so many requests at once, and not more; those about pods apart from the rest.

A lease that waits behind ten thousand statuses is late, and then the node counts as gone.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from wherry.kube.client.model import Changed, Client, Listed, PatchType
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.pods.view import PODS

PODS_AT_ONCE, OTHERS_AT_ONCE = 64, 64
"""A server that has much to do takes a second for an answer, and 125 leases a second are to be renewed by then."""


class Lanes:
    """A :class:`wherry.kube.client.model.Client` before another. Lists and watches do not wait."""

    def __init__(self, client: Client, pods: int = PODS_AT_ONCE, others: int = OTHERS_AT_ONCE) -> None:
        self._client = client
        self._pods = asyncio.Semaphore(pods)
        self._others = asyncio.Semaphore(others)

    def _lane(self, resource: GroupVersionResource) -> asyncio.Semaphore:
        return self._pods if resource == PODS else self._others

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object:
        async with self._lane(resource):
            return await self._client.get(resource, name, namespace, subresource)

    async def list(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", limit: int = 0, token: str = "",
    ) -> Listed:  # fmt: skip
        return await self._client.list(
            resource, namespace, labels=labels, fields=fields, resource_version=resource_version, limit=limit,
            token=token,
        )  # fmt: skip

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        async with self._lane(resource):
            return await self._client.create(resource, obj, namespace, name=name, subresource=subresource)

    async def update(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        async with self._lane(resource):
            return await self._client.update(resource, obj, namespace, subresource=subresource)

    async def patch(
        self, resource: GroupVersionResource, name: str, patch: object, namespace: str = "", *,
        type: PatchType = PatchType.STRATEGIC, subresource: str = "", manager: str = "", force: bool = False,
    ) -> Object:  # fmt: skip
        async with self._lane(resource):
            return await self._client.patch(
                resource, name, patch, namespace, type=type, subresource=subresource, manager=manager, force=force
            )

    async def delete(
        self, resource: GroupVersionResource, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        async with self._lane(resource):
            return await self._client.delete(resource, name, namespace, options=options)

    def watch(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "",
    ) -> AbstractAsyncContextManager[AsyncIterator[Changed]]:  # fmt: skip
        return self._client.watch(resource, namespace, labels=labels, fields=fields, resource_version=resource_version)

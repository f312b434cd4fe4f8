"""A client for thousands of agents: requests about pods go another way than the rest.

A client makes so many requests at once; a lease that waits behind ten thousand statuses is late, and then the node
counts as gone.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

from wherry.kube.client.model import Changed, Client, Listed, PatchType, View
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.node.pods.view import PODS


class Lanes:
    """A :class:`wherry.kube.client.model.Client` before two others."""

    def __init__(self, client: Client, pods: Client) -> None:
        self._client = client
        self._pods = pods

    def _lane(self, resource: GroupVersionResource) -> Client:
        return self._pods if resource == PODS else self._client

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object:
        return await self._lane(resource).get(resource, name, namespace, subresource)

    async def list(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", limit: int = 0, token: str = "", shared: bool = False,
        view: View = View.WHOLE,
    ) -> Listed:  # fmt: skip
        return await self._lane(resource).list(
            resource, namespace, labels=labels, fields=fields, resource_version=resource_version, limit=limit,
            token=token, shared=shared, view=view,
        )  # fmt: skip

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        return await self._lane(resource).create(resource, obj, namespace, name=name, subresource=subresource)

    async def update(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        return await self._lane(resource).update(resource, obj, namespace, subresource=subresource)

    async def patch(
        self, resource: GroupVersionResource, name: str, patch: object, namespace: str = "", *,
        type: PatchType = PatchType.STRATEGIC, subresource: str = "", manager: str = "", force: bool = False,
    ) -> Object:  # fmt: skip
        return await self._lane(resource).patch(
            resource, name, patch, namespace, type=type, subresource=subresource, manager=manager, force=force
        )

    async def delete(
        self, resource: GroupVersionResource, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        return await self._lane(resource).delete(resource, name, namespace, options=options)

    def watch(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", view: View = View.WHOLE,
    ) -> AbstractAsyncContextManager[AsyncIterator[Changed]]:  # fmt: skip
        return self._lane(resource).watch(
            resource, namespace, labels=labels, fields=fields, resource_version=resource_version, view=view
        )

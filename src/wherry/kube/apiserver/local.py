"""The API without HTTP: a :class:`wherry.kube.client.model.Client` inside the server's process.

It goes the same way as a request, authorization included. Watches hand out objects that are shared, and so do lists for
who asks for that.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from operator import attrgetter

import msgspec

from wherry.kube.apiserver.api import Api
from wherry.kube.apiserver.authz.texts import forbidden
from wherry.kube.apiserver.cache import Change
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.kinds import Kinds, Served
from wherry.kube.apiserver.model import Attributes, Authorizer, Decision, User
from wherry.kube.apiserver.requestinfo import RequestInfo, selected
from wherry.kube.apiserver.watching import BOOKMARK_SECONDS, Begun
from wherry.kube.client.model import Changed, Listed, PatchType, View
from wherry.kube.machinery import status
from wherry.kube.machinery.bare import may_have_ties
from wherry.kube.machinery.model import GroupVersionResource, Object

_decode = msgspec.json.Decoder().decode
Shown = Callable[[Entry], Object]
AGENT = "kube-apiserver"
"""Upstream's server names itself so in the managed fields of what it makes."""


class LocalClient:
    """See the module, and the Protocol for each method."""

    def __init__(
        self, api: Api, kinds: Kinds, authorizer: Authorizer, user: User,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC), agent: str = AGENT,
    ) -> None:  # fmt: skip
        """``agent``: whose the fields are that it sets."""
        self._api = api
        self._kinds = kinds
        self._authorizer = authorizer
        self._user = user
        self._clock = clock
        self._agent = agent

    def _call(self, verb: str, resource: GroupVersionResource, namespace: str, name: str = "", subresource: str = "",
              query: dict[str, str] | None = None) -> Call:  # fmt: skip
        served = self._kinds.served(resource.group, resource.version, resource.resource)
        if served is None:
            raise status.no_such_path()
        found = {name: value for name, value in (query or {}).items() if value}
        fields = found.get("fieldSelector", "")
        if not name and verb in ("list", "watch"):
            name = selected(fields)
        info = RequestInfo(verb, "", resource.group, resource.version, resource.resource, namespace, name, subresource)
        asked = Attributes(
            self._user, verb, resource.group, resource.version, resource.resource, subresource, namespace, name,
            label_selector=found.get("labelSelector", ""), field_selector=fields,
        )  # fmt: skip
        decision, reason = self._authorizer.authorize(asked)
        if decision is not Decision.ALLOW:
            raise forbidden(asked, reason)
        return Call(info, served, self._user, self._clock(), found, user_agent=self._agent)

    async def get(
        self, resource: GroupVersionResource, name: str, namespace: str = "", subresource: str = ""
    ) -> Object:
        call = self._call("get", resource, namespace, name, subresource)
        return _object(call.served, await self._api.do(call))

    async def list(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", limit: int = 0, token: str = "", shared: bool = False,
        view: View = View.WHOLE,
    ) -> Listed:  # fmt: skip
        query = {
            "labelSelector": labels, "fieldSelector": fields, "resourceVersion": resource_version,
            "limit": str(limit) if limit else "", "continue": token,
        }  # fmt: skip
        call = self._call("list", resource, namespace, query=query)
        entries, meta = await self._api.reads.page(call)
        if view is View.TIES:
            entries = [entry for entry in entries if may_have_ties(entry.raw)]
        shown = _shown(call.served, shared, view)
        return Listed([shown(entry) for entry in entries], meta["resourceVersion"], meta.get("continue", ""))

    async def create(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, name: str = "", subresource: str = ""
    ) -> Object:
        call = self._call("create", resource, namespace, name, subresource)
        call.obj = obj
        return _object(call.served, await self._api.do(call))

    async def update(
        self, resource: GroupVersionResource, obj: Object, namespace: str = "", *, subresource: str = ""
    ) -> Object:
        call = self._call("update", resource, namespace, obj["metadata"]["name"], subresource)
        call.obj = obj
        return _object(call.served, await self._api.do(call))

    async def patch(
        self, resource: GroupVersionResource, name: str, patch: object, namespace: str = "", *,
        type: PatchType = PatchType.STRATEGIC, subresource: str = "", manager: str = "", force: bool = False,
    ) -> Object:  # fmt: skip
        query = {"fieldManager": manager, "force": "true" if force else ""}
        call = self._call("patch", resource, namespace, name, subresource, query)
        call.obj, call.content_type = patch, type.value
        return _object(call.served, await self._api.do(call))

    async def delete(
        self, resource: GroupVersionResource, name: str, namespace: str = "", *, options: Object | None = None
    ) -> Object:
        call = self._call("delete", resource, namespace, name)
        call.obj = options
        return _object(call.served, await self._api.do(call))

    @asynccontextmanager
    async def watch(
        self, resource: GroupVersionResource, namespace: str = "", *, labels: str = "", fields: str = "",
        resource_version: str = "", view: View = View.WHOLE,
    ) -> AsyncIterator[AsyncIterator[Changed]]:  # fmt: skip
        query = {
            "labelSelector": labels, "fieldSelector": fields, "resourceVersion": resource_version,
            "allowWatchBookmarks": "true",
        }  # fmt: skip
        call = self._call("watch", resource, namespace, query=query)
        begun = await self._api.watches.begin(call, _changes_ties if view is View.TIES else None)
        try:
            yield self._changes(begun, _shown(call.served, True, view))
        finally:
            begun.subscription.close()

    async def _changes(self, begun: Begun, shown: Shown) -> AsyncIterator[Changed]:
        for notice in begun.initial:
            yield Changed(notice.type, shown(notice.entry))
        while True:
            notices = await begun.subscription.take(BOOKMARK_SECONDS)
            for notice in notices:
                yield Changed(notice.type, shown(notice.entry))
            if not notices:
                metadata = {"resourceVersion": str(self._api.watches.revision)}
                yield Changed("BOOKMARK", {"metadata": metadata})


def _changes_ties(change: Change) -> bool:
    """See :attr:`View.TIES`."""
    new, old = change.new, change.old
    return new is None or may_have_ties(new.raw) or (old is not None and may_have_ties(old.raw))


def _shown(served: Served, shared: bool, view: View) -> Shown:
    """In which form objects are handed out. What there is in a bare one is the same in all versions of a kind."""
    if view is not View.WHOLE:
        return attrgetter("bare" if view is View.BARE else "at_hand")
    if shared and served.is_storage:
        return attrgetter("lean")  # what the clients of this process have in common
    return lambda entry: served.from_storage(entry.copy())


def _object(served: Served, outcome: Outcome) -> Object:
    if outcome.document is not None:
        return outcome.document
    found: Object = served.from_storage(_decode(outcome.raw))
    return found

"""What the API does with a call, whoever brings it: over HTTP or inside this process.

The caller has authenticated and asked the authorizer.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

import msgspec

from wherry.kube.apiserver import decoding
from wherry.kube.apiserver.aside import LARGE_BYTES, takes_long
from wherry.kube.apiserver.call import Call, Outcome
from wherry.kube.apiserver.deleting import Deletes
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.kinds import Kinds
from wherry.kube.apiserver.patching import Patches, ahead_of
from wherry.kube.apiserver.reading import Reads
from wherry.kube.apiserver.selection import of_call
from wherry.kube.apiserver.watching import Watches
from wherry.kube.apiserver.writing import Part, Writes
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object

Answer = Coroutine[Any, Any, Outcome]
"""What comes to an answer; there is none when the call is wrong at first sight."""
Handler = Callable[[Call], Answer]
Review = Callable[[Call, Object], Awaitable[Object]]
"""Answers what is asked by creating an object that is not stored: from the object to the same with its ``status``."""
_STATUS = Part("status")


class Subresource(msgspec.Struct, frozen=True):
    """``methods`` by verb: get, create, update, patch."""

    name: str
    methods: Mapping[str, Handler]
    resources: frozenset[GroupResource] | None = None
    """None: whatever kind says it has it."""


class Api:
    """Operations by verb; see the module."""

    def __init__(self, kinds: Kinds, reads: Reads, writes: Writes, watches: Watches) -> None:
        self.kinds = kinds
        self.reads = reads
        self.writes = writes
        self.watches = watches
        self.patches = Patches(writes)
        self.deletes = Deletes(writes)
        self._subresources: dict[tuple[str, GroupResource | None], Subresource] = {}
        self._reviews: dict[GroupResource, Review] = {}
        self._verbs: dict[str, Handler] = {
            "get": self._get,
            "create": self._create,
            "update": self.writes.update,
            "patch": self.patches.patch,
            "delete": self.deletes.delete,
        }
        self._status: dict[str, Handler] = {
            "get": self._get,
            "update": lambda call: self.writes.update(call, _STATUS),
            "patch": lambda call: self.patches.patch(call, _STATUS),
        }

    def add_subresource(self, subresource: Subresource) -> None:
        for resource in subresource.resources or (None,):
            self._subresources[subresource.name, resource] = subresource

    def add_review(self, resource: GroupResource, review: Review) -> None:
        self._reviews[resource] = review

    def sibling(self, call: Call, resource: GroupResource, version: str, name: str) -> Call:
        """The same caller's call for another object of the same namespace. Raises StatusError when it is not served."""
        served = self.kinds.served(resource.group, version, resource.resource)
        if served is None:
            raise status.no_such_path()
        info = msgspec.structs.replace(
            call.info, verb="update", group=resource.group, version=version, resource=resource.resource, name=name,
            subresource="",
        )  # fmt: skip
        return Call(info, served, call.user, call.now, user_agent=call.user_agent, warnings=call.warnings)

    def do(self, call: Call) -> Answer:
        """Everything about one object, and creating. Raises StatusError, at once or in the end."""
        kind, info = call.served.kind, call.info
        if kind.namespaced and not info.namespace and info.verb != "list":
            raise status.no_such_path() if info.name or kind.custom else not_allowed(call)
        if not kind.namespaced and info.namespace and kind.plural != "namespaces":
            raise status.no_such_path()
        if info.subresource:
            methods = self._methods(call)
        else:
            methods = self._verbs
            if info.verb not in kind.verbs or bool(info.name) is (info.verb == "create"):
                raise not_allowed(call)
        handler = methods.get(info.verb)
        if handler is None:
            raise not_allowed(call)
        if len(call.body) > LARGE_BYTES and takes_long(call.body, call.content_type):
            return self._in_turn(handler, call)
        return handler(call)

    async def _in_turn(self, handler: Handler, call: Call) -> Outcome:
        aside = self.writes.aside
        async with aside.turn:
            call.is_large = True
            call.ahead = await aside.do(ahead_of, call)
            return await handler(call)

    def is_answered_by_document(self, call: Call) -> bool:
        """Whether the answer is no object with metadata: neither a table nor a part of it can be had."""
        return call.resource in self._reviews or call.info.subresource == "token"

    def _methods(self, call: Call) -> Mapping[str, Handler]:
        kind, name = call.served.kind, call.info.subresource
        if name == "status" and kind.has_status:
            return self._status
        if name in kind.subresources or (name == "scale" and kind.scale is not None):
            found = self._subresources.get((name, kind.resource)) or self._subresources.get((name, None))
            if found is not None:
                return found.methods
        raise status.not_found(call.resource, call.info.name) if kind.custom else status.no_such_path()

    async def _get(self, call: Call) -> Outcome:
        return Outcome(200, (await self.reads.get(call)).raw)

    def _create(self, call: Call) -> Answer:
        review = self._reviews.get(call.served.kind.resource)
        return self.writes.create(call) if review is None else _reviewed(call, review)

    async def delete_collection(self, call: Call) -> list[Entry]:
        """Of one namespace, where the kind has them: of all at once there is no such thing. Raises StatusError."""
        kind = call.served.kind
        if kind.namespaced and not call.namespace:
            raise status.no_such_path() if kind.custom else not_allowed(call)
        if "deletecollection" not in kind.verbs:
            raise not_allowed(call)
        selection = of_call(call)
        if len(call.body) > LARGE_BYTES:
            call.ahead = await self.writes.aside.do(ahead_of, call)
        return await self.deletes.delete_all(call, selection.matches)


async def _reviewed(call: Call, review: Review) -> Outcome:
    return Outcome(201, document=await review(call, decoding.read(call)))


def not_allowed(call: Call) -> status.StatusError:
    """405: upstream has no route for what built-in resources cannot, and looks at the verb of custom ones."""
    if call.served.kind.custom:
        return status.method_not_allowed(call.resource, call.info.verb)
    return status.no_such_method()

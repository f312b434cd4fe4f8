"""What a node answers: ``log``, ``exec``, ``attach``, ``portforward``, ``proxy``.

The server finds the node and hands the request on; who does that is a :class:`Connector` (``node`` has the other end).
"""

from typing import Protocol

from aiohttp import web

from wherry.kube.apiserver.call import Call
from wherry.kube.machinery import status
from wherry.kube.machinery.model import Object

NAMES = frozenset({"log", "exec", "attach", "portforward", "proxy"})


class Connector(Protocol):
    """Reaches nodes and services."""

    async def connect(self, call: Call, obj: Object, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request for ``obj`` (a pod, node or service) by who runs it. Raises StatusError."""


class NoNodes:
    """Of a server without nodes."""

    async def connect(self, call: Call, obj: Object, request: web.BaseRequest) -> web.StreamResponse:
        """Raises StatusError 503 (or 400, as upstream, of a pod that has no node).

        The log of such a pod is nothing at all (pkg/registry/core/pod/strategy.go: LogLocation)."""
        node = obj.get("spec", {}).get("nodeName", "")
        name = call.info.name
        if call.info.resource == "pods" and not node:
            if call.info.subresource == "log":
                return web.Response(status=204)
            raise status.bad_request(f"pod {name} does not have a host assigned")
        raise status.unavailable(
            f'{call.info.resource}/{call.info.subresource} of "{name}" is answered by a node, and no node is connected'
        )

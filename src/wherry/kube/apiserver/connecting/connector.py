"""Which way a request for a pod's, node's or service's stream goes."""

import random
import ssl
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

from aiohttp import web

from wherry.http.exchange import Failed, Target, connect
from wherry.http.streams import connection_of
from wherry.http.takeover import upgrade_of
from wherry.kube.apiserver.authz.texts import forbidden
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.connecting import places, podrequests
from wherry.kube.apiserver.connecting.forwarding import (
    fields_of,
    passed_on,
    relocated,
    tunnel,
    upgrade_fields,
)
from wherry.kube.apiserver.connecting.logs import log
from wherry.kube.apiserver.connecting.nodes import Nodes, port_of
from wherry.kube.apiserver.model import Attributes, Authorizer, Decision, Listers
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object

SLICES = GroupResource("discovery.k8s.io", "endpointslices")
_PROCESSES = ("exec", "attach", "portforward")


class NodeConnector:
    """See :class:`wherry.kube.apiserver.subresources.streams.Connector`."""

    def __init__(
        self, nodes: Nodes, listers: Listers, authorizer: Authorizer,
        choose: Callable[[Sequence[places.Place]], places.Place] = random.choice,
    ) -> None:  # fmt: skip
        self._nodes = nodes
        self._slices = listers.of(SLICES)
        self._authorizer = authorizer
        self._choose = choose

    async def connect(self, call: Call, obj: Object, request: web.BaseRequest) -> web.StreamResponse:
        """Raises StatusError, ConnectionError."""
        name = call.info.subresource
        query = parse_qs(request.raw_path.partition("?")[2], keep_blank_values=True)
        if name == "log":
            return await self._log(obj, query, request)
        if upgrade_of(request):
            connection_of(request).close()  # whatever the answer is, it is the last (CVE-2018-1002105)
            if request.content_length or "Transfer-Encoding" in request.headers:
                raise status.bad_request("a request for an upgrade has no body")
        if name == "proxy":
            return await self._proxy(call, obj, request)
        if name in _PROCESSES:
            return await self._process(call, obj, query, request)
        raise status.no_such_path()

    # Pods

    async def _log(self, pod: Object, query: podrequests.Query, request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            raise status.no_such_method()
        target = podrequests.log_target(pod, query)
        node = pod["spec"].get("nodeName")
        if not node:
            return web.Response(status=204)  # nothing has been said yet
        where = self._nodes.target(node)
        try:
            wire = await self._nodes.connect(node, where)
        except Failed as error:
            raise status.internal_error(f'Get "https://{where}{target}": {error}') from error
        return await log(request, wire, target, pod["metadata"]["name"])

    async def _process(
        self, call: Call, pod: Object, query: podrequests.Query, request: web.BaseRequest
    ) -> web.StreamResponse:
        if request.method not in ("GET", "POST"):
            raise status.no_such_method()
        self._demand_create(call)
        action = call.info.subresource
        if action == "portforward":
            target = podrequests.ports_target(pod, query)
        else:
            target = podrequests.process_target(action, pod, query)
        node = podrequests.node_of(pod)
        if not upgrade_of(request):
            raise status.bad_request("Upgrade request required")
        return await self._tunnel_to_node(node, target, request)

    def _demand_create(self, call: Call) -> None:
        """Raises StatusError 403 (pkg/registry/core/pod/rest/authorize.go; K4 of nodes/proxy likewise)."""
        info = call.info
        if info.verb == "create":
            return
        asked = Attributes(
            call.user, "create", info.group, info.version, info.resource, info.subresource, info.namespace, info.name
        )
        decision, reason = self._authorizer.authorize(asked)
        if decision is not Decision.ALLOW:
            raise forbidden(asked, reason)

    async def _tunnel_to_node(self, node: str, target: str, request: web.BaseRequest) -> web.StreamResponse:
        try:
            wire = await self._nodes.connect(node)
        except Failed as error:
            raise status.internal_error(f"error dialing backend: {error}") from error
        return await tunnel(request, wire, target, [("Host", "node"), *upgrade_fields(request)])

    # Whatever speaks HTTP

    async def _proxy(self, call: Call, obj: Object, request: web.BaseRequest) -> web.StreamResponse:
        name = places.split_name(call.info.name)
        target = places.path_behind(request.raw_path)
        if call.info.resource == "nodes":
            return await self._proxy_to_node(call, obj, name, target, request)
        if call.info.resource == "services":
            found = places.service_places(obj, name, self._slices.list(call.namespace))
            return await self._proxy_to(self._choose(found), target, request)
        return await self._proxy_to(places.pod_place(obj, name), target, request)

    async def _proxy_to_node(
        self, call: Call, node: Object, name: places.Name, target: str, request: web.BaseRequest
    ) -> web.StreamResponse:
        if name.port and name.port != str(port_of(node)):
            raise status.bad_request(f"only the API of node {name.name} can be reached, at port {port_of(node)}")
        if upgrade_of(request):
            self._demand_create(call)
            return await self._tunnel_to_node(name.name, target, request)
        try:
            wire = await self._nodes.connect(name.name)
        except Failed as error:
            raise status.internal_error(f"error trying to reach node: {error}") from error
        return await passed_on(request, wire, target, fields_of(request, "node"))

    async def _proxy_to(self, place: places.Place, target: str, request: web.BaseRequest) -> web.StreamResponse:
        where = Target(place.host, place.port, _unverified() if place.scheme == "https" else None)
        try:
            wire = await connect(where)
        except Failed as error:
            raise status.unavailable(f"error trying to reach service: {error}") from error
        host, prefix = str(where), _prefix(request.raw_path, target)
        fields = fields_of(request, host)
        if upgrade_of(request):
            return await tunnel(request, wire, target, [*fields, *upgrade_fields(request)[:2]])
        forwarded = [
            ("X-Forwarded-Uri", prefix + target.partition("?")[0]),
            ("X-Forwarded-Host", request.headers.get("Host", "")),
            ("X-Forwarded-Proto", "https"),
        ]
        return await passed_on(request, wire, target, [*fields, *forwarded], relocated(prefix, host))


def _prefix(raw_path: str, target: str) -> str:
    """The path of the proxy itself, without a slash at its end."""
    path, behind = raw_path.partition("?")[0], target.partition("?")[0]
    return path.removesuffix(behind).rstrip("/")


def _unverified() -> ssl.SSLContext:
    """Of pods and services: their certificates are their own business, and say nothing to us (as upstream)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

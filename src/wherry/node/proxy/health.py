"""Health checks of load balancers: whether this node has endpoints of a service whose traffic stays on the node that
gets it (``healthCheckNodePort``; k8s.io/kubernetes pkg/proxy/healthcheck/service_health.go).
"""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wherry.kit.errors import WherryError
from wherry.node.proxy.model import ServiceKey, ServicePlan

if TYPE_CHECKING:
    from aiohttp import web

    from wherry.http.server import TcpServer

_log = logging.getLogger(__name__)
HOST = ""
"""Every address of the node."""


class HealthServers:
    """One server a port. What a server answers is read from ``plans`` when it is asked."""

    def __init__(self, plans: Mapping[ServiceKey, ServicePlan], host: str = HOST) -> None:
        self._plans = plans
        self._host = host
        self._servers: dict[int, tuple[ServiceKey, TcpServer]] = {}
        self._refused: set[tuple[int, ServiceKey]] = set()

    async def update(self) -> None:
        """Serve what is asked for, and nothing else. A port that somebody has is tried again at the next call."""
        wanted = {plan.health_port: key for key, plan in sorted(self._plans.items()) if plan.health_port}
        for port, (key, server) in list(self._servers.items()):
            if wanted.get(port) != key:
                del self._servers[port]
                await server.stop(0.0)
        for port, key in wanted.items():
            if port not in self._servers:
                await self._serve(port, key)

    async def close(self) -> None:
        for _, server in self._servers.values():
            await server.stop(0.0)
        self._servers.clear()

    async def _serve(self, port: int, key: ServiceKey) -> None:
        from wherry.http.server import serve_tcp

        async def handle(request: "web.BaseRequest") -> "web.StreamResponse":
            return self._answer(key)

        try:
            self._servers[port] = (key, await serve_tcp(handle, self._host, port, _failed))
        except WherryError as error:
            if (port, key) not in self._refused:
                _log.warning("health checks of service %s/%s: %s", *key, error)
            self._refused.add((port, key))

    def _answer(self, key: ServiceKey) -> "web.Response":
        from aiohttp import web

        plan = self._plans.get(key)
        count = plan.healthy if plan else 0
        service = {"namespace": key[0], "name": key[1]}
        body = {"service": service, "localEndpoints": count, "serviceProxyHealthy": True}
        headers = {"X-Content-Type-Options": "nosniff", "X-Load-Balancing-Endpoint-Weight": str(count)}
        return web.Response(
            status=200 if count else 503, text=json.dumps(body), content_type="application/json", headers=headers
        )


def _failed(status: int, message: str) -> "web.Response":
    from aiohttp import web

    return web.Response(status=status, text=message)

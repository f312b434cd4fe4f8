"""Health checks of load balancers, asked as a load balancer does."""

import socket

import aiohttp

from tests.ports import quiet_port
from wherry.node.proxy.health import HealthServers
from wherry.node.proxy.model import ServicePlan


async def asked(port: int) -> tuple[int, object, str]:
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/anything") as answer:
        return answer.status, await answer.json(), answer.headers["X-Load-Balancing-Endpoint-Weight"]


async def test_a_node_with_endpoints_is_healthy_and_one_without_is_not() -> None:
    key, port = ("default", "web"), quiet_port()
    plans = {key: ServicePlan(health_port=port, healthy=2)}
    servers = HealthServers(plans, "127.0.0.1")
    await servers.update()
    service = {"namespace": "default", "name": "web"}
    body = {"service": service, "localEndpoints": 2, "serviceProxyHealthy": True}
    assert await asked(port) == (200, body, "2")
    plans[key] = ServicePlan(health_port=port)
    await servers.update()
    assert await asked(port) == (503, {**body, "localEndpoints": 0}, "0")
    await servers.close()


async def test_servers_come_and_go_with_their_services() -> None:
    first, second = quiet_port(), quiet_port()
    plans = {("default", "web"): ServicePlan(health_port=first)}
    servers = HealthServers(plans, "127.0.0.1")
    await servers.update()
    plans[("default", "web")] = ServicePlan(health_port=second)
    await servers.update()
    assert (await asked(second))[0] == 503
    _assert_free(first)
    plans.clear()
    await servers.update()
    _assert_free(second)


def _assert_free(port: int) -> None:
    with socket.socket() as freed:
        freed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of it may linger
        freed.bind(("127.0.0.1", port))
        freed.listen()


async def test_a_port_that_somebody_has_is_tried_again() -> None:
    with socket.socket() as taken:
        port = quiet_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        servers = HealthServers({("default", "web"): ServicePlan(health_port=port, healthy=1)}, "127.0.0.1")
        await servers.update()
    await servers.update()
    assert (await asked(port))[0] == 200
    await servers.close()

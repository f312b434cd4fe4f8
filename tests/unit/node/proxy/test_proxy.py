"""The proxy on a fake API and fake rules."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

from tests.unit.node.proxy.objects import NODE, endpoint, labelled, namespace, pod, policy, service, slice_
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.linux.conntrack import Flow
from wherry.node.proxy.apply import FakeRules
from wherry.node.proxy.facts import SERVICES
from wherry.node.proxy.model import PORT_SOURCES, PORT_SOURCES6, Port
from wherry.node.proxy.proxy import Options, Proxy

WEB = [service(), slice_("web", [endpoint("172.30.0.2", uid="one"), endpoint("172.30.0.3", uid="two")])]


class Case:
    def __init__(self, *objects: Object, **options: Any) -> None:
        self.client = FakeClient(*objects)
        self.clock = FakeClock()
        self.rules = FakeRules()
        self.options = Options(guarded=False, **options)
        self.proxy: Proxy

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        async with Informers(self.client, self.clock) as informers:
            self.proxy = Proxy(informers, self.clock, NODE, self.rules, self.options)
            task = asyncio.create_task(self.proxy.run())
            try:
                await self.proxy.started.wait()
                yield self.proxy
            finally:
                task.cancel()
                await asyncio.wait({task})

    async def put(self, *objects: Object) -> None:
        """And wait until it is in the kernel."""
        self.client.put(*objects)
        await settle()
        await self.proxy._settled()

    async def withdraw(self, addresses: list[str], uid: str = "") -> None:
        await self.passing(self.proxy.withdraw(addresses, uid))

    async def passing(self, what: Awaitable[None]) -> None:
        """Let time pass until it is done."""
        doing = asyncio.ensure_future(what)
        while not doing.done():
            await self.clock.advance(0.01)
            await asyncio.wait({doing}, timeout=0.001)

    def elements(self, name: str) -> dict[str, str]:
        assert self.rules.current is not None
        return self.rules.current.elements.get(name, {})

    @property
    def targets(self) -> set[str]:
        return {value.partition(" ")[0] for value in self.elements("a4-endpoints").values()}


async def test_it_begins_with_all_of_it_in_one_transaction() -> None:
    case = Case(*WEB)
    async with case.running():
        assert case.rules.calls == ["replace"]
        assert case.targets == {"172.30.0.2", "172.30.0.3"}


async def test_then_changes_are_applied_as_differences() -> None:
    case = Case(*WEB)
    async with case.running():
        await case.put(slice_("web", [endpoint("172.30.0.4")]))
        assert case.targets == {"172.30.0.4"}
        await case.put({**WEB[0], "metadata": {**WEB[0]["metadata"], "annotations": {"a": "b"}}})
        assert case.rules.calls == ["replace", "change"], "what changes nothing costs nothing"
        await case.client.delete(SERVICES, "web", "default")
        await settle()
        await case.proxy._settled()
        assert case.targets == set()


async def test_many_services_at_once_are_one_replacement() -> None:
    case = Case()
    async with case.running():
        many = [service(f"s{number}", f"10.97.{number // 200}.{number % 200 + 1}") for number in range(450)]
        await case.put(*many)
        assert case.rules.calls[-1] == "replace"
        assert len(case.elements("a4-refused")) == 450


async def test_who_withdraws_gets_no_new_connections_when_it_returns() -> None:
    case = Case(*WEB)
    async with case.running():
        await case.withdraw(["172.30.0.2"], "one")
        assert case.targets == {"172.30.0.3"}
        await case.put(slice_("web", [endpoint("172.30.0.2", uid="one"), endpoint("172.30.0.3", uid="two")]))
        assert case.targets == {"172.30.0.3"}, "the API is behind"
        await case.withdraw(["172.30.0.3"], "two")
        assert case.targets == {"172.30.0.2", "172.30.0.3"}, "both end: better than nobody"
        calls = len(case.rules.calls)
        await case.withdraw(["172.30.0.77"])
        assert len(case.rules.calls) == calls


async def test_a_pod_with_an_address_of_one_that_withdrew_is_served() -> None:
    case = Case(*WEB)
    async with case.running() as proxy:
        await case.withdraw(["172.30.0.2"])
        assert case.targets == {"172.30.0.3"}
        await proxy.ready_for(pod("next"), ["172.30.0.2"])
        assert case.targets == {"172.30.0.2", "172.30.0.3"}


async def test_drain_is_withdrawal_by_what_the_api_says_of_the_pod() -> None:
    case = Case(*WEB)
    async with case.running() as proxy:
        await case.passing(proxy.drain(pod("gone", "172.30.0.2", uid="one")))
        assert case.targets == {"172.30.0.3"}


async def test_a_pod_that_ends_when_the_node_begins_is_left_out_of_its_first_rules() -> None:
    """The rules of a node that was killed are still there: to tell the pod to end at once would lose requests."""
    case = Case(*WEB)
    async with Informers(case.client, case.clock) as informers:
        proxy = Proxy(informers, case.clock, NODE, case.rules, case.options)
        draining = asyncio.ensure_future(proxy.drain(pod("gone", "172.30.0.2", uid="one")))
        await settle()
        assert not draining.done()
        task = asyncio.create_task(proxy.run())
        await case.passing(draining)
        assert case.rules.calls[0] == "replace" and case.targets == {"172.30.0.3"}
        task.cancel()
        await asyncio.wait({task})


async def test_before_it_runs_withdrawal_waits_for_nothing() -> None:
    async with Informers(FakeClient(*WEB), FakeClock()) as informers:
        proxy = Proxy(informers, FakeClock(), NODE, FakeRules())
        await settle()
        await proxy.withdraw(["172.30.0.2"])


async def test_a_pod_is_ready_when_its_policies_hold() -> None:
    case = Case(namespace(), policy(selector=labelled(app="web")))
    made = pod("web", labels={"app": "web"}, phase="Pending")
    async with case.running() as proxy:
        await case.put(made)
        await proxy.ready_for(made, ["172.30.0.9"])
        assert set(case.elements("ingress4")) == {"172.30.0.9"}


async def test_a_pod_is_not_ready_before_the_first_rules_are_there() -> None:
    case = Case(namespace(), policy())
    async with Informers(case.client, case.clock) as informers:
        proxy = Proxy(informers, case.clock, NODE, case.rules, case.options)
        waiting = asyncio.ensure_future(proxy.ready_for(pod("web"), ["172.30.0.9"]))
        await settle()
        assert not waiting.done()
        task = asyncio.create_task(proxy.run())
        await waiting
        assert case.rules.current is not None
        assert set(case.rules.current.elements["ingress4"]) == {"172.30.0.9"}
        task.cancel()


async def test_the_first_policy_holds_nobody_up() -> None:
    """Its facts are being fetched: withdrawals go on, pods wait."""
    case = Case(*WEB, namespace())
    async with case.running() as proxy:
        hold = asyncio.Event()
        listing = case.client.list

        async def slow(resource: Any, *args: Any, **more: Any) -> Any:
            if resource.resource == "pods":
                await hold.wait()
            return await listing(resource, *args, **more)

        case.client.list = slow  # type: ignore[method-assign]
        case.client.put(policy())
        await settle()
        await _soon(case.withdraw(["172.30.0.2"]))
        assert case.targets == {"172.30.0.3"}
        waiting = asyncio.ensure_future(proxy.ready_for(pod("web"), ["172.30.0.9"]))
        await settle()
        assert not waiting.done()
        hold.set()
        await _soon(waiting)
        assert set(case.elements("ingress4")) == {"172.30.0.9"}


async def _soon(what: Awaitable[None]) -> None:
    async with asyncio.timeout(60):
        await what


async def test_a_refused_change_is_made_good_by_all_of_it() -> None:
    case = Case(*WEB)
    async with case.running():
        case.rules.refuse = 2
        await case.withdraw(["172.30.0.2"])
        assert case.rules.calls == ["replace", "change", "replace", "replace"]
        assert case.targets == {"172.30.0.3"}


async def test_a_service_that_cannot_be_understood_is_left_out_and_no_other() -> None:
    broken = service("broken", "10.96.0.9", loadBalancerSourceRanges=["nonsense"], type="LoadBalancer")
    case = Case(*WEB, broken)
    async with case.running():
        assert case.elements("a4-inside") == {"10.96.0.1 . tcp . 80": ""}


async def test_the_nodes_zone_counts_when_it_is_known() -> None:
    near, far = ({"hints": {"forZones": [{"name": zone}]}} for zone in ("a", "b"))
    zoned = slice_("web", [endpoint("172.30.0.2", **near), endpoint("172.30.0.3", **far)])
    case = Case(service(), zoned)
    async with case.running():
        assert case.targets == {"172.30.0.2", "172.30.0.3"}
        labels = {"topology.kubernetes.io/zone": "a"}
        await case.put({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "here", "labels": labels}})
        assert case.targets == {"172.30.0.2"}


async def test_ports_of_pods_are_tied_to_their_addresses() -> None:
    def port_of(address: str) -> Port | None:
        return Port("wv9", "02:42:ac:1e:00:09", address) if address[-2:] in (".9", ":9") else None

    case = Case(port_of=port_of)
    async with case.running() as proxy:
        await proxy.ready_for(pod("web"), ["172.30.0.9"])
        await proxy.ready_for(pod("other"), ["172.30.0.8"])
        assert set(case.elements(PORT_SOURCES)) == {'"wv9" . 02:42:ac:1e:00:09 . 172.30.0.9'}
        proxy.forget(pod("web", uid="another"))
        await case.put()
        assert set(case.elements(PORT_SOURCES))
        proxy.forget(pod("web"))
        await case.put()
        assert not case.elements(PORT_SOURCES)
        await proxy.ready_for(pod("both"), ["172.30.0.9", "fd00:30::9"])
        assert set(case.elements(PORT_SOURCES)) == {'"wv9" . 02:42:ac:1e:00:09 . 172.30.0.9'}
        assert set(case.elements(PORT_SOURCES6)) == {'"wv9" . 02:42:ac:1e:00:09 . fd00:30::9'}


async def test_datagrams_to_what_is_gone_are_forgotten() -> None:
    port = {"name": "dns", "protocol": "UDP", "port": 53}
    numbers = [{"name": "dns", "protocol": "UDP", "port": 5353}]
    dns = [service("dns", "10.96.0.10", ports=[port]), slice_("dns", [endpoint("172.30.0.2")], ports=numbers)]
    case = Case(*dns)
    async with case.running():
        case.rules.flows = [Flow(17, "172.30.0.9", "10.96.0.10", 53, "172.30.0.2", 5353, b"")]
        await case.put(slice_("dns", [endpoint("172.30.0.3")], ports=numbers))
        assert len(case.rules.forgotten) == 1


async def test_it_can_be_run_again() -> None:
    case = Case(*WEB)
    async with Informers(case.client, case.clock) as informers:
        proxy = Proxy(informers, case.clock, NODE, case.rules, case.options)
        for _ in range(2):
            task = asyncio.create_task(proxy.run())
            await proxy.started.wait()
            await proxy.ready_for(pod("web"), ["172.30.0.9"])
            task.cancel()
            await asyncio.wait({task})
        assert case.rules.calls == ["replace", "replace"]


async def test_withdrawals_are_forgotten_when_nobody_has_the_address() -> None:
    case = Case(*WEB)
    async with case.running() as proxy:
        await case.withdraw(["172.30.0.77", "172.30.0.2"])
        await case.clock.advance(130)
        assert set(proxy._withdrawals.view) == {"172.30.0.2"}

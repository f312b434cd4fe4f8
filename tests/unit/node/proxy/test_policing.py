"""The facts of policies: from the API, and first from the agent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.unit.node.proxy.objects import NODE, labelled, namespace, pod, policy
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.informers import Informers
from wherry.kube.machinery.model import Object
from wherry.node.proxy.policies.memory import PATIENCE_SECONDS
from wherry.node.proxy.policing import PODS, POLICIES, Policing, bare_pod

WEB = pod("web", "10.0.0.1", labels={"app": "web"})


class Case:
    def __init__(self, *objects: Object) -> None:
        self.client = FakeClient(namespace(), *objects)
        self.clock = FakeClock()
        self.woken = 0
        self.policing: Policing

    def _wake(self) -> None:
        self.woken += 1

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[Policing]:
        async with Informers(self.client, self.clock) as informers:
            self.policing = Policing(informers, NODE, self.clock, self._wake)
            self.policing.watch()
            await settle()
            await self.policing.prepare()
            await settle()
            yield self.policing

    def shut(self) -> set[str]:
        """Addresses that get what is allowed only."""
        return set(self.policing.ruleset().elements.get("ingress4", {}))


async def test_without_policies_pods_are_not_even_looked_at() -> None:
    case = Case(WEB)
    async with case.watching() as policing:
        assert policing.is_ready
        assert case.shut() == set()
        assert not any(call.resource.resource == "pods" for call in case.client.reads)


async def test_with_the_first_policy_its_facts_are_fetched() -> None:
    case = Case(WEB)
    async with case.watching() as policing:
        case.client.put(policy())
        await settle()
        assert (policing.is_ready, case.woken > 0, policing.is_dirty) == (False, True, True)
        await policing.prepare()
        assert policing.is_ready
        assert case.shut() == {"10.0.0.1"}
        assert not policing.is_dirty


async def test_the_agent_knows_a_pods_address_first() -> None:
    pending = pod("new", labels={"app": "web"}, phase="Pending")
    case = Case(policy(), pending)
    async with case.watching() as policing:
        policing.settle(pending, ["10.0.0.7"])
        assert case.shut() == {"10.0.0.7"}
        assert policing.addresses == ["10.0.0.7"]
        policing.settle(pod("newer"), ["10.0.0.7"])  # whose it is now
        assert policing.addresses == ["10.0.0.7"]
        assert case.shut() == {"10.0.0.7"}
        policing.settle(pod("host", hostNetwork=True), ["192.0.2.1"])
        assert case.shut() == {"10.0.0.7"}


async def test_what_the_agent_said_ends_with_the_pod() -> None:
    case = Case(policy(), WEB)
    async with case.watching() as policing:
        policing.settle(WEB, ["10.0.0.1"])
        await case.client.delete(PODS, "web", "default", options={"gracePeriodSeconds": 0})
        await settle()
        assert case.shut() == set()
        assert policing.addresses == []
        policing.settle(pod("unknown"), ["10.0.0.9"])  # perhaps the list is behind
        assert case.shut() == {"10.0.0.9"}
        await case.clock.advance(61)
        assert case.shut() == set()


async def test_after_a_restart_the_api_knows_what_pods_have() -> None:
    case = Case(policy(), WEB, pod("far", "10.0.9.9", node="there"))
    async with case.watching() as policing:
        assert policing.addresses == ["10.0.0.1"]


async def test_labels_that_change_count() -> None:
    case = Case(policy(selector=labelled(app="web")), WEB)
    async with case.watching() as policing:
        policing.settle(WEB, ["10.0.0.1"])
        assert case.shut() == {"10.0.0.1"}
        case.client.put(pod("web", "10.0.0.1", labels={"app": "other"}))
        await settle()
        assert policing.is_dirty
        assert case.shut() == set()


async def test_only_what_policies_see_wakes_anybody() -> None:
    case = Case(policy(), WEB)
    async with case.watching() as policing:
        case.shut()
        woken = case.woken
        changed = {**WEB, "status": {**WEB["status"], "conditions": [{"type": "Ready", "status": "True"}]}}
        case.client.put(changed)
        await settle()
        assert (case.woken, policing.is_dirty) == (woken, False)
        case.client.put(namespace(team="a"))
        await settle()
        assert policing.is_dirty


async def test_k18_a_policy_of_an_ending_namespace_holds_while_a_pod_is_here() -> None:
    case = Case(policy(), WEB)
    async with case.watching():
        case.client.put(namespace(ending=True))
        await case.client.delete(POLICIES, "p", "default")
        await settle()
        for _ in range(3):
            assert case.shut() == {"10.0.0.1"}
            woken = case.woken
            await case.clock.advance(PATIENCE_SECONDS * 2)
            assert case.woken > woken, "it looks again by itself"
        await case.client.delete(PODS, "web", "default", options={"gracePeriodSeconds": 0})
        await settle()
        assert case.shut() == set()


def test_a_bare_pod_is_enough_and_small() -> None:
    whole = pod("web", "10.0.0.1", ports=[{"name": "http", "containerPort": 80}])
    whole["metadata"]["annotations"] = {"a": "b"}
    whole["spec"]["volumes"] = [{"name": "v"}]
    bare = bare_pod({**whole, "metadata": {**whole["metadata"], "resourceVersion": "1"}})
    assert set(bare["metadata"]) == {"name", "namespace", "uid", "resourceVersion", "labels"}
    assert bare["spec"]["containers"] == [
        {"ports": [{"name": "http", "containerPort": 80}], "restartPolicy": None}
    ]  # fmt: skip
    assert bare["status"] == whole["status"]

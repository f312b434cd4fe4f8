import pytest

from tests.unit.kube.controllers.harness import (
    DEPLOYMENTS,
    MAPS,
    PODS,
    SECRETS,
    SPACES,
    THINGS,
    TYPES,
    after,
    after_crashes,
    clock_of,
    names,
    obj,
    running,
    served,
    state,
)
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import settle
from wherry.kube.client.discovery import FakeDiscovery
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.namespace.controller import NamespaceController
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(NamespaceController(needs), needs.clock)]


def namespace(name: str = "x") -> Object:
    return obj("Namespace", name, "", spec={"finalizers": ["kubernetes"]}, status={"phase": "Active"})


def content(pods: int = 2, **pod: object) -> list[Object]:
    found = [obj("Pod", f"p{number}", "x", spec={}, **pod) for number in range(pods)]
    found += [obj("ConfigMap", f"c{number}", "x") for number in range(3)]
    return [
        *found,
        obj("Secret", "s", "x"),
        obj("Deployment", "d", "x", "apps/v1"),
        obj("ConfigMap", "kept", "default"),
    ]


async def ended(*objects: Object) -> FakeClient:
    client = FakeClient(namespace(), *objects)
    await client.delete(SPACES, "x")
    return client


async def test_a_namespace_goes_with_all_that_is_in_it() -> None:
    client = await ended(*content())
    await after(client, make)
    assert names(client, SPACES) == [] and names(client, PODS) == names(client, DEPLOYMENTS) == []
    assert names(client, MAPS) == ["kept"]


async def test_a_namespace_that_lives_is_left_alone() -> None:
    client = FakeClient(namespace(), *content())
    await after(client, make)
    assert client.calls == []


async def test_pods_go_first_and_what_they_live_by_only_then() -> None:
    """K18."""
    running_pods = [obj("Pod", f"p{number}", "x", spec={"nodeName": "n1"}) for number in range(2)]
    client = await ended(*running_pods, *content(0))
    async with running(client, make):
        await clock_of(client).advance(120)
        assert len(names(client, SECRETS)) == 1 and names(client, MAPS) == ["kept", "c0", "c1", "c2"]
        remaining = _condition(client, "NamespaceContentRemaining")
        assert remaining["status"] == "True" and "pods. has 2 resource instances" in remaining["message"]
        for number in range(2):
            await client.delete(PODS, f"p{number}", "x", options={"gracePeriodSeconds": 0})
        await clock_of(client).advance(60)
        assert names(client, SPACES) == [] and names(client, SECRETS) == []


def _condition(client: FakeClient, kind: str) -> Object:
    found = client.find(SPACES, "x")
    assert found is not None
    condition: Object = next(each for each in found["status"]["conditions"] if each["type"] == kind)
    return condition


async def test_a_finalizer_holds_the_namespace_and_is_named() -> None:
    client = await ended(obj("ConfigMap", "held", "x", metadata={"finalizers": ["example.com/mine"]}))
    async with running(client, make):
        await clock_of(client).advance(30)
        assert _condition(client, "NamespaceFinalizersRemaining")["message"] == (
            "Some content in the namespace has finalizers remaining: example.com/mine in 1 resource instances"
        )
        held = client.find(MAPS, "held", "x")
        assert held is not None
        held["metadata"]["finalizers"] = []
        await client.update(MAPS, held, "x")
        await clock_of(client).advance(30)
        assert names(client, SPACES) == []


async def test_custom_resources_are_content_too() -> None:
    client = await ended(obj("Thing", "t", "x", "example.com/v1"))
    discovery = FakeDiscovery([*TYPES, served(THINGS, "Thing")])
    async with running(client, make, discovery):
        await clock_of(client).advance(30)
        assert names(client, SPACES) == [] and names(client, THINGS) == []


async def test_what_cannot_be_known_or_deleted_holds_the_namespace_and_is_told() -> None:
    client = await ended(*content())
    discovery = FakeDiscovery(TYPES)
    discovery.error = Unavailable("no answer")
    async with running(client, make, discovery):
        await clock_of(client).advance(10)
        assert _condition(client, "NamespaceDeletionDiscoveryFailure")["message"] == "no answer"
        discovery.error = None
        client.fault = lambda call: Unavailable("stuck") if call.verb == "delete" and call.resource.group else None
        await clock_of(client).advance(30)
        assert "stuck" in _condition(client, "NamespaceDeletionContentFailure")["message"]
        assert names(client, SPACES) == ["x"]
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert names(client, SPACES) == []


async def test_another_finalizer_of_the_namespace_is_somebody_elses() -> None:
    ending = namespace()
    ending["spec"]["finalizers"] = ["kubernetes", "example.com/mine"]
    client = FakeClient(ending, *content())
    await client.delete(SPACES, "x")
    await after(client, make)
    left = client.find(SPACES, "x")
    assert left is not None and left["spec"]["finalizers"] == ["example.com/mine"] and names(client, SECRETS) == []


async def test_very_many_objects_go_too() -> None:
    client = await ended(*(obj("ConfigMap", f"c{number:04d}", "x") for number in range(1100)))
    async with running(client, make):
        await settle(500)
        await clock_of(client).advance(5)
    assert names(client, MAPS) == [] and names(client, SPACES) == []


async def test_a_slow_end_is_not_pestered() -> None:
    client = await ended(obj("ConfigMap", "held", "x", metadata={"finalizers": ["mine"]}))
    await after(client, make, 3600)
    lists = sum(call.verb == "list" and call.resource.resource == "configmaps" for call in client.reads)
    assert lists < 2 * (3600 / 15 + 40)


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 7])
async def test_ended_after_any_write_it_comes_to_the_same(writes: int) -> None:
    undisturbed = await ended(*content())
    await after(undisturbed, make)
    disturbed = await ended(*content())
    assert await after_crashes(disturbed, make, writes) > 0
    assert state(disturbed) == state(undisturbed)

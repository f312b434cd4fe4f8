from typing import Any

import pytest

from tests.unit.kube.controllers.harness import THINGS, after, after_crashes, clock_of, names, obj, running, state
from wherry.kube.client.fake import FakeClient
from wherry.kube.client.model import Listed
from wherry.kube.controllers.definitions import DEFINITIONS, WORKERS, DefinitionController, resource_of
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.kinds.customresourcedefinition import CLEANUP
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(DefinitionController(needs), needs.clock, WORKERS)]


def definition(plural: str = "things", kind: str = "Thing", group: str = "example.com", *short: str) -> Object:
    spec = {
        "group": group,
        "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
        "versions": [{"name": "v1", "served": True, "storage": True}],
    }
    if short:
        spec["names"]["shortNames"] = list(short)  # type: ignore[index]
    name = f"{plural}.{group}"
    api = "apiextensions.k8s.io/v1"
    return obj("CustomResourceDefinition", name, "", api, metadata={"finalizers": [CLEANUP]}, spec=spec)


def condition(client: FakeClient, name: str, kind: str) -> str:
    found = client.find(DEFINITIONS, name)
    assert found
    return next((each["status"] for each in found["status"]["conditions"] if each["type"] == kind), "")


async def test_a_definition_is_established() -> None:
    client = FakeClient(definition())
    await after(client, make, 5)
    assert condition(client, "things.example.com", "Established") == "True"
    found = client.find(DEFINITIONS, "things.example.com")
    assert found and found["status"]["storedVersions"] == ["v1"]
    assert resource_of(found) == THINGS
    assert len(client.calls) == 1


class Listing(FakeClient):
    """Notes of each list whether it may show what is shared."""

    def __init__(self, *objects: Object) -> None:
        super().__init__(*objects)
        self.lists: list[bool] = []

    async def list(self, *resource: Any, shared: bool = False, **query: Any) -> Listed:
        self.lists.append(shared)
        return await super().list(*resource, shared=shared, **query)


async def test_only_the_one_that_changes_is_copied() -> None:
    """A definition may be a megabyte, and its group may have hundreds."""
    plurals = [f"things{each}" for each in range(9)]
    client = Listing(*(definition(each, each.title()) for each in plurals[:-1]))
    async with running(client, make):
        await clock_of(client).advance(5)
        client.reads.clear()
        client.lists.clear()
        await client.create(DEFINITIONS, definition(plurals[-1], plurals[-1].title()))
        await clock_of(client).advance(5)
        assert condition(client, f"{plurals[-1]}.example.com", "Established") == "True"
        assert [each.name for each in client.reads if each.verb == "get"] == [f"{plurals[-1]}.example.com"]
        assert client.lists and all(client.lists)
        assert len(client.lists) <= 4, "nobody looks at those that have their names"


async def test_a_name_that_another_has_is_waited_for() -> None:
    client = FakeClient(definition())
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.create(DEFINITIONS, definition("widgets", "Widget", "example.com", "things"))
        await clock_of(client).advance(1)
        assert condition(client, "widgets.example.com", "NamesAccepted") == "False"
        await client.delete(DEFINITIONS, "things.example.com")
        await clock_of(client).advance(5)
        assert condition(client, "widgets.example.com", "NamesAccepted") == "True"
        assert names(client, DEFINITIONS) == ["widgets.example.com"]


def things(number: int = 3, **meta: object) -> list[Object]:
    return [obj("Thing", f"t{each}", api="example.com/v1", metadata=meta) for each in range(number)]


async def test_a_definition_goes_with_its_objects() -> None:
    client = FakeClient(definition(), *things())
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(DEFINITIONS, "things.example.com")
        await clock_of(client).advance(5)
    assert names(client, DEFINITIONS) == names(client, THINGS) == []


async def test_an_object_with_a_finalizer_holds_it() -> None:
    client = FakeClient(definition(), *things(1, finalizers=["mine"]))
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(DEFINITIONS, "things.example.com")
        await clock_of(client).advance(60)
        assert condition(client, "things.example.com", "Terminating") == "True"
        held = client.find(THINGS, "t0", "default")
        assert held
        await client.update(THINGS, {**held, "metadata": {**held["metadata"], "finalizers": []}}, "default")
        await clock_of(client).advance(30)
        assert names(client, DEFINITIONS) == []


@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_ended_after_any_write_it_comes_to_the_same(writes: int) -> None:
    async def prepared() -> FakeClient:
        client = FakeClient(definition(), *things())
        await after(client, make, 1)
        await client.delete(DEFINITIONS, "things.example.com")
        return client

    undisturbed, disturbed = await prepared(), await prepared()
    await after(undisturbed, make)
    assert await after_crashes(disturbed, make, writes) > 0
    assert state(disturbed) == state(undisturbed) == []

"""Custom kinds come, change and go."""

from typing import Any

import pytest

from tests.unit.kube.apiserver.conftest import DEFINITIONS, Place
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.apply.shapes import list_shape
from wherry.kube.machinery.model import GroupResource, GroupVersionResource
from wherry.kube.machinery.status import StatusError

WIDGETS = GroupVersionResource("example.com", "v1", "widgets")


def definition() -> dict[str, Any]:
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}}},
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    return {
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    }


async def define(place: Place) -> None:
    """Make the definition, and establish it as its controller does."""
    made = await place.client.create(DEFINITIONS, definition())
    made["status"] = {
        "acceptedNames": made["spec"]["names"],
        "storedVersions": ["v1"],
        "conditions": [{"type": kind, "status": "True"} for kind in ("NamesAccepted", "Established")],
    }
    await place.client.update(DEFINITIONS, made, subresource="status")


def widget(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": name}, "spec": spec}


async def test_a_definition_that_is_not_established_is_not_served(place: Place) -> None:
    await place.client.create(DEFINITIONS, definition())
    with pytest.raises(StatusError, match="could not find the requested resource"):
        await place.client.list(WIDGETS)


async def test_an_established_one_is_like_any_other_kind(place: Place) -> None:
    await define(place)
    await place.client.create(WIDGETS, widget("a", size=3), "default")
    with pytest.raises(StatusError, match=r"spec\.size in body should be greater than or equal to 1"):
        await place.client.create(WIDGETS, widget("b", size=0), "default")
    made = await place.client.create(WIDGETS, widget("c", size=1, unknown="x"), "default")
    assert made["spec"] == {"size": 1}
    assert [each["metadata"]["name"] for each in (await place.client.list(WIDGETS)).items] == ["a", "c"]


async def test_it_is_served_after_a_restart(place: Place) -> None:
    await define(place)
    await place.client.create(WIDGETS, widget("a", size=3), "default")
    again = ApiServer(place.server.store, place.server.options)
    await again.start()
    found = await again.client().list(WIDGETS, fields="metadata.name=a")
    await again.stop()
    assert len(found.items) == 1


async def test_with_its_definition_it_goes(place: Place) -> None:
    await define(place)
    made = await place.client.delete(DEFINITIONS, "widgets.example.com")
    made["metadata"]["finalizers"] = []
    await place.client.update(DEFINITIONS, made)
    with pytest.raises(StatusError, match="could not find the requested resource"):
        await place.client.list(WIDGETS)


async def test_while_its_definition_goes_nothing_is_made_of_it(place: Place) -> None:
    await define(place)
    await place.client.create(WIDGETS, widget("a", size=1), "default")
    made = await place.client.delete(DEFINITIONS, "widgets.example.com")
    with pytest.raises(StatusError, match="create not allowed while custom resource definition is terminating"):
        await place.client.create(WIDGETS, widget("b", size=1), "default")
    with pytest.raises(StatusError, match="create not allowed while custom resource definition is terminating"):
        applied = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "b"}}
        await place.client.patch(WIDGETS, "b", applied, "default", type=PatchType.APPLY, manager="m")
    await place.client.patch(WIDGETS, "a", {"spec": {"size": 2}}, "default", type=PatchType.MERGE)
    await place.client.delete(WIDGETS, "a", "default")
    made["metadata"]["finalizers"] = []
    await place.client.update(DEFINITIONS, made)
    await define(place)
    await place.client.create(WIDGETS, widget("b", size=1), "default")


async def test_discovery_tells_of_it(place: Place) -> None:
    assert place.server.discovery.find("/apis/example.com/v1") is None
    await define(place)
    found = place.server.discovery.find("/apis/example.com/v1")
    assert found is not None and b'"widgets"' in found.body


async def test_a_whole_number_is_one_however_it_is_written(place: Place) -> None:
    await define(place)
    made = await place.client.create(WIDGETS, widget("w", size=1e6), "default")
    assert repr(made["spec"]) == "{'size': 1000000}"
    patched = await place.client.patch(WIDGETS, "w", {"spec": {"size": 2.0}}, "default", type=PatchType.MERGE)
    assert repr(patched["spec"]) == "{'size': 2}"


async def test_nothing_is_left_of_those_that_have_gone(place: Place) -> None:
    server, group = place.server, GroupResource("example.com", "widgets")
    server.measures.count(RequestInfo("get", "", "example.com", "v1", "widgets", "default", "w"), 200, 0.1)
    await define(place)
    await place.client.create(WIDGETS, widget("w", size=1), "default")
    kind = server.kinds.of(group)
    assert kind is not None and list_shape.cache_info().currsize
    cache = server.caches.of(group)
    await place.client.delete(WIDGETS, "w", "default")
    made = await place.client.delete(DEFINITIONS, "widgets.example.com")
    made["metadata"]["finalizers"] = []
    await place.client.update(DEFINITIONS, made)
    assert server.caches.of(group) is not cache
    assert b"example.com" not in server.measures.text() and not list_shape.cache_info().currsize
    await define(place)
    assert (await place.client.list(WIDGETS)).items == []

"""PATCH, in its four forms."""

import pytest

from tests.unit.kube.apiserver.conftest import DEPLOYMENTS, MAPS, Place, deployment
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.model import User
from wherry.kube.apiserver.requestinfo import parse
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


async def apply(place: Place, data: dict[str, str], manager: str, *, force: bool = False) -> Object:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data}
    return await place.client.patch(MAPS, "a", body, "default", type=PatchType.APPLY, manager=manager, force=force)


async def test_a_merge_patch_sets_and_removes(place: Place) -> None:
    await place.config("a", x="1", y="2")
    assert (await place.merge("a", {"data": {"x": None, "z": "3"}}))["data"] == {"y": "2", "z": "3"}


async def test_a_json_patch_goes_step_by_step(place: Place) -> None:
    await place.config("a", x="1")
    steps = [{"op": "test", "path": "/data/x", "value": "1"}, {"op": "replace", "path": "/data/x", "value": "2"}]
    done = await place.client.patch(MAPS, "a", steps, "default", type=PatchType.JSON)
    assert done["data"] == {"x": "2"}
    with pytest.raises(StatusError) as caught:
        await place.client.patch(MAPS, "a", steps, "default", type=PatchType.JSON)
    assert caught.value.code == 422


async def test_a_strategic_merge_knows_lists_by_their_keys(place: Place) -> None:
    await place.client.create(DEPLOYMENTS, deployment(), "default")
    container = {"name": "d", "image": "y:1"}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    done = await place.client.patch(DEPLOYMENTS, "web", patch, "default")
    assert sorted(each["name"] for each in done["spec"]["template"]["spec"]["containers"]) == ["c", "d"]


async def test_what_is_applied_is_made_when_it_is_not_there(place: Place) -> None:
    made = await apply(place, {"x": "1"}, "me")
    assert made["metadata"]["uid"]
    assert [each["manager"] for each in made["metadata"]["managedFields"]] == ["me"]


async def test_who_owns_a_field_is_asked_before_another_takes_it(place: Place) -> None:
    await apply(place, {"x": "1"}, "me")
    with pytest.raises(StatusError, match=r'Apply failed with 1 conflict: conflict with "me".*data\.x') as caught:
        await apply(place, {"x": "2"}, "you")
    assert caught.value.details["causes"][0]["reason"] == "FieldManagerConflict"
    assert (await apply(place, {"x": "2"}, "you", force=True))["data"] == {"x": "2"}


async def test_what_is_no_longer_applied_goes(place: Place) -> None:
    await apply(place, {"x": "1", "y": "2"}, "me")
    assert (await apply(place, {"y": "2"}, "me"))["data"] == {"y": "2"}


async def test_applying_the_same_again_writes_nothing(place: Place) -> None:
    first = await apply(place, {"x": "1"}, "me")
    again = await apply(place, {"x": "1"}, "me")
    assert again["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_who_applies_says_who_it_is(place: Place) -> None:
    with pytest.raises(StatusError, match="is required for apply patch"):
        await apply(place, {"x": "1"}, "")


async def test_a_patch_that_names_a_version_is_for_that_one(place: Place) -> None:
    old = await place.config("a", x="1")
    await place.merge("a", {"data": {"x": "2"}})
    patch = {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}, "data": {"x": "3"}}
    with pytest.raises(StatusError, match="the object has been modified"):
        await place.merge("a", patch)


async def test_a_patch_of_nothing_is_not_found(place: Place) -> None:
    with pytest.raises(StatusError, match="not found"):
        await place.merge("none", {"data": {}})


async def test_scale_is_changed_for_whatever_kind(place: Place) -> None:
    await place.client.create(DEPLOYMENTS, deployment(), "default")
    shown = await place.client.patch(
        DEPLOYMENTS, "web", {"spec": {"replicas": 4}}, "default", type=PatchType.MERGE, subresource="scale"
    )
    assert (shown["kind"], shown["spec"]["replicas"], shown["status"]["selector"]) == ("Scale", 4, "app=web")
    assert (await place.client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 4


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("merge-patch", b"{", "error decoding patch: unexpected end of JSON input"),
        ("merge-patch", b"[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]"),
        ("json-patch", b"", "error decoding patch: unexpected end of JSON input"),
        ("strategic-merge-patch", b"{", "unexpected end of JSON input"),
        ("strategic-merge-patch", b"1", "json: cannot unmarshal number into Go value of type map[string]interface {}"),
    ],
)
async def test_what_is_no_patch_is_refused_in_upstream_s_words(
    place: Place, content_type: str, body: bytes, said: str
) -> None:
    await place.config("a")
    served = place.server.kinds.served("", "v1", "configmaps")
    assert served is not None
    info = parse("PATCH", "/api/v1/namespaces/default/configmaps/a", {})
    now = place.server.options.clock()
    call = Call(info, served, User("me"), now, body=body, content_type=f"application/{content_type}+json")
    with pytest.raises(StatusError) as caught:
        await place.server.api.do(call)
    assert caught.value.code == 400 and caught.value.message.startswith(said)


async def test_an_applied_configuration_is_of_the_version_of_its_path(place: Place) -> None:
    for given, shown in ({"apiVersion": "v2"}, "v2"), ({}, ""):
        body = {**given, "kind": "ConfigMap", "metadata": {"name": "a"}}
        with pytest.raises(StatusError) as caught:
            await place.client.patch(MAPS, "a", body, "default", type=PatchType.APPLY, manager="me")
        assert caught.value.message == (
            f"Incorrect version specified in apply patch. Specified patch version: {shown}, expected: v1"
        )
    with pytest.raises(StatusError, match="of kind 'Pod', not ConfigMap"):
        body = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
        await place.client.patch(MAPS, "a", body, "default", type=PatchType.APPLY, manager="me")

"""GET of one object and of collections, now and in the past."""

import base64
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.unit.kube.apiserver.conftest import MAPS, PODS, Place, pod
from wherry.kube.apiserver.assembly import LOOPBACK
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.machinery.mediatypes import PLAIN, Form, Wanted
from wherry.kube.machinery.status import StatusError


async def listed(place: Place, wanted: Wanted = PLAIN, **query: str) -> dict[str, Any]:
    served = place.server.kinds.served("", "v1", "configmaps")
    assert served is not None
    info = RequestInfo("list", "", "", "v1", "configmaps", "default")
    call = Call(info, served, LOOPBACK, datetime.now(UTC), query)
    found: dict[str, Any] = json.loads(await place.server.api.reads.list(call, wanted))
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [each["metadata"]["name"] for each in found["items"]]


@pytest.fixture
async def full(place: Place) -> Place:
    for number in range(7):
        await place.config(f"m{number}", n=str(number))
    return place


async def test_a_list_says_what_it_is_and_as_of_when(full: Place) -> None:
    found = await listed(full)
    assert (found["kind"], found["apiVersion"]) == ("ConfigMapList", "v1")
    assert int(found["metadata"]["resourceVersion"]) == full.server.caches.revision
    assert names(found) == [f"m{number}" for number in range(7)]


@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.parametrize("query", [{}, {"limit": "5"}])
async def test_a_short_list_is_a_list(place: Place, count: int, query: dict[str, str]) -> None:
    for number in range(count):
        await place.config(f"m{number}")
    assert names(await listed(place, **query)) == [f"m{number}" for number in range(count)]


async def test_a_long_list_is_copied_once(place: Place) -> None:
    for number in range(20):
        await place.config(f"m{number}", text="x" * 100_000)
    served = place.server.kinds.served("", "v1", "configmaps")
    assert served is not None
    call = Call(RequestInfo("list", "", "", "v1", "configmaps", "default"), served, LOOPBACK, datetime.now(UTC))
    tracemalloc.start()
    body = await place.server.api.reads.list(call, PLAIN)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(body) < most < 1.5 * len(body)


async def test_pages_are_one_state_whatever_changes_between_them(full: Place) -> None:
    first = await listed(full, limit="3")
    assert first["metadata"]["remainingItemCount"] == 4
    await full.client.delete(MAPS, "m4", "default")
    await full.config("m9")
    second = await listed(full, limit="3", **{"continue": first["metadata"]["continue"]})
    third = await listed(full, limit="3", **{"continue": second["metadata"]["continue"]})
    assert names(first) + names(second) + names(third) == [f"m{number}" for number in range(7)]
    assert first["metadata"]["resourceVersion"] == third["metadata"]["resourceVersion"]
    assert "continue" not in third["metadata"]


async def test_a_token_that_is_too_old_comes_with_another(full: Place) -> None:
    first = await listed(full, limit="3")
    await full.config("m9")
    await full.server.store.compact(await full.server.store.revision())
    with pytest.raises(StatusError, match="inconsistent list") as caught:
        await listed(full, limit="3", **{"continue": first["metadata"]["continue"]})
    assert (caught.value.code, caught.value.reason) == (410, "Expired")
    rest = await listed(full, **{"continue": caught.value.list_meta["continue"]})
    assert names(rest) == ["m3", "m4", "m5", "m6", "m9"]


@pytest.mark.parametrize("token", ["x", base64.b64encode(b"{}").decode(), "é"])
def test_what_is_no_token_is_refused(token: str) -> None:
    from wherry.kube.apiserver.reading import _read

    with pytest.raises(StatusError, match="continue key is not valid"):
        _read(token)


async def test_an_exact_revision_is_that_state(full: Place) -> None:
    then = (await listed(full))["metadata"]["resourceVersion"]
    await full.config("m8")
    found = await listed(full, resourceVersion=then, resourceVersionMatch="Exact")
    assert len(names(found)) == 7
    assert found["metadata"]["resourceVersion"] == then


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"resourceVersionMatch": "Exact"}, "forbidden unless resourceVersion is provided"),
        ({"resourceVersionMatch": "Exact", "resourceVersion": "0"}, 'forbidden for resourceVersion "0"'),
        ({"resourceVersionMatch": "Newest", "resourceVersion": "1"}, "Unsupported value"),
        ({"limit": "many"}, "invalid syntax"),
        ({"timeoutSeconds": "x"}, "invalid syntax"),
        ({"resourceVersion": "x"}, "resourceVersion"),
        ({"sendInitialEvents": "true"}, "sendInitialEvents is forbidden for list"),
    ],
)
async def test_options_that_make_no_sense_are_refused(place: Place, query: dict[str, str], message: str) -> None:
    with pytest.raises(StatusError, match=message):
        await listed(place, **query)


async def test_selectors_choose(place: Place) -> None:
    for name, label in (("a", "x"), ("b", "y"), ("c", "x")):
        await place.client.create(MAPS, {"metadata": {"name": name, "labels": {"l": label}}}, "default")
    assert names(await listed(place, labelSelector="l=x")) == ["a", "c"]
    assert names(await listed(place, labelSelector="l notin (x)")) == ["b"]
    assert names(await listed(place, fieldSelector="metadata.name=b")) == ["b"]
    assert names(await listed(place, labelSelector="l=x", limit="1")) == ["a"]


async def test_fields_that_a_kind_is_not_selected_by_are_refused(place: Place) -> None:
    with pytest.raises(StatusError, match=r'"spec\.nodeName" is not a known field selector'):
        await listed(place, fieldSelector="spec.nodeName=x")


async def test_pods_are_selected_by_their_node(place: Place) -> None:
    await place.client.create(PODS, pod("p", nodeName="n1"), "default")
    await place.client.create(PODS, pod("q"), "default")
    found = await place.client.list(PODS, fields="spec.nodeName=n1,status.phase!=Failed")
    assert [each["metadata"]["name"] for each in found.items] == ["p"]


async def test_a_table_has_the_kind_s_columns(full: Place) -> None:
    found = await listed(full, Wanted(Form.TABLE, "v1"), limit="2")
    assert [each["name"] for each in found["columnDefinitions"]] == ["Name", "Data", "Age"]
    row = found["rows"][0]
    assert row["cells"][:2] == ["m0", 1]
    assert (row["object"]["kind"], set(row["object"])) == (
        "PartialObjectMetadata",
        {"kind", "apiVersion", "metadata"},
    )
    assert found["metadata"]["continue"]


async def test_metadata_alone_is_just_that(full: Place) -> None:
    found = await listed(full, Wanted(Form.METADATA_LIST, "v1"))
    assert found["kind"] == "PartialObjectMetadataList"
    assert all("data" not in each for each in found["items"])

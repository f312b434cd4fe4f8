"""Work beside the event loop, and what is taken there."""

import asyncio
import json
import sys
import threading
from datetime import UTC, datetime

import pytest

from tests.unit.kube.apiserver.conftest import MAPS, Place
from wherry.kube.apiserver.aside import SWITCH_SECONDS, Aside, takes_long
from wherry.kube.apiserver.asking import call_of, read
from wherry.kube.apiserver.assembly import LOOPBACK
from wherry.kube.apiserver.call import Call
from wherry.kube.machinery.status import StatusError

YAML, JSON = "application/yaml", "application/json"
PATH = "/api/v1/namespaces/default/configmaps"
HEAD = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: big}\n"
MANY = b"".join(b"  k%d: v\n" % number for number in range(5000))


def call(place: Place, method: str, target: str, body: bytes, content_type: str = JSON) -> Call:
    """As it comes over HTTP."""
    _, query, info = read(method, target)
    served = place.server.kinds.served(info.group, info.version, info.resource)
    assert served is not None
    found = call_of(info, served, LOOPBACK, query, datetime.now(UTC), "test")
    found.body, found.content_type = body, content_type
    return found


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What has been done beside the loop, by the names of the functions."""
    names: list[str] = []
    do = Aside.do

    async def noted(self: Aside, work: object, *arguments: object) -> object:
        names.append(work.__name__)  # type: ignore[attr-defined]  # all are functions
        return await do(self, work, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Aside, "do", noted)
    return names


async def test_the_loop_goes_on_meanwhile() -> None:
    aside, let = Aside(), threading.Event()
    waits = asyncio.create_task(aside.do(let.wait, 30))
    for _ in range(10):
        await asyncio.sleep(0)
    assert sys.getswitchinterval() == pytest.approx(SWITCH_SECONDS)
    let.set()
    assert await waits
    assert sys.getswitchinterval() > SWITCH_SECONDS
    aside.close()


async def test_there_is_one_work_at_a_time_in_the_order_they_came() -> None:
    aside, began = Aside(), list[tuple[int, str]]()

    def work(number: int) -> int:
        began.append((number, threading.current_thread().name))
        return number

    assert await asyncio.gather(*(aside.do(work, number) for number in range(20))) == list(range(20))
    assert [number for number, _ in began] == list(range(20))
    assert len({name for _, name in began}) == 1
    aside.close()


async def test_what_it_raises_is_raised_and_the_next_is_done() -> None:
    aside = Aside()
    with pytest.raises(ZeroDivisionError):
        await aside.do(divmod, 1, 0)
    assert await aside.do(divmod, 7, 2) == (3, 1)
    aside.close()
    assert await aside.do(divmod, 7, 2) == (3, 1)
    aside.close()
    aside.close()


async def test_who_is_cancelled_does_not_wait() -> None:
    aside, let = Aside(), threading.Event()
    first, second = (asyncio.create_task(aside.do(let.wait, 30)) for _ in range(2))
    await asyncio.sleep(0)
    for each in (first, second):
        each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await each
    assert sys.getswitchinterval() > SWITCH_SECONDS
    let.set()
    assert await aside.do(divmod, 7, 2) == (3, 1)
    aside.close()


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"data":{"a":"' + b"x" * 1_000_000 + b'"}}', JSON, False),
        (json.dumps({"data": {f"k{number}": "" for number in range(5000)}}).encode(), JSON, True),
        (b"[" * 5000, JSON, True),
        (b'{"a":' * 5000, JSON, True),
        (b'{"data":{"a":"' + b"x" * 1_000_000 + b'"}}', "application/apply-patch+yaml", False),
        (HEAD + b"data:\n" + MANY, YAML, True),
        (b"k8s\0" + b"x" * 20_000, "application/vnd.kubernetes.protobuf", True),
    ],
)
def test_what_takes_long_is_what_has_many_values(body: bytes, content_type: str, expected: bool) -> None:
    assert takes_long(body, content_type) is expected


async def test_who_asks_for_little_does_not_wait_for_who_sends_much(place: Place) -> None:
    await place.config("small")
    much = HEAD + b"data:\n" + b"".join(b"  k%d: v\n" % number for number in range(30_000))
    api, order = place.server.api, list[str]()

    async def send(name: str, method: str, target: str, body: bytes = b"", content_type: str = "") -> None:
        await api.do(call(place, method, target, body, content_type))
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(send("much", "POST", f"{PATH}?dryRun=All&x={number}", much, YAML))
        await asyncio.sleep(0)
        group.create_task(send("little", "GET", f"{PATH}/small"))
        group.create_task(send("little", "POST", PATH, b'{"metadata":{"name":"little"}}', JSON))
    assert order == ["little", "little", "much", "much", "much"]


async def test_large_objects_are_made_and_changed_beside_the_loop(place: Place, done: list[str]) -> None:
    api = place.server.api
    await api.do(call(place, "POST", PATH, HEAD + b"data:\n" + MANY, YAML))
    assert {"ahead_of", "read", "default", "created", "check_new"} <= set(done)
    made = await place.client.get(MAPS, "big", "default")
    assert len(made["data"]) == 5000
    assert len(made["metadata"]["managedFields"][0]["fieldsV1"]["f:data"]) == 5001
    done.clear()
    made["data"]["k1"] = "other"
    await api.do(call(place, "PUT", f"{PATH}/big", json.dumps(made).encode()))
    assert {"ahead_of", "read", "made", "prepare", "check_changed"} <= set(done)
    done.clear()
    merge = "application/merge-patch+json"
    await api.do(call(place, "PATCH", f"{PATH}/big", b'{"data":{"k2":"third"}}', merge))
    assert {"made", "prepare", "check_changed"} <= set(done)  # the patch is small, the object is not
    done.clear()
    applied = f"{PATH}/big?fieldManager=me&force=true"
    await api.do(call(place, "PATCH", applied, HEAD + b"data:\n" + MANY, "application/apply-patch+yaml"))
    assert {"ahead_of", "_configuration", "made", "check_changed"} <= set(done)
    changed = await place.client.get(MAPS, "big", "default")
    assert (changed["data"]["k1"], changed["data"]["k2"], len(changed["data"])) == ("v", "v", 5000)
    assert "me" in {each["manager"] for each in changed["metadata"]["managedFields"]}


LARGE = json.dumps({"data": {f"k{number}": None for number in range(5000)}}).encode()


@pytest.mark.parametrize(
    ("method", "target", "content_type"),
    [
        ("PATCH", f"{PATH}/a", "application/merge-patch+json"),
        ("PATCH", f"{PATH}/a", "application/strategic-merge-patch+json"),
        ("DELETE", f"{PATH}/a", JSON),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", JSON),
        ("POST", "/api/v1/namespaces/default/serviceaccounts/default/token", JSON),
        ("PATCH", "/apis/apps/v1/namespaces/default/deployments/a/scale", "application/merge-patch+json"),
    ],
)
async def test_every_large_body_is_read_beside_the_loop(
    place: Place, done: list[str], method: str, target: str, content_type: str
) -> None:
    await place.config("a", k1="v")
    asked = call(place, method, target, LARGE, content_type)
    try:
        await place.server.api.do(asked)
    except StatusError as error:
        assert error.code in (404, 422)  # there is no deployment, and a review has a spec
    assert done[0] == "ahead_of"


async def test_a_large_body_of_a_deletion_of_all_is_read_beside_the_loop(place: Place, done: list[str]) -> None:
    await place.config("a", k1="v")
    (deleted,) = await place.server.api.delete_collection(call(place, "DELETE", PATH, LARGE))
    assert (deleted.name, done) == ("a", ["ahead_of"])


async def test_large_patches_do_what_they_say(place: Place) -> None:
    await place.config("a", k1="v", k2="v")
    await place.server.api.do(call(place, "PATCH", f"{PATH}/a", LARGE, "application/merge-patch+json"))
    assert not (await place.client.get(MAPS, "a", "default")).get("data")
    many = [{"op": "add", "path": "/data", "value": {f"k{number}": "v" for number in range(5000)}}]
    body = json.dumps(many).encode()
    await place.server.api.do(call(place, "PATCH", f"{PATH}/a", body, "application/json-patch+json"))
    assert len((await place.client.get(MAPS, "a", "default"))["data"]) == 5000
    with pytest.raises(StatusError, match="error decoding patch: invalid character"):
        await place.server.api.do(call(place, "PATCH", f"{PATH}/a", body[:-1] + b"}", "application/json-patch+json"))
    with pytest.raises(StatusError) as caught:
        await place.server.api.do(call(place, "PATCH", f"{PATH}/a", body, "application/yaml"))
    assert caught.value.code == 415


async def test_large_ones_are_refused_as_small_ones_are(place: Place) -> None:
    api = place.server.api
    with pytest.raises(StatusError, match="yaml: line 4: ") as caught:
        await api.do(call(place, "POST", PATH, HEAD + b"data: {]\n" + MANY, YAML))
    assert caught.value.code == 400
    with pytest.raises(StatusError, match="a valid config key must consist of") as caught:
        await api.do(call(place, "POST", PATH, HEAD + b"data:\n  'a/b': v\n" + MANY, YAML))
    assert caught.value.code == 422
    assert (await place.client.list(MAPS, "default")).items == []


async def test_large_ones_from_inside_the_process_likewise(place: Place, done: list[str]) -> None:
    data = {f"k{number}": "v" for number in range(20_000)}
    made = await place.client.create(MAPS, {"metadata": {"name": "a"}, "data": data}, "default")
    assert done == ["default", "created", "check_new"]
    done.clear()
    made["data"]["k1"] = "w"
    await place.client.update(MAPS, made, "default")
    assert done == ["made", "prepare", "check_changed"]


async def test_small_ones_stay_on_the_loop(place: Place, done: list[str]) -> None:
    await place.server.api.do(call(place, "POST", PATH, HEAD + b"data: {a: b}\n", YAML))
    text = json.dumps({"metadata": {"name": "text"}, "data": {"a": "x" * 500_000}}).encode()
    await place.server.api.do(call(place, "POST", PATH, text))
    assert done == []

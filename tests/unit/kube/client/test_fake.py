import asyncio

import pytest

from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.client.fake import Crash, FakeClient, resource_of
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupResource, GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

MAPS = GroupVersionResource("", "v1", "configmaps")
PODS = GroupVersionResource("", "v1", "pods")
SPACES = GroupVersionResource("", "v1", "namespaces")


def config(name: str = "a", **meta: object) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **meta}, "data": {"k": "v"}}


async def refused(code: int, asking: object) -> str:
    with pytest.raises(StatusError) as caught:
        await asking  # type: ignore[misc]
    assert caught.value.code == code
    return str(caught.value)


async def test_a_created_object_has_what_the_server_gives() -> None:
    client = FakeClient()
    sent = config(generateName="c-")
    del sent["metadata"]["name"]
    made = await client.create(MAPS, sent, "default")
    meta = made["metadata"]
    assert meta["name"].startswith("c-") and meta["namespace"] == "default" and meta["uid"] and meta["generation"] == 1
    assert meta["creationTimestamp"] == "2026-01-01T00:00:00Z" and int(meta["resourceVersion"]) == client.revision
    assert "uid" not in sent["metadata"]
    await refused(409, client.create(MAPS, made, "default"))


async def test_an_update_needs_the_current_version_and_changes_nothing_when_nothing_changed() -> None:
    client = FakeClient()
    made = await client.create(MAPS, config(), "default")
    changed = await client.update(MAPS, {**made, "data": {"k": "w"}}, "default")
    assert changed["metadata"]["generation"] == 2
    assert "the object has been modified" in await refused(409, client.update(MAPS, made, "default"))
    again = await client.update(MAPS, changed, "default")
    assert again["metadata"]["resourceVersion"] == changed["metadata"]["resourceVersion"]
    await refused(404, client.update(MAPS, config("nobody"), "default"))


async def test_objects_got_are_the_callers_own() -> None:
    client = FakeClient(config(namespace="default"))
    (await client.get(MAPS, "a", "default"))["data"]["k"] = "mine"
    (await client.list(MAPS)).items[0]["data"]["k"] = "mine"
    assert (await client.get(MAPS, "a", "default"))["data"] == {"k": "v"}


async def test_patches_merge() -> None:
    client = FakeClient(config(namespace="default"))
    patched = await client.patch(MAPS, "a", {"data": {"k": None, "n": "1"}}, "default", type=PatchType.MERGE)
    assert patched["data"] == {"n": "1"}


async def test_lists_select_and_come_in_pages_of_one_state() -> None:
    client = FakeClient(*(config(name, namespace="default", labels={"app": name}) for name in "abc"))
    client.put(config("d", namespace="other"))
    assert len((await client.list(MAPS)).items) == 4
    picked = await client.list(MAPS, "default", labels="app in (a,b)", fields="metadata.name!=a")
    assert [each["metadata"]["name"] for each in picked.items] == ["b"]
    first = await client.list(MAPS, limit=3)
    client.put(config("e", namespace="other"))
    rest = await client.list(MAPS, limit=3, token=first.token)
    assert [each["metadata"]["name"] for each in rest.items] == ["d"] and not rest.token
    token = (await client.list(MAPS, limit=1)).token
    client.compact()
    await refused(410, client.list(MAPS, token=token))


async def test_a_watch_gives_what_came_behind_a_version_and_what_enters_and_leaves_the_selection() -> None:
    client = FakeClient(config(namespace="default", labels={"on": "no"}))
    version = str(client.revision)
    client.put(config(namespace="default", labels={"on": "yes"}))
    seen = []
    async with client.watch(MAPS, "default", labels="on=yes", resource_version=version) as changes:
        task = asyncio.ensure_future(_collect(changes, seen))
        client.put(config(namespace="default", labels={"on": "yes"}, annotations={"n": "1"}))
        client.put(config(namespace="default", labels={"on": "no"}))
        client.bookmark()
        client.end_watches()
        await task
    assert seen == ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


async def _collect(changes, seen: list[str]) -> None:
    async for change in changes:
        seen.append(change.type)


async def test_a_watch_from_the_forgotten_past_is_refused() -> None:
    client = FakeClient(config(namespace="default"))
    client.put(config("b", namespace="default"))
    client.compact()
    with pytest.raises(StatusError) as caught:
        async with client.watch(MAPS, resource_version="1"):
            pass
    assert caught.value.code == 410


async def test_finalizers_hold_an_object_until_the_last_is_gone() -> None:
    client = FakeClient(config(namespace="default", finalizers=["x"]))
    await client.delete(MAPS, "a", "default")
    held = await client.get(MAPS, "a", "default")
    assert held["metadata"]["deletionTimestamp"]
    more = {**held, "metadata": {**held["metadata"], "finalizers": ["x", "y"]}}
    assert "no new finalizers" in await refused(403, client.update(MAPS, more, "default"))
    held["metadata"]["finalizers"] = []
    await client.update(MAPS, held, "default")
    assert client.find(MAPS, "a", "default") is None


async def test_deletion_has_preconditions_and_policies() -> None:
    client = FakeClient(config(namespace="default"))
    options = {"preconditions": {"uid": "other"}}
    assert "UID in precondition: other" in await refused(409, client.delete(MAPS, "a", "default", options=options))
    await client.delete(MAPS, "a", "default", options={"propagationPolicy": "Foreground"})
    assert (client.find(MAPS, "a", "default") or {})["metadata"]["finalizers"] == ["foregroundDeletion"]
    await client.delete(MAPS, "a", "default", options={"propagationPolicy": "Orphan"})
    assert (client.find(MAPS, "a", "default") or {})["metadata"]["finalizers"] == ["orphan"]


async def test_a_pod_on_a_node_goes_when_the_node_says_so() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}}
    client = FakeClient({**pod, "spec": {"nodeName": "n1"}})
    await client.delete(PODS, "p", "default")
    meta = (client.find(PODS, "p", "default") or {})["metadata"]
    assert meta["deletionGracePeriodSeconds"] == 30 and meta["deletionTimestamp"] == "2026-01-01T00:00:30Z"
    await client.delete(PODS, "p", "default", options={"gracePeriodSeconds": 0})
    assert client.find(PODS, "p", "default") is None
    client.put({**pod, "spec": {}})
    await client.delete(PODS, "p", "default")
    assert client.find(PODS, "p", "default") is None


async def test_a_namespace_ends_by_finalizing_and_takes_nothing_in_meanwhile() -> None:
    client = FakeClient()
    await client.create(SPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})
    await client.delete(SPACES, "x")
    ending = await client.get(SPACES, "x")
    assert ending["status"]["phase"] == "Terminating"
    assert "being terminated" in await refused(403, client.create(MAPS, config(), "x"))
    ending["spec"]["finalizers"] = []
    await client.update(SPACES, ending, subresource="finalize")
    assert client.find(SPACES, "x") is None


async def test_a_status_is_written_by_its_subresource_alone() -> None:
    client = FakeClient({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "default"}})
    pod = await client.get(PODS, "p", "default")
    pod["status"] = {"phase": "Running"}
    assert "status" not in await client.update(PODS, pod, "default")
    pod["spec"] = {"nodeName": "n1"}
    written = await client.update(PODS, pod, "default", subresource="status")
    assert written["status"] == {"phase": "Running"} and "spec" not in written


async def test_faults_and_crashes_come_when_a_test_wants_them() -> None:
    client = FakeClient()
    client.fault = lambda call: OSError("no route") if call.verb == "get" else None
    with pytest.raises(OSError, match="no route"):
        await client.get(MAPS, "a", "default")
    client.crash_after(2)
    await client.create(MAPS, config("a"), "default")
    with pytest.raises(Crash):
        await client.create(MAPS, config("b"), "default")
    assert client.find(MAPS, "b", "default"), "the write was done, its answer was not seen"
    with pytest.raises(Crash):
        await client.create(MAPS, config("c"), "default")
    client.crash_after(None)
    assert [str(call) for call in client.calls] == ["create configmaps default/a", "create configmaps default/b"]


async def test_time_is_the_clocks() -> None:
    clock = FakeClock()
    await clock.advance(60)
    made = await FakeClient(clock=clock).create(MAPS, config(), "default")
    assert made["metadata"]["creationTimestamp"] == "2026-01-01T00:01:00Z"
    await settle()


def test_plurals() -> None:
    for kind, plural in (("Ingress", "ingresses"), ("NetworkPolicy", "networkpolicies"), ("Endpoints", "endpoints")):
        assert resource_of({"apiVersion": "v1", "kind": kind}) == GroupResource("", plural)

"""Create and change, in the order that all kinds share."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.unit.kube.apiserver.conftest import (
    DEFINITIONS,
    DEPLOYMENTS,
    MAPS,
    PODS,
    SERVICES,
    SPACES,
    Place,
    deployment,
    pod,
)
from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.model import User
from wherry.kube.apiserver.options import Options
from wherry.kube.apiserver.requestinfo import parse
from wherry.kube.apiserver.stored import decode
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.model import SigningKey
from wherry.store.memory import MemoryStore
from wherry.store.model import Compare, Operation, Put

QUOTAS = GroupVersionResource("", "v1", "resourcequotas")


def definition(default: object) -> Object:
    """Of a custom kind with a field that may be anything."""
    anything = {"x-kubernetes-preserve-unknown-fields": True, "default": default}
    schema = {"openAPIV3Schema": {"type": "object", "properties": {"a": anything}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    names = {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    return {"metadata": {"name": "things.example.com"}, "spec": spec}


async def test_a_new_object_has_an_identity(place: Place) -> None:
    made = await place.config("a", x="1")
    meta = made["metadata"]
    assert (made["apiVersion"], made["kind"], meta["namespace"]) == ("v1", "ConfigMap", "default")
    assert meta["uid"] and meta["creationTimestamp"] and int(meta["resourceVersion"]) > 0


async def test_there_are_never_two_of_one_name(place: Place) -> None:
    await place.config("a")
    with pytest.raises(StatusError, match='configmaps "a" already exists') as caught:
        await place.config("a")
    assert caught.value.code == 409


async def test_names_are_generated_and_tried_again(place: Place) -> None:
    made = [await place.client.create(MAPS, {"metadata": {"generateName": "x-"}}, "default") for _ in range(20)]
    names = {each["metadata"]["name"] for each in made}
    assert len(names) == 20 and all(name.startswith("x-") and len(name) == 7 for name in names)


async def test_a_quota_is_charged_once_for_an_object_whose_name_was_taken(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.config("x-taken")
    amounts = {"configmaps": "9"}
    quota = await place.client.create(QUOTAS, {"metadata": {"name": "q"}, "spec": {"hard": amounts}}, "default")
    counted = {**quota, "status": {"hard": amounts, "used": {"configmaps": "1"}}}
    await place.client.update(QUOTAS, counted, "default", subresource="status")
    suffixes = iter(("taken", "taken", "free"))
    monkeypatch.setattr("wherry.kube.apiserver.metadata.random_suffix", lambda: next(suffixes))
    made = await place.client.create(MAPS, {"metadata": {"generateName": "x-"}}, "default")
    assert made["metadata"]["name"] == "x-free"
    assert (await place.client.get(QUOTAS, "q", "default"))["status"]["used"] == {"configmaps": "2"}


async def test_what_is_wrong_is_told_all_at_once(place: Place) -> None:
    bad = deployment()
    bad["spec"]["replicas"] = -1
    bad["spec"]["template"]["spec"]["containers"][0]["name"] = "Not_A_Label"
    with pytest.raises(StatusError) as caught:
        await place.client.create(DEPLOYMENTS, bad, "default")
    fields = {cause["field"] for cause in caught.value.details["causes"]}
    assert caught.value.code == 422
    assert {"spec.replicas", "spec.template.spec.containers[0].name"} <= fields


async def test_of_very_much_that_is_wrong_not_all_is_told(place: Place) -> None:
    data = {"metadata": {"name": "a"}, "data": {f"/{number}": "" for number in range(30_000)}}
    with pytest.raises(StatusError) as caught:
        await place.client.create(MAPS, data, "default")
    assert 100 < len(caught.value.details["causes"]) < 10_000
    assert caught.value.message.startswith('ConfigMap "a" is invalid: [data[/0]: Invalid value: "/0": ')


async def test_a_service_without_a_name_is_refused_and_keeps_no_address(place: Place) -> None:
    bad = {"metadata": {}, "spec": {"ports": [{"port": 80}], "clusterIP": "10.96.0.50"}}
    with pytest.raises(StatusError, match=r"metadata\.name: Required value: name or generateName is required"):
        await place.client.create(SERVICES, bad, "default")
    made = await place.client.create(SERVICES, {**bad, "metadata": {"name": "web"}}, "default")
    assert made["spec"]["clusterIP"] == "10.96.0.50"


async def test_defaults_are_filled_in(place: Place) -> None:
    made = await place.client.create(DEPLOYMENTS, deployment(), "default")
    assert made["spec"]["replicas"] == 1
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}


async def test_a_spec_is_there_when_nobody_wrote_one(place: Place) -> None:
    """Controllers read it, and clients in Go send an empty one anyhow; also when an update takes it away."""
    budgets = GroupVersionResource("policy", "v1", "poddisruptionbudgets")
    made = await place.client.create(budgets, {"metadata": {"name": "a"}}, "default")
    assert made["spec"] == {}
    patched = await place.client.patch(budgets, "a", {"spec": None}, "default", type=PatchType.MERGE)
    assert patched["spec"] == {} and patched["metadata"]["generation"] == 1
    del patched["spec"]
    assert (await place.client.update(budgets, patched, "default"))["spec"] == {}
    assert "spec" not in await place.config("none")


async def test_generation_counts_changes_of_the_spec_only(place: Place) -> None:
    made = await place.client.create(DEPLOYMENTS, deployment(), "default")
    made["metadata"]["labels"] = {"a": "b"}
    labelled = await place.client.update(DEPLOYMENTS, made, "default")
    labelled["spec"]["replicas"] = 3
    scaled = await place.client.update(DEPLOYMENTS, labelled, "default")
    assert [each["metadata"]["generation"] for each in (made, labelled, scaled)] == [1, 1, 2]


async def test_status_is_written_by_its_subresource_only(place: Place) -> None:
    made = await place.client.create(DEPLOYMENTS, {**deployment(), "status": {"replicas": 7}}, "default")
    assert made["status"] == {}
    made["status"] = {"replicas": 2}
    made["spec"]["replicas"] = 5
    done = await place.client.update(DEPLOYMENTS, made, "default", subresource="status")
    assert (done["status"]["replicas"], done["spec"]["replicas"]) == (2, 1)
    del done["spec"]["selector"]
    done = await place.client.update(DEPLOYMENTS, done | {"unheard": 1}, "default", subresource="status")
    assert done["spec"]["selector"] and "unheard" not in done
    done["status"] = {"replicas": 9}
    again = await place.client.update(DEPLOYMENTS, done, "default")
    assert again["status"]["replicas"] == 2


async def test_an_update_of_what_was_changed_meanwhile_is_refused(place: Place) -> None:
    old = await place.config("a", x="1")
    await place.merge("a", {"data": {"x": "2"}})
    old["data"]["x"] = "3"
    with pytest.raises(StatusError, match="the object has been modified") as caught:
        await place.client.update(MAPS, old, "default")
    assert (caught.value.code, caught.value.reason) == (409, "Conflict")


async def test_an_update_that_says_no_version_is_done(place: Place) -> None:
    old = await place.config("a", x="1")
    del old["metadata"]["resourceVersion"]
    old["data"] = {"x": "2"}
    assert (await place.client.update(MAPS, old, "default"))["data"] == {"x": "2"}


async def test_changes_at_one_moment_are_all_done(place: Place) -> None:
    await place.config("a")
    await asyncio.gather(*(place.merge("a", {"data": {f"k{number}": "v"}}) for number in range(20)))
    assert len((await place.client.get(MAPS, "a", "default"))["data"]) == 20


class MeddledStore(MemoryStore):
    """Somebody else changes what the next commit is about, just before it."""

    is_meddled = False

    async def commit(self, compares: Sequence[Compare], operations: Sequence[Operation]) -> int:
        if self.is_meddled:
            self.is_meddled = False
            found = await self.get(compares[0].key)
            assert found is not None
            await super().commit([], [Put(found.key, found.value.replace(b'"old"', b'"theirs"'))])
        return await super().commit(compares, operations)


async def test_an_update_that_is_made_again_is_what_was_sent(key: SigningKey) -> None:
    store = MeddledStore()
    server = ApiServer(store, Options((key,)))
    await server.start()
    await server.client().create(SPACES, {"metadata": {"name": "default"}})
    await Place(server, server.client()).config("a", x="old")
    served = server.kinds.served("", "v1", "configmaps")
    assert served is not None
    info = parse("PUT", "/api/v1/namespaces/default/configmaps/a", {})
    body = b'{"metadata": {"name": "a"}, "data": {"y": "new"}, "unheard": 1}'
    call = Call(info, served, User("me"), server.options.clock(), body=body, content_type="application/json")
    store.is_meddled = True
    done = decode((await server.api.do(call)).raw)
    assert (done["data"], call.warnings) == ({"y": "new"}, ['unknown field "unheard"'])
    assert not store.is_meddled and "unheard" not in done
    await server.stop()


async def test_an_update_that_changes_nothing_writes_nothing(place: Place) -> None:
    made = await place.config("a", x="1")
    same = await place.client.update(MAPS, made, "default")
    assert same["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]


async def test_true_in_place_of_one_is_a_change(place: Place) -> None:
    made = await place.client.create(DEFINITIONS, definition(default=1))
    changed = await place.client.update(DEFINITIONS, {**made, "spec": definition(default=True)["spec"]})
    assert changed["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
    assert changed["metadata"]["generation"] == 2
    stored = await place.client.get(DEFINITIONS, "things.example.com")
    assert stored["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["a"]["default"] is True


async def test_identity_cannot_be_changed(place: Place) -> None:
    made = await place.config("a")
    made["metadata"]["uid"] = "00000000-0000-0000-0000-000000000000"
    with pytest.raises(StatusError, match="Precondition failed: UID") as caught:
        await place.client.update(MAPS, made, "default")
    assert caught.value.code == 409


async def test_nothing_is_made_in_a_namespace_that_is_not_there(place: Place) -> None:
    with pytest.raises(StatusError, match='namespaces "nowhere" not found'):
        await place.client.create(MAPS, {"metadata": {"name": "a"}}, "nowhere")


async def test_a_pod_begins_pending_with_its_quality_of_service(place: Place) -> None:
    made = await place.client.create(PODS, pod(), "default")
    assert (made["status"]["phase"], made["status"]["qosClass"]) == ("Pending", "BestEffort")
    assert made["spec"]["serviceAccountName"] == "default"


async def test_services_get_addresses_of_their_own(place: Place) -> None:
    async def make(number: int) -> str:
        body = {"metadata": {"name": f"s{number}"}, "spec": {"ports": [{"port": 80}], "type": "NodePort"}}
        made = await place.client.create(SERVICES, body, "default")
        return f"{made['spec']['clusterIP']} {made['spec']['ports'][0]['nodePort']}"

    found = await asyncio.gather(*(make(number) for number in range(50)))
    addresses, ports = zip(*(each.split() for each in found), strict=True)
    assert len(set(addresses)) == len(set(ports)) == 50


async def test_an_address_is_free_again_when_its_service_goes(place: Place) -> None:
    body = {"metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}], "clusterIP": "10.96.7.7"}}
    await place.client.create(SERVICES, body, "default")
    with pytest.raises(StatusError, match="provided IP is already allocated"):
        await place.client.create(SERVICES, {**body, "metadata": {"name": "t"}}, "default")
    await place.client.delete(SERVICES, "s", "default")
    assert (await place.client.create(SERVICES, body, "default"))["spec"]["clusterIP"] == "10.96.7.7"

"""All controllers on the real API server, in one process, as a cluster has them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from tests.unit.kube.client.serving import Served, serving
from tests.unit.kube.controllers.csr import csr, request
from tests.unit.kube.controllers.harness import MAPS, PODS, SECRETS, SPACES, THINGS
from wherry.app.controlling import ServedResources
from wherry.kube.apiserver.authz.aggregation import aggregate
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.events import Recorder, Source
from wherry.kube.client.informers import Informers
from wherry.kube.client.model import Client
from wherry.kube.controllers.accounts import ACCOUNTS
from wherry.kube.controllers.csrapproving import REQUESTS
from wherry.kube.controllers.definitions import DEFINITIONS
from wherry.kube.controllers.every import Given, controllers
from wherry.kube.controllers.frame import Needs
from wherry.kube.controllers.quota import QUOTAS
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.making import Authority

PATIENCE_SECONDS = 60.0


async def wait_until(predicate: Callable[[], Awaitable[bool]]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not await predicate():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def cluster(place: Path) -> AsyncIterator[Served]:
    async with serving(place) as served:
        task = asyncio.ensure_future(_run(served))
        try:
            await wait_until(lambda: _begun(served, task))
            yield served
            assert not task.done()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _begun(served: Served, task: "asyncio.Future[None]") -> bool:
    if task.done():
        await task
    return await exists(served.client, ACCOUNTS, "default", "default")


async def _run(served: Served) -> None:
    clock, local = SystemClock(), served.local
    async with Informers(local, clock) as informers, asyncio.TaskGroup() as group:
        recorder = Recorder(local, Source("control"), clock)
        group.create_task(recorder.run())
        needs = Needs(local, informers, ServedResources(served.server), recorder, clock)
        authority = Authority((served.pki.directory / "ca.pem").read_text())
        issuer = served.server.authentication.issuer
        given = Given(authority, served.pki.authority_pem, issuer.legacy_token, aggregate)
        for each in controllers(needs, given):
            group.create_task(each.run(), name=each.name)


async def exists(client: Client, resource: GroupVersionResource, name: str, namespace: str = "") -> bool:
    try:
        await client.get(resource, name, namespace)
    except StatusError as error:
        assert error.code == 404
        return False
    return True


async def gone(client: Client, resource: GroupVersionResource, name: str, namespace: str = "") -> None:
    await wait_until(lambda: _not(exists(client, resource, name, namespace)))


async def _not(asking: Awaitable[bool]) -> bool:
    return not await asking


def obj(kind: str, name: str, api: str = "v1", **more: object) -> Object:
    meta: Object = {"name": name}
    meta |= more.pop("metadata", {})  # type: ignore[arg-type]
    return {"apiVersion": api, "kind": kind, "metadata": meta, **more}


POD_SPEC = {"containers": [{"name": "c", "image": "i"}]}


async def test_a_namespace_lives_and_ends(tmp_path: Path) -> None:
    async with cluster(tmp_path) as served:
        client = served.client
        await client.create(SPACES, obj("Namespace", "x"))
        pod = await client.create(PODS, obj("Pod", "p", spec=POD_SPEC), "x")
        assert pod["spec"]["serviceAccountName"] == "default" and pod["spec"]["volumes"]
        await wait_until(lambda: exists(client, MAPS, "kube-root-ca.crt", "x"))
        await client.delete(SPACES, "x")
        await gone(client, SPACES, "x")
        assert (await client.list(MAPS, "x")).items == (await client.list(PODS, "x")).items == []


async def test_dependents_follow_their_owner(tmp_path: Path) -> None:
    async with cluster(tmp_path) as served:
        client = served.client
        for policy, stays in (("Background", False), ("Foreground", False), ("Orphan", True)):
            owner = await client.create(MAPS, obj("ConfigMap", "owner"), "default")
            reference = {
                "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["metadata"]["uid"],
                "blockOwnerDeletion": True,
            }  # fmt: skip
            await client.create(SECRETS, obj("Secret", "child", metadata={"ownerReferences": [reference]}), "default")
            await client.delete(MAPS, "owner", "default", options={"propagationPolicy": policy})
            await gone(client, MAPS, "owner", "default")
            if stays:
                assert "ownerReferences" not in (await client.get(SECRETS, "child", "default"))["metadata"]
            else:
                await gone(client, SECRETS, "child", "default")


async def test_a_quota_holds_against_many_at_once(tmp_path: Path) -> None:
    async with cluster(tmp_path) as served:
        client = served.client
        await client.create(QUOTAS, obj("ResourceQuota", "q", spec={"hard": {"pods": "3"}}), "default")

        async def used() -> str:
            status = (await client.get(QUOTAS, "q", "default")).get("status") or {}
            return str((status.get("used") or {}).get("pods", "unknown"))

        async def is_used(number: str) -> bool:
            return await used() == number

        await wait_until(lambda: is_used("0"))
        results = await asyncio.gather(
            *(client.create(PODS, obj("Pod", f"p{number}", spec=POD_SPEC), "default") for number in range(10)),
            return_exceptions=True,
        )
        refused = [str(each) for each in results if isinstance(each, StatusError)]
        assert len(refused) == 7 and all(
            "exceeded quota: q, requested: pods=1, used: pods=3" in each for each in refused
        )
        made = next(each for each in results if isinstance(each, dict))
        await client.delete(PODS, made["metadata"]["name"], "default")
        await wait_until(lambda: is_used("2"))


async def test_a_custom_kind_comes_and_goes_with_its_objects(tmp_path: Path) -> None:
    async with cluster(tmp_path) as served:
        client = served.client
        schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
        spec = {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        }  # fmt: skip
        definition = obj("CustomResourceDefinition", "things.example.com", "apiextensions.k8s.io/v1", spec=spec)
        await client.create(DEFINITIONS, definition)

        async def is_served() -> bool:
            try:
                await client.list(THINGS)
            except StatusError as error:
                assert error.code == 404
                return False
            return True

        await wait_until(is_served)
        await client.create(THINGS, obj("Thing", "t", "example.com/v1"), "default")
        await client.delete(DEFINITIONS, "things.example.com")
        await gone(client, DEFINITIONS, "things.example.com")
        assert not await is_served()


async def test_a_node_gets_its_certificate(tmp_path: Path) -> None:
    async with cluster(tmp_path) as served:
        role = "system:certificates.k8s.io:certificatesigningrequests:nodeclient"
        api = "rbac.authorization.k8s.io"
        binding = obj(
            "ClusterRoleBinding", "nodes", f"{api}/v1", roleRef={"apiGroup": api, "kind": "ClusterRole", "name": role},
            subjects=[{"apiGroup": api, "kind": "User", "name": "system:apiserver"}],
        )  # fmt: skip
        await served.client.create(GroupVersionResource(api, "v1", "clusterrolebindings"), binding)
        asked = csr(request=request("system:node:n1", "system:nodes"))
        asked["metadata"] = {"name": "r"}
        await served.local.create(REQUESTS, asked)

        async def has_certificate() -> bool:
            found = await served.client.get(REQUESTS, "r")
            return bool((found.get("status") or {}).get("certificate"))

        await wait_until(has_certificate)


async def test_an_old_style_token_is_good(tmp_path: Path) -> None:
    async with cluster(tmp_path) as served:
        client = served.client
        annotations = {"kubernetes.io/service-account.name": "default"}
        secret = obj("Secret", "s", metadata={"annotations": annotations}, type="kubernetes.io/service-account-token")
        await client.create(SECRETS, secret, "default")

        async def has_token() -> bool:
            return "token" in ((await client.get(SECRETS, "s", "default")).get("data") or {})

        await wait_until(has_token)

"""K17, A04: the whole server, asked with a node's own certificate."""

import contextlib
import time
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path

import pytest

from tests.unit.kube.client.serving import Served, serving
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import Connection, tls_of
from wherry.kube.client.http import HttpApiClient
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.making import Authority
from wherry.kube.pki.model import node_identity

NODES = GroupVersionResource("", "v1", "nodes")
PODS = GroupVersionResource("", "v1", "pods")
SECRETS = GroupVersionResource("", "v1", "secrets")
ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
LEASES = GroupVersionResource("coordination.k8s.io", "v1", "leases")


def obj(kind: str, name: str, api: str = "v1", **more: object) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **more}


def pod(name: str, node: str, secret: str) -> Object:
    containers = [{"name": "c", "image": "i"}]
    volumes = [{"name": "v", "secret": {"secretName": secret}}]
    spec = {"containers": containers, "volumes": volumes, "nodeName": node, "serviceAccountName": f"of-{node}"}
    return obj("Pod", name, spec=spec)


@contextlib.asynccontextmanager
async def as_node(place: Path) -> AsyncIterator[tuple[Served, HttpApiClient]]:
    """Two nodes, a pod with a secret on each, and a client that is the first."""
    async with serving(place) as served:
        await served.local.create(ACCOUNTS, obj("ServiceAccount", "default"), "default")
        for number in (1, 2):
            name = f"n{number}"
            await served.local.create(NODES, obj("Node", name))
            await served.local.create(SECRETS, obj("Secret", f"s{number}"), "default")
            await served.local.create(ACCOUNTS, obj("ServiceAccount", f"of-{name}"), "default")
            await served.local.create(PODS, pod(f"p{number}", name, f"s{number}"), "default")
        authority = Authority((served.pki.directory / "ca.pem").read_text())
        text = authority.client(node_identity("n1"), time.time())
        key, mark, certificate = text.partition("-----BEGIN CERTIFICATE")
        tls = tls_of(served.pki.authority_pem, mark + certificate, key)
        async with HttpApiClient(Connection(served.address, tls), SystemClock()) as client:
            yield served, client


async def forbidden(asking: Awaitable[object]) -> str:
    with pytest.raises(StatusError) as caught:
        await asking
    assert caught.value.code == 403, str(caught.value)
    return str(caught.value)


async def test_a_node_does_what_nodes_do(tmp_path: Path) -> None:
    async with as_node(tmp_path) as (served, node):
        await node.patch(NODES, "n1", {"metadata": {"labels": {"kubernetes.io/hostname": "n1"}}})
        status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
        await node.patch(NODES, "n1", status, subresource="status")
        await node.patch(PODS, "p1", {"status": {"phase": "Running"}}, "default", subresource="status")
        assert (await node.get(SECRETS, "s1", "default"))["metadata"]["name"] == "s1"
        await node.create(LEASES, obj("Lease", "n1", "coordination.k8s.io/v1", spec={}), "kube-node-lease")
        await node.create(ACCOUNTS, await token(served, "p1"), "default", name="of-n1", subresource="token")
        await node.delete(PODS, "p1", "default", options={"gracePeriodSeconds": 0})


async def token(served: Served, name: str) -> Object:
    uid = (await served.local.get(PODS, name, "default"))["metadata"]["uid"]
    bound = {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"boundObjectRef": bound}}


OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"}


@pytest.mark.parametrize(
    "patch",
    [
        {"metadata": {"ownerReferences": [OWNER]}},
        {"metadata": {"labels": {"node-restriction.kubernetes.io/secure": "yes"}}},
        {"metadata": {"labels": {"node-role.kubernetes.io/control-plane": ""}}},
        {"spec": {"taints": None}},
        {"spec": {"taints": [{"key": "a", "effect": "NoSchedule"}]}},
    ],
)
@pytest.mark.parametrize("subresource", ["", "status"])
async def test_a_node_does_not_make_itself_another(tmp_path: Path, patch: Object, subresource: str) -> None:
    async with as_node(tmp_path) as (served, node):
        before = await served.local.get(NODES, "n1")
        asking = node.patch(NODES, "n1", patch, type=PatchType.MERGE, subresource=subresource)
        if subresource:
            # The status is all that this part writes: the rest is dropped before anybody could refuse it.
            with contextlib.suppress(StatusError):
                await asking
        else:
            assert "is not allowed to modify" in await forbidden(asking)
        after = await served.local.get(NODES, "n1")
        assert after["spec"] == before["spec"]
        for name in ("labels", "ownerReferences"):
            assert after["metadata"].get(name) == before["metadata"].get(name)


async def test_a_node_touches_nothing_of_another(tmp_path: Path) -> None:
    async with as_node(tmp_path) as (served, node):
        await forbidden(node.patch(NODES, "n2", {"metadata": {"annotations": {"a": "b"}}}))
        await forbidden(node.delete(NODES, "n2"))
        await forbidden(node.get(SECRETS, "s2", "default"))
        await forbidden(node.list(SECRETS, "default"))
        await forbidden(node.patch(PODS, "p2", {"status": {"phase": "Failed"}}, "default", subresource="status"))
        await forbidden(node.delete(PODS, "p2", "default"))
        eviction = obj("Eviction", "p2", "policy/v1")
        await forbidden(node.create(PODS, eviction, "default", name="p2", subresource="eviction"))
        request = await token(served, "p2")
        await forbidden(node.create(ACCOUNTS, request, "default", name="of-n2", subresource="token"))
        await forbidden(node.create(LEASES, obj("Lease", "n2", "coordination.k8s.io/v1", spec={}), "kube-node-lease"))
        await forbidden(node.create(LEASES, obj("Lease", "n1", "coordination.k8s.io/v1", spec={}), "kube-system"))
        assert await served.local.get(PODS, "p2", "default")


async def test_a_node_makes_no_pods_but_mirrors(tmp_path: Path) -> None:
    async with as_node(tmp_path) as (served, node):
        plain = obj("Pod", "x", spec={"containers": [{"name": "c", "image": "i"}], "nodeName": "n1"})
        assert "can only create mirror pods" in await forbidden(node.create(PODS, plain, "default"))
        unbound = {**await token(served, "p1"), "spec": {"audiences": []}}
        said = await forbidden(node.create(ACCOUNTS, unbound, "default", name="of-n1", subresource="token"))
        assert "not bound to a pod" in said
        uid = (await served.local.get(NODES, "n1"))["metadata"]["uid"]
        owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": uid, "controller": True}
        meta = {"name": "m", "annotations": {"kubernetes.io/config.mirror": "h"}, "ownerReferences": [owner]}
        await node.create(PODS, {**plain, "metadata": meta}, "default")
        sneaky = {**plain["spec"], "volumes": [{"name": "v", "secret": {"secretName": "s2"}}]}
        named = {**meta, "name": "m2"}
        said = await forbidden(node.create(PODS, {**plain, "metadata": named, "spec": sneaky}, "default"))
        assert "can not create pods that reference secrets" in said

"""A whole server on a store in memory, and a client in its process."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from wherry.kube.apiserver.assembly import ApiServer
from wherry.kube.apiserver.local import LocalClient
from wherry.kube.apiserver.options import Options
from wherry.kube.client.model import PatchType
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.pki.making import make_signing_key
from wherry.kube.pki.model import SigningKey
from wherry.store.memory import MemoryStore

MAPS = GroupVersionResource("", "v1", "configmaps")
PODS = GroupVersionResource("", "v1", "pods")
SERVICES = GroupVersionResource("", "v1", "services")
SPACES = GroupVersionResource("", "v1", "namespaces")
ACCOUNTS = GroupVersionResource("", "v1", "serviceaccounts")
DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")
DEFINITIONS = GroupVersionResource("apiextensions.k8s.io", "v1", "customresourcedefinitions")


def signing_key() -> SigningKey:
    from cryptography.hazmat.primitives import serialization

    private = make_signing_key()
    key = serialization.load_pem_private_key(private.encode(), None)
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKey(public, private)


@dataclass(slots=True)
class Place:
    """A running server with the namespace ``default`` and its account."""

    server: ApiServer
    client: LocalClient

    async def config(self, name: str, **data: str) -> Object:
        """Make a config map."""
        return await self.client.create(MAPS, {"metadata": {"name": name}, "data": data}, "default")

    async def merge(self, name: str, patch: Object) -> Object:
        """Merge into a config map."""
        return await self.client.patch(MAPS, name, patch, "default", type=PatchType.MERGE)


def deployment(name: str = "web", **spec: Any) -> Object:
    """The smallest that is valid."""
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "c", "image": "x:1"}]}}
    return {
        "metadata": {"name": name},
        "spec": {"selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def pod(name: str = "p", **spec: Any) -> Object:
    """The smallest that is valid."""
    containers = [{"name": "c", "image": "x:1"}]
    return {"metadata": {"name": name}, "spec": {"containers": containers, **spec}}


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return signing_key()


@pytest.fixture
async def place(key: SigningKey) -> AsyncIterator[Place]:
    server = ApiServer(MemoryStore(), Options((key,)))
    await server.start()
    client = server.client()
    await client.create(SPACES, {"metadata": {"name": "default"}})
    await client.create(ACCOUNTS, {"metadata": {"name": "default"}}, "default")
    yield Place(server, client)
    await server.stop()

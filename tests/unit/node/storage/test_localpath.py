"""Volumes on this node's own disk."""

import asyncio
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.kube.controllers.harness import EVENTS, clock_of, obj, running
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, not_found
from wherry.node.storage.localpath import CLAIMS, FINALIZER, PROVISIONER, VOLUMES, Disk, LocalPath
from wherry.node.storage.localpath import Needs as Means


class Place:
    """A node ``n1`` that keeps volumes in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self, needs: Needs) -> list[Controller]:
        means = Means(needs.client, needs.informers, needs.recorder)
        return [Controller(LocalPath(means, Disk("n1", self.directory, shutil.rmtree)), needs.clock, 1)]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def claim(node: str = "n1", provisioner: str = PROVISIONER) -> Object:
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources, "storageClassName": "local-path"}
    found: Object = obj("PersistentVolumeClaim", "data", "default", spec=spec)
    found["metadata"]["annotations"] = {
        "volume.kubernetes.io/storage-provisioner": provisioner,
        "volume.kubernetes.io/selected-node": node,
    }
    return found


def storage_class(**more: Any) -> Object:
    found: Object = obj("StorageClass", "local-path", "", provisioner=PROVISIONER, **more)
    found["apiVersion"] = "storage.k8s.io/v1"
    return found


async def test_a_claim_gets_a_directory_and_a_volume_on_this_node(place: Place) -> None:
    client = FakeClient(claim(), storage_class(reclaimPolicy="Delete"))
    async with running(client, place.make):
        await clock_of(client).advance(1)
    (volume,) = client.all(VOLUMES)
    path = Path(volume["spec"]["hostPath"]["path"])
    assert path.parent == place.directory and stat.S_IMODE(path.stat().st_mode) == 0o777
    assert volume["spec"]["claimRef"]["name"] == "data"
    term = volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert term == {"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}


@pytest.mark.parametrize(("node", "provisioner"), [("n2", PROVISIONER), ("n1", "example.com/other")])
async def test_what_is_another_s_is_left_alone(place: Place, node: str, provisioner: str) -> None:
    client = FakeClient(claim(node, provisioner), storage_class())
    async with running(client, place.make):
        await clock_of(client).advance(1)
    assert client.all(VOLUMES) == [] and not list(place.directory.iterdir())


@pytest.mark.parametrize(("policy", "goes"), [("Delete", True), ("Retain", False)])
async def test_a_released_volume_goes_with_its_directory_if_it_is_to(place: Place, policy: str, goes: bool) -> None:
    client = FakeClient(claim(), storage_class(reclaimPolicy=policy))
    async with running(client, place.make):
        await clock_of(client).advance(1)
        (volume,) = client.all(VOLUMES)
        await client.update(VOLUMES, {**volume, "status": {"phase": "Released"}}, subresource="status")
        for _ in range(6000 if goes else 3):
            await clock_of(client).advance(1)
            await asyncio.sleep(0.01)  # it is removed by a thread
            if not client.all(VOLUMES):
                break
    assert (client.all(VOLUMES) == []) is goes
    assert (list(place.directory.iterdir()) == []) is goes


@pytest.mark.parametrize(("policy", "stays"), [("Delete", False), ("Retain", True)])
async def test_a_volume_that_is_deleted_before_its_claim_waits_for_its_directory(
    place: Place, policy: str, stays: bool
) -> None:
    client = FakeClient(claim(), storage_class(reclaimPolicy=policy))
    async with running(client, place.make):
        await clock_of(client).advance(1)
        (volume,) = client.all(VOLUMES)
        assert FINALIZER in volume["metadata"]["finalizers"]
        await client.delete(VOLUMES, volume["metadata"]["name"])  # its claim is still there
        await clock_of(client).advance(1)
        if not stays:
            (volume,) = client.all(VOLUMES)
            assert list(place.directory.iterdir())
            await client.update(VOLUMES, {**volume, "status": {"phase": "Released"}}, subresource="status")
        for _ in range(6000):
            await clock_of(client).advance(1)
            await asyncio.sleep(0.01)  # it is removed by a thread
            if not client.all(VOLUMES):
                break
    assert client.all(VOLUMES) == []
    assert bool(list(place.directory.iterdir())) is stays


async def test_what_is_asked_in_vain_is_said_once(place: Place) -> None:
    block = claim()
    block["spec"]["volumeMode"] = "Block"
    client = FakeClient(block, storage_class())
    async with running(client, place.make):
        for _ in range(2):
            await clock_of(client).advance(1)
            await client.update(CLAIMS, {**block, "metadata": {**block["metadata"], "labels": {"a": "b"}}}, "default")
        assert client.all(VOLUMES) == []
    (told,) = client.all(EVENTS)
    assert (told["reason"], told["type"], told["count"]) == ("ProvisioningFailed", "Warning", 1)
    assert told["message"] == (
        'failed to provision volume with StorageClass "local-path": directories are no block devices'
    )


async def test_a_volume_that_is_a_directory_does_not_grow(place: Place) -> None:
    client = FakeClient(claim(), storage_class())
    async with running(client, place.make):
        await clock_of(client).advance(1)
        (volume,) = client.all(VOLUMES)
        bound = claim()
        bound["spec"]["volumeName"] = volume["metadata"]["name"]
        bound["spec"]["resources"]["requests"]["storage"] = "2Gi"
        client.put({**bound, "status": {"phase": "Bound", "capacity": {"storage": "1Gi"}}})
        await clock_of(client).advance(1)
    (told,) = client.all(EVENTS)
    assert told["reason"] == "VolumeResizeFailed"
    assert told["message"].startswith(
        f'resize volume "{volume["metadata"]["name"]}" by resizer "{PROVISIONER}" failed: it is a directory of the node'
    )


async def test_a_directory_elsewhere_is_never_removed(place: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("precious")
    client = FakeClient(claim(), storage_class(reclaimPolicy="Delete"))
    async with running(client, place.make):
        await clock_of(client).advance(1)
        (volume,) = client.all(VOLUMES)
        forged = {**volume, "spec": {**volume["spec"], "hostPath": {"path": str(elsewhere)}}}
        client.put({**forged, "status": {"phase": "Released"}})
        await clock_of(client).advance(1)
    assert elsewhere.exists()


async def test_a_volume_that_has_gone_meanwhile_is_let_go(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Its finalizer was taken off, and the watch has not told of its end yet."""
    client = FakeClient(claim(), storage_class(reclaimPolicy="Retain"))
    async with running(client, place.make):
        await clock_of(client).advance(1)
        (volume,) = client.all(VOLUMES)
        asked = []

        def fault(call: Call) -> StatusError | None:
            if call.verb != "update" or call.resource != VOLUMES.group_resource:
                return None
            asked.append(call)
            return not_found(call.resource, call.name)

        client.fault = fault
        await client.delete(VOLUMES, volume["metadata"]["name"])
        await clock_of(client).advance(10)
    assert len(asked) == 1
    assert not caplog.records

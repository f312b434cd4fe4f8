"""From claims to paths."""

import pytest

from tests.unit.node.pods.rig import Client, container, pod
from wherry.kit.errors import Invalid, NotFound, Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.volumes.claims import Persistent, claim_name, persistent

VOLUME: Object = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}


def claim(**more: object) -> Object:
    meta = {"name": "data", "namespace": "default", "uid": "c1"}
    found = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {"volumeName": "pv"}}
    return {**found, "status": {"phase": "Bound"}, **more}


def volume(**source: object) -> Object:
    spec = {"claimRef": {"uid": "c1"}, "accessModes": ["ReadWriteOnce"], **source}
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": spec}


async def found(*objects: Object, asked: Object = VOLUME) -> Persistent:
    client = Client(FakeClock())
    client.put(*objects)
    return await persistent(client, pod(), asked)


async def test_paths_of_this_machine() -> None:
    assert await found(claim(), volume(local={"path": "/d"})) == Persistent("pv", "/d", "local")
    host = volume(hostPath={"path": "/h", "type": "DirectoryOrCreate"})
    assert await found(claim(), host) == Persistent("pv", "/h", "hostPath", "DirectoryOrCreate")


async def test_read_only_by_the_pod_or_by_the_volume() -> None:
    asked = {"name": "v", "persistentVolumeClaim": {"claimName": "data", "readOnly": True}}
    assert (await found(claim(), volume(local={"path": "/d"}), asked=asked)).read_only
    assert (await found(claim(), volume(local={"path": "/d"}, accessModes=["ReadOnlyMany"]))).read_only


@pytest.mark.parametrize(
    ("objects", "error", "said"),
    [
        ([], NotFound, 'failed to fetch PVC from API server: persistentvolumeclaims "data" not found'),
        ([claim(status={"phase": "Pending"})], Unavailable, "PVC is not bound"),
        ([claim()], NotFound, 'failed to fetch PV pv from API server: persistentvolumes "pv" not found'),
        ([claim(), volume(local={"path": "/d"}, claimRef={"uid": "other"})], Unavailable, "is not bound to PVC"),
        ([claim(), volume(nfs={"server": "x"})], Invalid, "no hostPath and no local volume"),
        ([claim(spec={"volumeName": "pv", "volumeMode": "Block"})], Invalid, "block device"),
    ],
)
async def test_what_cannot_be_had(objects: list[Object], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        await found(*objects)


async def test_a_claim_that_was_made_for_the_pod_has_to_be_its_own() -> None:
    asked = {"name": "data", "ephemeral": {}}
    assert claim_name(pod(), asked) == "web-data"
    made = claim()
    made["metadata"]["name"] = "web-data"
    with pytest.raises(Invalid, match="was not created for pod default/web"):
        await found(made, volume(local={"path": "/d"}), asked=asked)
    made["metadata"]["ownerReferences"] = [{"uid": "uid-web", "controller": True}]
    assert await found(made, volume(local={"path": "/d"}), asked=asked) == Persistent("pv", "/d", "local")


def test_names() -> None:
    assert claim_name(pod("web", container()), VOLUME) == "data"

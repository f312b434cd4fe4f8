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


async def test_what_is_elsewhere_has_no_path() -> None:
    assert await found(claim(), volume(nfs={"server": "x", "path": "/x"})) == Persistent("pv", "", "nfs")
    csi = volume(csi={"driver": "ebs.example.com", "volumeHandle": "h"}, mountOptions=["ro"], volumeMode="Filesystem")
    assert await found(claim(), csi) == Persistent("pv", "", "csi", driver="ebs.example.com")


async def test_where_it_is_and_for_how_many() -> None:
    terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["n1"]}]}]
    source = {"local": {"path": "/d"}, "nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}
    it = await found(claim(), volume(**source, accessModes=["ReadWriteOncePod"]))
    assert it.is_for_one
    assert [it.nodes.matches(name, {"kubernetes.io/hostname": name}) for name in ("n1", "n2")] == [True, False]
    assert not (await found(claim(), volume(local={"path": "/d"}))).is_for_one


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

"""Claims and volumes come together, and apart."""

from tests.unit.kube.controllers.harness import EVENTS, clock_of, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.volumebinding.controller import CLAIMS, VOLUMES, VolumeBinder
from wherry.kube.controllers.volumebinding.plan import PROVISIONER
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(VolumeBinder(needs), needs.clock, 1)]


def claim(name: str = "data", storage_class: str = "fast") -> Object:
    resources = {"requests": {"storage": "1Gi"}}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": resources, "storageClassName": storage_class}
    found: Object = obj("PersistentVolumeClaim", name, "default", spec=spec)
    return found


def volume(name: str = "v") -> Object:
    spec = {"capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "fast"}
    found: Object = obj("PersistentVolume", name, "", spec=spec)
    return found


def storage_class() -> Object:
    found: Object = obj("StorageClass", "fast", "", provisioner="example.com/p", volumeBindingMode="Immediate")
    found["apiVersion"] = "storage.k8s.io/v1"
    return found


def phase(client: FakeClient, name: str = "data") -> str:
    found = client.find(CLAIMS, name, "default")
    assert found
    return str((found.get("status") or {}).get("phase"))


async def test_a_claim_and_a_volume_find_each_other_whoever_comes_first() -> None:
    client = FakeClient(claim())
    async with running(client, make):
        await clock_of(client).advance(1)
        assert phase(client) == "Pending"
        await client.create(VOLUMES, volume())
        await clock_of(client).advance(1)
    bound = client.find(VOLUMES, "v", "")
    assert bound and bound["spec"]["claimRef"]["name"] == "data" and bound["status"]["phase"] == "Bound"
    assert phase(client) == "Bound"


async def test_one_volume_is_never_two_claims() -> None:
    client = FakeClient(claim("a"), claim("b"), volume())
    async with running(client, make):
        await clock_of(client).advance(1)
    assert sorted([phase(client, "a"), phase(client, "b")]) == ["Bound", "Pending"]


async def test_a_claim_does_not_get_whatever_it_names() -> None:
    wants = claim()
    wants["spec"] |= {"volumeName": "v", "resources": {"requests": {"storage": "3Gi"}}}
    client = FakeClient(wants, volume())
    async with running(client, make):
        await clock_of(client).advance(1)
        assert phase(client) == "Pending"
        (told,) = client.all(EVENTS)
        assert (told["reason"], told["type"]) == ("VolumeMismatch", "Warning")
        assert told["message"] == 'Cannot bind to requested volume "v": requested PV is too small'
        found = client.find(VOLUMES, "v", "")
        assert found
        await client.update(VOLUMES, {**found, "spec": {**found["spec"], "capacity": {"storage": "3Gi"}}})
        await clock_of(client).advance(1)
    assert phase(client) == "Bound"


async def test_a_claim_gets_the_volume_that_it_names_when_that_comes() -> None:
    wants = claim()
    wants["spec"]["volumeName"] = "v"
    client = FakeClient(wants)
    async with running(client, make):
        await clock_of(client).advance(1)
        assert phase(client) == "Pending"
        await client.create(VOLUMES, volume())
        await clock_of(client).advance(1)
    assert phase(client) == "Bound"


async def test_a_provisioner_is_asked() -> None:
    client = FakeClient(claim(), storage_class())
    async with running(client, make):
        await clock_of(client).advance(1)
    found = client.find(CLAIMS, "data", "default")
    assert found and found["metadata"]["annotations"][PROVISIONER] == "example.com/p"


async def test_a_volume_is_released_when_its_claim_goes() -> None:
    client = FakeClient(claim(), volume())
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(CLAIMS, "data", "default")
        await clock_of(client).advance(1)
    found = client.find(VOLUMES, "v", "")
    assert found and found["status"]["phase"] == "Released"


async def test_a_volume_that_nobody_can_delete_says_so_until_it_is_to_stay() -> None:
    made = volume()
    made["spec"]["persistentVolumeReclaimPolicy"] = "Delete"
    client = FakeClient(claim(), made)
    async with running(client, make):
        await clock_of(client).advance(1)
        await client.delete(CLAIMS, "data", "default")
        await clock_of(client).advance(1)
        found = client.find(VOLUMES, "v", "")
        assert found
        message = 'error getting deleter volume plugin for volume "v": no deletable volume plugin matched'
        assert (found["status"]["phase"], found["status"]["message"]) == ("Failed", message)
        (told,) = [each for each in client.all(EVENTS) if each["involvedObject"]["kind"] == "PersistentVolume"]
        assert (told["reason"], told["message"], told["type"]) == ("VolumeFailedDelete", message, "Warning")
        await client.update(VOLUMES, {**found, "spec": {**found["spec"], "persistentVolumeReclaimPolicy": "Retain"}})
        await clock_of(client).advance(1)
    found = client.find(VOLUMES, "v", "")
    assert found and found["status"]["phase"] == "Released" and "message" not in found["status"]


async def test_a_volume_that_is_being_deleted_is_released_all_the_same() -> None:
    """It waits for its claim's end, and then for nobody."""
    client = FakeClient(claim(), volume())
    async with running(client, make):
        await clock_of(client).advance(1)
        bound = client.find(VOLUMES, "v", "")
        assert bound
        protected = {**bound, "metadata": {**bound["metadata"], "finalizers": ["kubernetes.io/pv-protection"]}}
        await client.update(VOLUMES, protected)
        await client.delete(VOLUMES, "v")
        await clock_of(client).advance(1)
        found = client.find(VOLUMES, "v", "")
        assert found and found["status"]["phase"] == "Bound"
        await client.delete(CLAIMS, "data", "default")
        await clock_of(client).advance(1)
    found = client.find(VOLUMES, "v", "")
    assert found and found["status"]["phase"] == "Released"

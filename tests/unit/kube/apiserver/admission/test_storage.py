import pytest

from tests.unit.kube.apiserver.admission.asking import admitted, create, needs, refused, update
from wherry.kube.apiserver.admission.storage import (
    DefaultStorageClass,
    PersistentVolumeClaimResize,
    StorageObjectInUseProtection,
)
from wherry.kube.machinery.model import Object


def storage_class(name: str, default: bool = True, created: str = "2026-01-01T00:00:00Z", **more: object) -> Object:
    meta = {"name": name, "creationTimestamp": created, "annotations": {}}
    if default:
        meta["annotations"] = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": meta, **more}


def claim(size: str = "1Gi", phase: str = "Bound", **spec: object) -> Object:
    meta = {"name": "data", "namespace": "default"}
    given = {"resources": {"requests": {"storage": size}}, **spec}
    base = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta}
    return {**base, "spec": given, "status": {"phase": phase}}


async def test_a_claim_without_class_gets_the_youngest_default() -> None:
    classes = [
        storage_class("old"),
        storage_class("b", created="2026-02-01T00:00:00Z"),
        storage_class("a", created="2026-02-01T00:00:00Z"),
        storage_class("newest", default=False, created="2026-03-01T00:00:00Z"),
    ]
    made = await admitted(DefaultStorageClass(needs(*classes)), create(claim()))
    assert made["spec"]["storageClassName"] == "a"


@pytest.mark.parametrize("given", ["", "mine"])
async def test_a_class_that_was_named_stays(given: str) -> None:
    made = await admitted(DefaultStorageClass(needs(storage_class("a"))), create(claim(storageClassName=given)))
    assert made["spec"]["storageClassName"] == given


async def test_without_a_default_a_claim_stays_as_it_is() -> None:
    made = await admitted(DefaultStorageClass(needs(storage_class("a", default=False))), create(claim()))
    assert "storageClassName" not in made["spec"]


async def test_claims_and_volumes_are_protected_from_the_beginning() -> None:
    made = await admitted(StorageObjectInUseProtection(), create(claim()))
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    volume = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v", "finalizers": ["x"]}}
    for _ in range(2):
        made = await admitted(StorageObjectInUseProtection(), create(volume))
        assert made["metadata"]["finalizers"] == ["x", "kubernetes.io/pv-protection"]


async def test_a_bound_claim_grows_when_its_class_lets_it() -> None:
    plugin = PersistentVolumeClaimResize(needs(storage_class("a", allowVolumeExpansion=True), storage_class("b")))
    await admitted(plugin, update(claim("2Gi", storageClassName="a"), claim("1Gi", storageClassName="a")))
    error = await refused(plugin, update(claim("2Gi", storageClassName="b"), claim("1Gi", storageClassName="b")))
    assert "only dynamically provisioned pvc can be resized" in str(error)
    await admitted(plugin, update(claim("1Gi", storageClassName="b"), claim("1024Mi", storageClassName="b")))
    await refused(plugin, update(claim("2Gi"), claim("1Gi")))


async def test_an_unbound_claim_does_not_grow() -> None:
    plugin = PersistentVolumeClaimResize(needs(storage_class("a", allowVolumeExpansion=True)))
    old = claim("1Gi", "Pending", storageClassName="a")
    error = await refused(plugin, update(claim("2Gi", storageClassName="a"), old))
    assert str(error) == (
        'persistentvolumeclaims "data" is forbidden: Only bound persistent volume claims can be expanded'
    )

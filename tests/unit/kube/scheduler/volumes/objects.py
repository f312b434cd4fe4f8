"""Claims, volumes and classes for tests."""

from typing import Any

from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.plan import Facts
from wherry.kube.scheduler.volumes.view import BIND_COMPLETED, SELECTED_NODE, claim_of, class_of, volume_of


def claim_object(name: str, storage_class: str = "", *, bound: str = "", node: str = "", **more: Any) -> Object:
    """Of 1Gi, ReadWriteOnce."""
    annotations = {SELECTED_NODE: node} if node else {}
    spec: Object = {
        "storageClassName": storage_class, "accessModes": more.pop("modes", ["ReadWriteOnce"]),
        "resources": {"requests": {"storage": more.pop("size", "1Gi")}},
    }  # fmt: skip
    if bound:
        spec["volumeName"] = bound
        annotations[BIND_COMPLETED] = "yes"
    meta = {"name": name, "namespace": "default", "uid": f"uid-{name}", "resourceVersion": "1",
            "annotations": annotations, **more.pop("meta", {})}  # fmt: skip
    phase = more.pop("phase", "Bound" if bound else "Pending")
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {**spec, **more},
            "status": {"phase": phase}}  # fmt: skip


def volume_object(name: str, storage_class: str = "", *, node: str = "", owner: str = "", **more: Any) -> Object:
    """Of 1Gi, ReadWriteOnce; ``node``: where it can be reached only; ``owner``: name of its claim."""
    spec: Object = {
        "storageClassName": storage_class, "accessModes": more.pop("modes", ["ReadWriteOnce"]),
        "capacity": {"storage": more.pop("size", "1Gi")},
    }  # fmt: skip
    if node:
        expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        spec["nodeAffinity"] = {"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}
    if owner:
        spec["claimRef"] = {"namespace": "default", "name": owner}
    meta = {"name": name, "resourceVersion": "1", "labels": more.pop("labels", {}), **more.pop("meta", {})}
    phase = more.pop("phase", "Available")
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": meta, "spec": {**spec, **more},
            "status": {"phase": phase}}  # fmt: skip


def class_object(name: str, *, waits: bool = False, provisioner: str = "kubernetes.io/no-provisioner") -> Object:
    mode = "WaitForFirstConsumer" if waits else "Immediate"
    return {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name},
            "provisioner": provisioner, "volumeBindingMode": mode}  # fmt: skip


def claim(known: Facts, name: str, storage_class: str = "", **more: Any) -> None:
    obj = claim_object(name, storage_class, **more)
    known.volumes.set_claim(("default", name), claim_of(obj))


def volume(known: Facts, name: str, storage_class: str = "", **more: Any) -> None:
    known.volumes.set_volume(name, volume_of(volume_object(name, storage_class, **more)))


def storage_class(known: Facts, name: str, **more: Any) -> None:
    known.volumes.set_class(name, class_of(class_object(name, **more)))


def with_claim(obj: Object, *names: str) -> Object:
    """The pod, in namespace default, with volumes of these claims."""
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in names]
    return {**obj, "metadata": {**obj["metadata"], "namespace": "default"}, "spec": {**obj["spec"], "volumes": volumes}}

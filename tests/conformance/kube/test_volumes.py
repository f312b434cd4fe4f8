"""Volumes of the node's disk: whose they are, where, for how long, and what is said of those that cannot be had."""

import json
from pathlib import Path
from typing import Any

import pytest

import wherry
from tests.conformance.kube.whole import IMAGE, Commands

FINALIZERS = {"kubernetes.io/pv-protection", "external-provisioner.volume.kubernetes.io/finalizer"}
_ELSEWHERE = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": ["elsewhere"]}]}]


def claim(name: str, mode: str = "ReadWriteOnce", **spec: Any) -> dict[str, Any]:
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "8Mi"}}, **spec}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def pod(name: str, volume: dict[str, Any], node: str = "") -> dict[str, Any]:
    made = {
        "name": "c", "image": IMAGE, "command": ["sh", "-c", "trap 'exit 0' TERM; sleep 1000 & wait"],
        "volumeMounts": [{"name": "v", "mountPath": "/v"}],
    }  # fmt: skip
    spec: dict[str, Any] = {
        "terminationGracePeriodSeconds": 1,
        "containers": [made],
        "volumes": [{"name": "v", **volume}],
    }
    if node:
        spec["nodeName"] = node  # past the scheduler
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def of(name: str) -> dict[str, Any]:
    return {"persistentVolumeClaim": {"claimName": name}}


def volume(kubectl: Commands, name: str, source: dict[str, Any]) -> list[dict[str, Any]]:
    """One by hand, and a claim that asks for it."""
    unique = f"{kubectl.namespace}-{name}"
    spec = {
        "capacity": {"storage": "8Mi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "",
        "persistentVolumeReclaimPolicy": "Retain", "claimRef": {"namespace": kubectl.namespace, "name": name}, **source,
    }  # fmt: skip
    made = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": unique}, "spec": spec}
    return [made, claim(name, storageClassName="", volumeName=unique)]


def node_of(kubectl: Commands) -> str:
    return str(kubectl.json("nodes")["items"][0]["metadata"]["name"])


def ready(kubectl: Commands, name: str) -> None:
    kubectl("wait", "--for=condition=Ready", "--timeout=100s", f"pod/{name}")


def said(kubectl: Commands, name: str, reason: str) -> str:
    """The message of that event about the object."""
    fields = f"--field-selector=involvedObject.name={name},reason={reason}"
    return kubectl.until(".", "get", "events", fields, "-o", "jsonpath={.items[0].message}")


@pytest.mark.parametrize("first", ["pv", "pvc"])
def test_a_volume_is_used_until_its_last_pod_goes_whatever_is_deleted_first(
    whole: wherry.Cluster, inside: Commands, first: str
) -> None:
    inside.apply(claim("data"), pod("web", of("data")))
    ready(inside, "web")
    inside("exec", "web", "--", "sh", "-c", "echo kept > /v/file")
    name = inside.json("pvc", "data")["spec"]["volumeName"]
    made = inside.json("pv", name)
    assert set(made["metadata"]["finalizers"]) == FINALIZERS
    assert inside.json("pvc", "data")["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    directory = Path(made["spec"]["hostPath"]["path"])
    assert directory.parent == whole.root / "storage"
    for kind, each in sorted({"pv": name, "pvc": "data"}.items(), reverse=first == "pvc"):
        inside("delete", kind, each, "--wait=false")
    assert "Terminating" in inside("get", "pv", name)
    assert inside("exec", "web", "--", "cat", "/v/file") == "kept\n"
    inside.apply(pod("late", of("data")))
    assert 'persistentvolumeclaim "data" is being deleted' in said(inside, "late", "FailedScheduling")
    inside("delete", "pod", "web")
    inside("wait", "--for=delete", f"pv/{name}", "pvc/data", "--timeout=100s")
    assert not directory.exists()


def test_one_pod_alone_has_what_one_pod_may_have(inside: Commands) -> None:
    inside.apply(claim("one", "ReadWriteOncePod"), pod("first", of("one")))
    ready(inside, "first")
    inside.apply(pod("second", of("one")), pod("forced", of("one"), node_of(inside)))
    assert "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode" in said(
        inside, "second", "FailedScheduling"
    )
    name = inside.json("pvc", "one")["spec"]["volumeName"]
    assert said(inside, "forced", "FailedMount") == (
        f'MountVolume.SetUp failed for volume "{name}" : volume uses the ReadWriteOncePod access mode and is already '
        "in use by another pod"
    )
    inside("delete", "pod", "second", "first")
    ready(inside, "forced")


def test_nothing_is_attached(inside: Commands) -> None:
    """Local volumes have no attacher: neither the node nor any object tells of attachments."""
    inside.apply(claim("data"), pod("web", of("data")))
    ready(inside, "web")
    node = inside.json("nodes")["items"][0]["status"]
    assert not node.get("volumesInUse")
    assert not node.get("volumesAttached")
    assert inside.json("volumeattachments")["items"] == []


def test_what_is_somewhere_else(inside: Commands) -> None:
    csi = {"csi": {"driver": "ebs.example.com", "volumeHandle": "h"}}
    far = {"local": {"path": "/tmp"}, "nodeAffinity": {"required": {"nodeSelectorTerms": _ELSEWHERE}}}
    inside.apply(*volume(inside, "csi", csi), *volume(inside, "far", far))
    try:
        inline = {"csi": {"driver": "inline.example.com"}}
        inside.apply(pod("csi", of("csi")), pod("inline", inline), pod("far", of("far")))
        inside.apply(pod("forced", of("far"), node_of(inside)))
        name = f"{inside.namespace}-csi"
        assert said(inside, "csi", "FailedMount") == (
            f'MountVolume.MountDevice failed for volume "{name}" : kubernetes.io/csi: attacher.MountDevice failed to '
            "create newCsiDriverClient: driver name ebs.example.com not found in the list of registered CSI drivers"
        )
        assert said(inside, "inline", "FailedMount") == (
            'MountVolume.NewMounter initialization failed for volume "v" : volume mode "Ephemeral" not supported by '
            "driver inline.example.com (no CSIDriver object)"
        )
        assert "didn't match PersistentVolume's node affinity" in said(inside, "far", "FailedScheduling")
        assert said(inside, "forced", "FailedMount") == (
            f'MountVolume.NodeAffinity check failed for volume "{inside.namespace}-far" : no matching NodeSelectorTerms'
        )
        assert inside.json("volumeattachments")["items"] == []  # nobody would ever attach it
    finally:
        inside("delete", "pod", "--all", "--wait=false")
        inside("delete", "pvc", "--all", "--wait=false")
        inside("delete", "pv", f"{inside.namespace}-csi", f"{inside.namespace}-far", "--timeout=100s")


def test_volumes_do_not_grow_and_are_no_devices(inside: Commands) -> None:
    more = json.dumps({"spec": {"resources": {"requests": {"storage": "16Mi"}}}})
    grows = f"{inside.namespace}-grows"
    of_claims = {
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": grows},
        "provisioner": "wherry.dev/local-path", "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }  # fmt: skip
    try:
        inside.apply(of_claims, claim("data"), claim("growing", storageClassName=grows))
        inside.apply(pod("web", of("data")), pod("other", of("growing")))
        inside.apply(claim("block", volumeMode="Block"), pod("device", of("block")))
        ready(inside, "web")
        ready(inside, "other")
        refusal = inside.fails("patch", "pvc", "data", "--patch", more)
        assert "only dynamically provisioned pvc can be resized and the storageclass that provisions" in refusal
        inside("patch", "pvc", "growing", "--patch", more)
        assert "didn't find a plugin capable of expanding" in said(inside, "growing", "ExternalExpanding")
        assert "failed: it is a directory of the node's disk" in said(inside, "growing", "VolumeResizeFailed")
        assert said(inside, "block", "ProvisioningFailed").endswith("directories are no block devices")
    finally:
        inside("delete", "storageclass", grows, "--ignore-not-found")

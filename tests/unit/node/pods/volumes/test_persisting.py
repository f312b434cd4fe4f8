"""Persistent volumes on their way into pods."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.mounts import Ready
from wherry.node.pods.volumes.persisting import PersistentVolumes
from wherry.node.pods.volumes.trouble import VolumeError

VOLUME: Object = {"name": "v", "persistentVolumeClaim": {"claimName": "data"}}
HOST = "kubernetes.io/hostname"


class Bench:
    """A node ``n1`` with a claim, bound to what a test says."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.client = Client(FakeClock())
        self.labels = {HOST: "n1"}
        self.label("n1")
        self.volumes = PersistentVolumes(self.client, "n1", lambda: self.labels)

    def label(self, host: str) -> None:
        """The node, as the API has it."""
        meta = {"name": "n1", "labels": {HOST: host}}
        self.client.put({"apiVersion": "v1", "kind": "Node", "metadata": meta})

    def bind(self, *modes: str, **spec: Any) -> None:
        source = {} if spec.keys() & {"csi", "nfs"} else {"local": {"path": str(self.directory)}}
        whole = {"claimRef": {"uid": "c1"}, "accessModes": list(modes) or ["ReadWriteOnce"], **source, **spec}
        claim = {"name": "data", "namespace": "default", "uid": "c1"}
        self.client.put(
            {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": claim, "spec": {"volumeName": "pv"},
                "status": {"phase": "Bound"},
            },
            {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv"}, "spec": whole},
        )  # fmt: skip

    async def refusal(self, name: str = "web") -> str:
        with pytest.raises(VolumeError) as found:
            await self.volumes.set_up(pod(name), VOLUME)
        return found.value.message


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_directory_of_this_node(bench: Bench) -> None:
    bench.bind()
    for name in "ab":
        assert await bench.volumes.set_up(pod(name), VOLUME) == Ready(str(bench.directory))


async def test_one_pod_alone_has_it_until_nothing_is_left_of_the_pod(bench: Bench) -> None:
    bench.bind("ReadWriteOncePod")
    for _ in range(2):
        await bench.volumes.set_up(pod("a"), VOLUME)
    assert await bench.refusal("b") == (
        'MountVolume.SetUp failed for volume "pv" : volume uses the ReadWriteOncePod access mode and is already in use '
        "by another pod"
    )
    bench.volumes.release("uid-b")
    assert "already in use" in await bench.refusal("b")
    bench.volumes.release("uid-a")
    assert await bench.volumes.set_up(pod("b"), VOLUME) == Ready(str(bench.directory))
    assert "already in use" in await bench.refusal("a")


async def test_one_of_another_node_is_not_what_has_the_same_path_here(bench: Bench) -> None:
    terms = [{"matchExpressions": [{"key": HOST, "operator": "In", "values": ["n2"]}]}]
    bench.bind(nodeAffinity={"required": {"nodeSelectorTerms": terms}})
    assert await bench.refusal() == (
        'MountVolume.NodeAffinity check failed for volume "pv" : no matching NodeSelectorTerms'
    )
    bench.label("n2")  # which nobody here has heard of yet
    assert await bench.volumes.set_up(pod(), VOLUME) == Ready(str(bench.directory))


async def test_what_is_no_directory(bench: Bench) -> None:
    bench.bind(csi={"driver": "ebs.example.com", "volumeHandle": "h"})
    assert "driver name ebs.example.com not found in the list of registered CSI drivers" in await bench.refusal()
    bench.bind(nfs={"server": "192.0.2.1", "path": "/x"})
    assert await bench.refusal() == (
        'MountVolume.SetUp failed for volume "pv" : volumes of type nfs are not supported on this node'
    )
    bench.bind(local={"path": "/nowhere/at/all"})
    assert await bench.refusal() == (
        'MountVolume.NewMounter initialization failed for volume "pv" : path "/nowhere/at/all" does not exist'
    )


async def test_a_claim_that_is_not_there(bench: Bench) -> None:
    assert "error processing PVC default/data: failed to fetch PVC from API server" in await bench.refusal()


@pytest.mark.parametrize(
    ("driver", "said"),
    [(None, "(no CSIDriver object)"), ({}, '(only supports ["Persistent"])'),
     ({"volumeLifecycleModes": ["Ephemeral"]}, "not found in the list of registered CSI drivers")],
)  # fmt: skip
async def test_drivers_of_volumes_in_pods(bench: Bench, driver: Object | None, said: str) -> None:
    if driver is not None:
        meta = {"name": "d.example.com"}
        bench.client.put({"apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": meta, "spec": driver})
    found = await bench.volumes.refuse_inline({"name": "v", "csi": {"driver": "d.example.com"}})
    assert found.message.endswith(said)

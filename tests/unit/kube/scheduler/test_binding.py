"""Giving pods their nodes, and claims their volumes."""

import asyncio

import pytest

from tests.unit.kube.scheduler.harness import BindingClient
from tests.unit.kube.scheduler.objects import pod, read
from tests.unit.kube.scheduler.volumes.objects import claim_object, volume_object
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock, settle
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.binding import Binder
from wherry.kube.scheduler.decision import Placed
from wherry.kube.scheduler.volumes.facts import Choice, Volumes
from wherry.kube.scheduler.volumes.view import BIND_COMPLETED, SELECTED_NODE, claim_of, volume_of
from wherry.kube.scheduler.watching import CLAIMS, PODS, VOLUMES


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = BindingClient(
            pod(),
            claim_object("a", "local"),
            claim_object("b", "local"),
            volume_object("pv", "local"),
            clock=self.clock,
        )
        self.volumes = Volumes()
        self.wanted = True
        self.tell()
        self.binder = Binder(self.client, self.volumes, self.clock, 600)
        a, b = (self.volumes.claims["default", name] for name in "ab")
        self.choice = Choice(((a, self.volumes.volumes["pv"]),), (b,))
        self.binding = asyncio.ensure_future(
            self.binder.bind_volumes(Placed("n", volumes=self.choice), lambda: self.wanted)
        )

    def tell(self) -> None:
        """What the API says now."""
        for each in self.client.all(CLAIMS):
            found = claim_of(each)
            self.volumes.set_claim(found.key, found)
        for each in self.client.all(VOLUMES):
            self.volumes.set_volume(each["metadata"]["name"], volume_of(each))

    async def change(self, name: str, *, bound: bool = False, node: str | None = None) -> None:
        obj = self.client.find(CLAIMS, name, "default")
        assert obj is not None
        annotations = obj["metadata"]["annotations"]
        if bound:
            obj["spec"]["volumeName"], annotations[BIND_COMPLETED] = "pv", "yes"
        if node is not None:
            annotations[SELECTED_NODE] = node
        self.client.put(obj)
        self.tell()
        await settle()

    def claim(self, name: str) -> Object:
        found = self.client.find(CLAIMS, name, "default")
        assert found is not None
        return found


async def test_a_pod_is_bound_by_its_uid() -> None:
    client = BindingClient(pod(), clock=FakeClock())
    binder = Binder(client, Volumes(), client.clock, 600)
    with pytest.raises(StatusError):
        await binder.bind(read(pod(uid="other")), Placed("n"))
    await binder.bind(read(pod()), Placed("n"))
    assert client.all(PODS)[0]["spec"]["nodeName"] == "n"


async def test_volumes_get_their_claims_and_claims_their_node_and_all_are_waited_for() -> None:
    rig = Rig()
    await settle()
    volume = rig.client.all(VOLUMES)[0]
    assert volume["spec"]["claimRef"] | {"resourceVersion": ""} == {
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": "default", "name": "a", "uid": "uid-a",
        "resourceVersion": "",
    }  # fmt: skip
    assert volume["metadata"]["annotations"] == {"pv.kubernetes.io/bound-by-controller": "yes"}
    assert rig.claim("b")["metadata"]["annotations"][SELECTED_NODE] == "n"
    assert SELECTED_NODE not in rig.claim("a")["metadata"]["annotations"]
    rig.tell()
    await settle()
    await rig.change("a", bound=True)
    assert not rig.binding.done()
    await rig.change("b", bound=True)
    await rig.binding


async def test_when_the_node_is_taken_back_it_failed() -> None:
    rig = Rig()
    await settle()
    rig.tell()
    await settle()
    await rig.change("b", node="")
    with pytest.raises(Unavailable, match='provisioning failed for PVC "b"'):
        await rig.binding


async def test_a_claim_that_is_gone_is_not_waited_for() -> None:
    rig = Rig()
    await settle()
    rig.volumes.set_claim(("default", "a"), None)
    with pytest.raises(Unavailable, match='"a" is gone'):
        await rig.binding


async def test_nor_is_one_whose_pod_is_gone() -> None:
    rig = Rig()
    await settle()
    rig.wanted = False
    rig.tell()
    with pytest.raises(Unavailable, match="the pod is gone"):
        await rig.binding


async def test_it_takes_ten_minutes_at_most() -> None:
    rig = Rig()
    await rig.clock.advance(599)
    assert not rig.binding.done()
    await rig.clock.advance(2)
    with pytest.raises(Unavailable, match="timed out"):
        await rig.binding


async def test_a_volume_that_has_changed_meanwhile_is_not_taken() -> None:
    rig = Rig()
    rig.client.put(volume_object("pv", "local", owner="other"))
    with pytest.raises(StatusError):
        await rig.binding
    assert rig.client.all(VOLUMES)[0]["spec"]["claimRef"]["name"] == "other"

import pytest

from tests.unit.kube.controllers.harness import PODS, clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.protection import (
    CLAIM_FINALIZER,
    CLAIMS,
    VOLUME_FINALIZER,
    VOLUMES,
    ClaimProtection,
    VolumeProtection,
    uses,
)
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(ClaimProtection(needs), needs.clock), Controller(VolumeProtection(needs), needs.clock)]


def claim(*finalizers: str) -> Object:
    return obj("PersistentVolumeClaim", "data", metadata={"finalizers": list(finalizers)}, spec={})


def pod(node: str = "n1", phase: str = "Running", **volume: object) -> Object:
    volumes = [{"name": "v", **(volume or {"persistentVolumeClaim": {"claimName": "data"}})}]
    return obj("Pod", "p", spec={"nodeName": node, "volumes": volumes}, status={"phase": phase})


async def test_a_claim_in_use_stays_until_the_pod_has_gone() -> None:
    client = FakeClient(claim(CLAIM_FINALIZER), pod())
    async with running(client, make):
        await client.delete(CLAIMS, "data", "default")
        await clock_of(client).advance(120)
        assert names(client, CLAIMS) == ["data"]
        await client.delete(PODS, "p", "default", options={"gracePeriodSeconds": 0})
        await clock_of(client).advance(30)
        assert names(client, CLAIMS) == []


async def test_a_claim_that_nobody_uses_goes_at_once() -> None:
    client = FakeClient(claim(CLAIM_FINALIZER), pod(node=""))
    async with running(client, make):
        await client.delete(CLAIMS, "data", "default")
        await clock_of(client).advance(1)
    assert names(client, CLAIMS) == []


async def test_what_is_not_protected_becomes_so_and_other_finalizers_are_kept() -> None:
    client = FakeClient(claim("mine"), obj("PersistentVolume", "v", ""))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert client.all(CLAIMS)[0]["metadata"]["finalizers"] == ["mine", CLAIM_FINALIZER]
        assert client.all(VOLUMES)[0]["metadata"]["finalizers"] == [VOLUME_FINALIZER]
        await client.delete(CLAIMS, "data", "default")
        await clock_of(client).advance(1)
        assert client.all(CLAIMS)[0]["metadata"]["finalizers"] == ["mine"]


async def test_a_bound_volume_stays_until_it_is_released() -> None:
    volume = obj("PersistentVolume", "v", "", metadata={"finalizers": [VOLUME_FINALIZER]}, status={"phase": "Bound"})
    client = FakeClient(volume)
    async with running(client, make):
        await client.delete(VOLUMES, "v")
        await clock_of(client).advance(10)
        bound = client.find(VOLUMES, "v")
        assert bound
        await client.update(VOLUMES, {**bound, "status": {"phase": "Released"}}, subresource="status")
        await clock_of(client).advance(1)
        assert names(client, VOLUMES) == []


@pytest.mark.parametrize(
    ("made", "claim_name", "used"),
    [
        (pod(), "data", True),
        (pod(phase="Succeeded"), "data", True),
        (pod(node=""), "data", False),
        (pod(), "other", False),
        (pod(ephemeral={}), "p-v", True),
        (pod(phase="Failed", ephemeral={}), "p-v", False),
        (pod(emptyDir={}), "data", False),
    ],
)
def test_who_uses_a_claim(made: Object, claim_name: str, used: bool) -> None:
    assert uses(made, claim_name) is used

"""Budgets follow their pods."""

from tests.unit.kube.controllers.harness import clock_of, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.disruption.controller import BUDGETS, PODS, DisruptionController
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import Object


def make(needs: Needs) -> list[Controller]:
    return [Controller(DisruptionController(needs), needs.clock)]


def pod(name: str) -> Object:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    found: Object = obj("Pod", name, "default", spec={"containers": []}, status=status)
    found["metadata"]["labels"] = {"app": "web"}
    return found


def budget(**spec: object) -> Object:
    found: Object = obj(
        "PodDisruptionBudget", "b", "default", spec={"selector": {"matchLabels": {"app": "web"}}, **spec}
    )
    found["apiVersion"] = "policy/v1"
    return found


def told(client: FakeClient) -> Object:
    found = client.find(BUDGETS, "b", "default")
    assert found
    status: Object = found["status"]
    return status


async def test_a_budget_follows_its_pods() -> None:
    client = FakeClient(budget(minAvailable=1), pod("a"), pod("b"))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert told(client)["disruptionsAllowed"] == 1
        await client.delete(PODS, "a", "default")
        await clock_of(client).advance(1)
    assert told(client)["disruptionsAllowed"] == 0


async def test_pods_that_nobody_scales_cannot_be_counted_in_percent() -> None:
    client = FakeClient(budget(maxUnavailable="50%"), pod("a"))
    async with running(client, make):
        await clock_of(client).advance(1)
    assert told(client)["conditions"][0]["reason"] == "SyncFailed"

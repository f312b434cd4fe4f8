"""Whole autoscalers, on a client that has scales and metrics."""

from typing import Any

from tests.unit.kube.controllers.harness import clock_of, obj, running
from wherry.kube.client.events import EVENTS
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.autoscaling.controller import AUTOSCALERS, METRICS, Autoscaling
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.machinery.model import GroupVersionResource

DEPLOYMENTS = GroupVersionResource("apps", "v1", "deployments")


def make(needs: Needs) -> list[Controller]:
    return [Controller(Autoscaling(needs), needs.clock)]


def autoscaler(**spec: Any) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": 50}
    usual = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
        "minReplicas": 1, "maxReplicas": 10,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
    }  # fmt: skip
    return obj("HorizontalPodAutoscaler", "web", api="autoscaling/v2", spec=usual | spec)


def deployment(replicas: int) -> dict[str, Any]:
    selector = {"matchLabels": {"app": "web"}}
    spec = {"replicas": replicas, "selector": selector, "template": {}}
    # The fake gives the whole object as its scale, which says the selector in its status.
    return obj("Deployment", "web", api="apps/v1", spec=spec, status={"selector": "app=web"})


def pod(name: str) -> dict[str, Any]:
    then = "2025-01-01T00:00:00Z"
    container = {"name": "main", "resources": {"requests": {"cpu": "100m"}}}
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": then}
    status = {"phase": "Running", "startTime": then, "conditions": [ready]}
    return obj("Pod", name, metadata={"labels": {"app": "web"}}, spec={"containers": [container]}, status=status)


def used(name: str, cpu: str) -> dict[str, Any]:
    usage = {
        "timestamp": "2026-01-01T00:00:00Z",
        "window": "15s",
        "containers": [{"name": "main", "usage": {"cpu": cpu}}],
    }
    return obj("PodMetrics", name, api="metrics.k8s.io/v1beta1", metadata={"labels": {"app": "web"}}, **usage)


async def measured(a: str, b: str) -> FakeClient:
    """Two pods that use so much."""
    client = FakeClient(autoscaler(), deployment(2), pod("a"), pod("b"))
    await client.create(METRICS, used("a", a), "default")
    await client.create(METRICS, used("b", b), "default")
    return client


async def conditions(client: FakeClient) -> dict[str, tuple[str, str]]:
    found = await client.get(AUTOSCALERS, "web", "default")
    return {each["type"]: (each["status"], each["reason"]) for each in found["status"]["conditions"]}


async def test_it_scales_up_at_once_and_says_why() -> None:
    client = await measured("100m", "100m")
    async with running(client, make):
        await clock_of(client).advance(1)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 4
        found = (await client.get(AUTOSCALERS, "web", "default"))["status"]
        assert (found["currentReplicas"], found["desiredReplicas"]) == (2, 4)
        current = {"averageValue": "100m", "averageUtilization": 100}
        assert found["currentMetrics"] == [{"type": "Resource", "resource": {"name": "cpu", "current": current}}]
        assert await conditions(client) == {
            "AbleToScale": ("True", "SucceededRescale"),
            "ScalingActive": ("True", "ValidMetricFound"),
            "ScalingLimited": ("False", "DesiredWithinRange"),
        }


async def test_down_after_five_minutes_of_rest() -> None:
    client = await measured("1m", "1m")
    async with running(client, make):
        for _ in range(19):
            await clock_of(client).advance(15)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 2
        assert (await conditions(client))["AbleToScale"] == ("True", "ScaleDownStabilized")
        for _ in range(3):
            await clock_of(client).advance(15)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 1


async def test_without_metrics_nothing_changes_and_the_reason_is_there() -> None:
    client = FakeClient(autoscaler(), deployment(2), pod("a"), pod("b"))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 2
        assert (await conditions(client))["ScalingActive"] == ("False", "FailedGetResourceMetric")
        await client.create(METRICS, used("a", "100m"), "default")
        await client.create(METRICS, used("b", "100m"), "default")
        await clock_of(client).advance(16)
        assert (await conditions(client))["ScalingActive"] == ("True", "ValidMetricFound")


async def test_which_metric_failed_and_why_is_told_in_full() -> None:
    memory = {"name": "memory", "container": "main", "target": {"type": "AverageValue", "averageValue": "1Mi"}}
    metrics = [*autoscaler()["spec"]["metrics"], {"type": "ContainerResource", "containerResource": memory}]
    client = FakeClient(autoscaler(metrics=metrics), deployment(2), pod("a"), pod("b"))
    none = "unable to get metrics for resource {}: no metrics returned from resource metrics API"
    async with running(client, make):
        await clock_of(client).advance(1)
        found = {each["reason"]: each["message"] for each in client.all(EVENTS)}
        cpu = f"failed to get cpu utilization: {none.format('cpu')}"
        assert found == {
            "FailedGetResourceMetric": cpu,
            "FailedGetContainerResourceMetric": f"failed to get memory usage: {none.format('memory')}",
            "FailedComputeMetricsReplicas": (
                f"invalid metrics (2 invalid out of 2), first error is: failed to get cpu resource metric value: {cpu}"
            ),
        }
        status = (await client.get(AUTOSCALERS, "web", "default"))["status"]
        said = {each["type"]: each["message"] for each in status["conditions"]}
        assert said["ScalingActive"] == f"the HPA was unable to compute the replica count: {cpu}"


async def test_its_own_tolerance_keeps_it_still() -> None:
    client = await measured("70m", "70m")
    spec = {"behavior": {"scaleUp": {"tolerance": "0.5"}}}
    await client.patch(AUTOSCALERS, "web", {"spec": spec}, "default")
    async with running(client, make):
        await clock_of(client).advance(1)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 2
        await client.patch(AUTOSCALERS, "web", {"spec": {"behavior": {"scaleUp": {"tolerance": "0.3"}}}}, "default")
        await clock_of(client).advance(16)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 3


async def test_the_bounds_hold_whatever_is_measured_and_zero_is_off() -> None:
    client = FakeClient(autoscaler(minReplicas=3), deployment(2))
    async with running(client, make):
        await clock_of(client).advance(1)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 3
        await client.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 0}}, "default")
        await clock_of(client).advance(16)
        assert (await client.get(DEPLOYMENTS, "web", "default"))["spec"]["replicas"] == 0
        assert (await conditions(client))["ScalingActive"] == ("False", "ScalingDisabled")


async def test_a_target_that_is_not_there() -> None:
    client = FakeClient(autoscaler())
    async with running(client, make):
        await clock_of(client).advance(1)
        assert (await conditions(client))["AbleToScale"] == ("False", "FailedGetScale")


async def test_what_it_says_of_itself_is_no_reason_to_look_again() -> None:
    client = await measured("50m", "50m")
    async with running(client, make):
        await clock_of(client).advance(10)
        assert len([call for call in client.calls if call.subresource == "status"]) == 1
        assert (await conditions(client))["AbleToScale"] == ("True", "ReadyForNewScale")

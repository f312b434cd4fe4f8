"""Deployments on the real API server."""

from pathlib import Path

import pytest

from tests.sim.cluster import Cluster, cluster
from tests.sim.kubelet import PODS, Kubelet
from wherry.kube.client.model import PatchType
from wherry.kube.controllers.deployment.controller import DEPLOYMENTS, DeploymentController
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.replicaset.controller import REPLICA_SETS, ReplicaSetController
from wherry.kube.machinery.model import Object

WEB: Object = {
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
    "spec": {
        "replicas": 3, "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "demo:1"}]},
        },
    },
}  # fmt: skip


def make(needs: Needs) -> list[Runnable]:
    reconcilers = (DeploymentController(needs), ReplicaSetController(needs))
    return [*(Controller(each, needs.clock, 5) for each in reconcilers), Kubelet(needs)]


async def web(running: Cluster) -> Object:
    return await running.client.get(DEPLOYMENTS, "web", "default")


async def is_done(running: Cluster) -> bool:
    found = await web(running)
    status, wanted = found["status"], found["spec"]["replicas"]
    figures = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas")]
    return figures == [wanted] * 3 and status["observedGeneration"] == found["metadata"]["generation"]


async def images(running: Cluster) -> list[str]:
    return sorted(each["spec"]["containers"][0]["image"] for each in await running.all(PODS))


async def change(running: Cluster, image: str, **spec: object) -> None:
    containers = [{"name": "c", "image": image}]
    patch = {"spec": {**spec, "template": {"spec": {"containers": containers}}}}
    await running.client.patch(DEPLOYMENTS, "web", patch, "default", type=PatchType.STRATEGIC)


async def test_a_deployment_comes_up_is_rolled_out_and_back(tmp_path: Path) -> None:
    async with cluster(tmp_path, make) as running:
        await running.client.create(DEPLOYMENTS, WEB, "default")
        await running.until(lambda: is_done(running))
        found = await web(running)
        assert found["metadata"]["generation"] == 1
        assert found["metadata"]["annotations"] == {"deployment.kubernetes.io/revision": "1"}
        for image in ("demo:2", "demo:1"):
            await change(running, image)
            await running.until(lambda: is_done(running))
            assert await images(running) == [image] * 3
        revisions = {
            each["spec"]["template"]["spec"]["containers"][0]["image"]:
                each["metadata"]["annotations"]["deployment.kubernetes.io/revision"]
            for each in await running.all(REPLICA_SETS)
        }  # fmt: skip
        assert revisions == {"demo:1": "3", "demo:2": "2"}
        assert (await web(running))["metadata"]["generation"] == 3


async def test_the_server_takes_every_status_that_is_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Validation of statuses is strict; a refusal would be a warning in the log."""
    async with cluster(tmp_path, make) as running:
        await running.client.create(DEPLOYMENTS, WEB, "default")
        await running.until(lambda: is_done(running))
        await change(running, "demo:2", replicas=6, strategy={"type": "Recreate", "rollingUpdate": None})
        await running.until(lambda: is_done(running))
        assert await images(running) == ["demo:2"] * 6
    warnings = [each for each in caplog.records if each.levelname == "WARNING"]
    assert not warnings

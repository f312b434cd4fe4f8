"""Daemons on the real API server."""

from pathlib import Path
from typing import Any

import pytest

from tests.sim.cluster import Cluster, cluster
from tests.sim.kubelet import PODS, Kubelet
from wherry.kube.controllers.daemonset.controller import DAEMON_SETS, NODES, DaemonSetController
from wherry.kube.controllers.daemonset.making import node_of
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.machinery.model import Object


class Agents(Kubelet):
    """Binds pods to the node they are meant for, as the scheduler will."""

    async def _look(self, pod: Object) -> None:
        self._node = node_of(pod) or self._node
        await super()._look(pod)


def make(needs: Needs) -> list[Runnable]:
    return [Controller(DaemonSetController(needs), needs.clock, 2), Agents(needs)]


def agent(**spec: Any) -> Object:
    template = {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "c", "image": "demo:1"}]}}
    whole = {"selector": {"matchLabels": {"app": "agent"}}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": whole}


async def is_done(running: Cluster) -> bool:
    found = await running.client.get(DAEMON_SETS, "agent", "default")
    status = found["status"]
    figures = [status.get(name, 0) for name in ("currentNumberScheduled", "updatedNumberScheduled", "numberAvailable")]
    is_seen = status.get("observedGeneration") == found["metadata"]["generation"]
    return is_seen and status["desiredNumberScheduled"] == 3 and figures == [3] * 3


async def are_three(running: Cluster) -> bool:
    """The status counts new pods; an old one may be on its way out."""
    return len(await running.all(PODS)) == 3


@pytest.mark.parametrize("limits", [{"maxUnavailable": 1, "maxSurge": 0}, {"maxUnavailable": 0, "maxSurge": 1}])
async def test_each_node_has_one_and_it_is_updated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, limits: Object
) -> None:
    async with cluster(tmp_path, make) as running:
        for name in ("a", "b", "c"):
            made = await running.client.create(NODES, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
            await running.client.update(NODES, {**made, "spec": {"taints": []}})  # as soon as it is ready
        mine = agent(updateStrategy={"type": "RollingUpdate", "rollingUpdate": limits})
        await running.client.create(DAEMON_SETS, mine, "default")
        await running.until(lambda: is_done(running))
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "demo:2"}]}}}}
        await running.client.patch(DAEMON_SETS, "agent", patch, "default")
        await running.until(lambda: is_done(running))
        await running.until(lambda: are_three(running))
        pods = await running.all(PODS)
        assert sorted(each["spec"]["nodeName"] for each in pods) == ["a", "b", "c"]
        assert {each["spec"]["containers"][0]["image"] for each in pods} == {"demo:2"}
        assert {each["metadata"]["labels"]["pod-template-generation"] for each in pods} == {"2"}
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]

"""Stateful sets on the real API server."""

from pathlib import Path
from typing import Any

import pytest

from tests.sim.cluster import Cluster, cluster
from tests.sim.kubelet import PODS, Kubelet
from wherry.kube.client.model import PatchType
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.history.control import REVISIONS
from wherry.kube.controllers.history.revisions import in_order
from wherry.kube.controllers.statefulset.control import CLAIMS, SETS
from wherry.kube.controllers.statefulset.controller import StatefulSetController
from wherry.kube.machinery.model import Object


def db(**spec: Any) -> Object:
    whole = {
        "replicas": 3, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": {
            "metadata": {"labels": {"app": "db"}},
            "spec": {"containers": [{"name": "c", "image": "demo:1", "env": [{"name": "ONE", "value": "1"}]}]},
        },
        "volumeClaimTemplates": [{
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        }],
    }  # fmt: skip
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {**whole, **spec}}


def make(needs: Needs) -> list[Runnable]:
    return [Controller(StatefulSetController(needs), needs.clock, 5), Kubelet(needs)]


async def is_done(running: Cluster) -> bool:
    found = await running.client.get(SETS, "db", "default")
    status, wanted = found["status"], found["spec"]["replicas"]
    figures = [status.get(name, 0) for name in ("replicas", "updatedReplicas", "availableReplicas", "currentReplicas")]
    return figures == [wanted] * 4 and status["observedGeneration"] == found["metadata"]["generation"]


async def images(running: Cluster) -> dict[str, str]:
    pods = await running.all(PODS)
    return {each["metadata"]["name"]: each["spec"]["containers"][0]["image"] for each in pods}


@pytest.mark.parametrize("policy", ["OrderedReady", "Parallel"])
async def test_a_set_comes_up_is_updated_and_undone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, policy: str
) -> None:
    kept = {"whenDeleted": "Delete", "whenScaled": "Delete"}
    async with cluster(tmp_path, make) as running:
        mine = db(podManagementPolicy=policy, persistentVolumeClaimRetentionPolicy=kept)
        await running.client.create(SETS, mine, "default")
        await running.until(lambda: is_done(running))
        owners = [each["metadata"]["ownerReferences"][0]["kind"] for each in await running.all(CLAIMS)]
        assert owners == ["StatefulSet"] * 3
        containers = [{"name": "c", "image": "demo:2", "env": [{"name": "TWO", "value": "2"}]}]
        patch = {"spec": {"template": {"spec": {"containers": containers}}}}
        await running.client.patch(SETS, "db", patch, "default")
        await running.until(lambda: is_done(running))
        assert set((await images(running)).values()) == {"demo:2"}
        first, second = in_order(await running.all(REVISIONS))
        assert (first["revision"], second["revision"]) == (1, 2)
        # As kubectl rollout undo does: what the patch replaces is gone, environment variables too.
        await running.client.patch(SETS, "db", first["data"], "default", type=PatchType.STRATEGIC)
        await running.until(lambda: is_done(running))
        pods = await running.all(PODS)
        assert [each["spec"]["containers"][0]["env"] for each in pods] == [[{"name": "ONE", "value": "1"}]] * 3
        assert sorted(each["revision"] for each in await running.all(REVISIONS)) == [2, 3]
        await running.client.patch(SETS, "db", {"spec": {"replicas": 1}}, "default")
        await running.until(lambda: is_done(running))
        assert sorted(await images(running)) == ["db-0"]
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]

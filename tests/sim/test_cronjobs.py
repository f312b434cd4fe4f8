"""CronJobs on the real API server."""

from pathlib import Path

import pytest

from tests.sim.cluster import Cluster, cluster
from tests.sim.kubelet import Kubelet
from wherry.kube.controllers.cronjob.controller import CRON_JOBS
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.controllers.job.controller import JOBS
from wherry.kube.controllers.job.view import is_finished
from wherry.kube.controllers.workloads import workloads
from wherry.kube.machinery.model import Object

TICK: Object = {
    "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"},
    "spec": {"schedule": "* * * * *", "timeZone": "Europe/Berlin", "jobTemplate": {"spec": {"template": {"spec": {
        "restartPolicy": "Never", "containers": [{"name": "c", "image": "demo:1"}]}}}}},
}  # fmt: skip


def make(needs: Needs) -> list[Runnable]:
    return [*workloads(needs), Kubelet(needs, lambda pod: "Succeeded")]


async def test_a_job_is_made_each_minute(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with cluster(tmp_path, make) as running:
        await running.client.create(CRON_JOBS, TICK, "default")

        async def ended(count: int) -> bool:
            await running.clock.advance(5)
            found = await running.client.get(CRON_JOBS, "tick", "default")
            jobs = await running.all(JOBS)
            return len(jobs) == count and all(map(is_finished, jobs)) and "active" not in found["status"]

        await running.until(lambda: ended(2))
        status = (await running.client.get(CRON_JOBS, "tick", "default"))["status"]
        assert status["lastSuccessfulTime"] >= status["lastScheduleTime"]
        first = (await _jobs(running))[0]["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
        assert first.endswith("+01:00")
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]


async def _jobs(running: Cluster) -> list[Object]:
    return await running.all(JOBS)

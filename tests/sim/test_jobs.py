"""Jobs on the real API server, which checks every status that is written."""

from pathlib import Path
from typing import Any

import pytest

from tests.sim.cluster import Cluster, Make, cluster
from tests.sim.kubelet import PODS, Kubelet
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.job.controller import JOBS, JobController
from wherry.kube.controllers.job.strays import StrayPods
from wherry.kube.controllers.job.view import COMPLETION_INDEX, is_finished
from wherry.kube.machinery.model import Object


def sum_job(**spec: Any) -> Object:
    template = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "demo:1"}]}}
    return {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "sum"}, "spec": {"template": template, **spec},
    }  # fmt: skip


def making(fates: dict[str, str]) -> Make:
    """What becomes of the pods of each index (empty: of one without); others succeed."""

    def fate(pod: Object) -> str:
        index = (pod["metadata"].get("annotations") or {}).get(COMPLETION_INDEX, "")
        return fates.get(index, "Succeeded")

    def make(needs: Needs) -> list[Runnable]:
        reconcilers = (JobController(needs), StrayPods(needs))
        return [*(Controller(each, needs.clock, 5) for each in reconcilers), Kubelet(needs, fate)]

    return make


async def status(running: Cluster) -> Object:
    found = await running.client.get(JOBS, "sum", "default")
    return found["status"]  # type: ignore[no-any-return]


async def ended(running: Cluster) -> bool:
    await running.clock.advance(5)
    return is_finished(await running.client.get(JOBS, "sum", "default"))


def reasons(found: Object) -> list[tuple[str, str]]:
    return [(each["type"], each["reason"]) for each in found["conditions"] if each["status"] == "True"]


COMPLETE = [("SuccessCriteriaMet", "CompletionsReached"), ("Complete", "CompletionsReached")]


@pytest.mark.parametrize(
    ("spec", "fates", "figures", "said"),
    [
        ({"completions": 3, "parallelism": 2}, {}, {"succeeded": 3}, COMPLETE),
        ({"completions": 30, "parallelism": 30, "completionMode": "Indexed"}, {},
         {"succeeded": 30, "completedIndexes": "0-29"}, COMPLETE),
        ({"backoffLimit": 1}, {"": "Failed"}, {"failed": 2},
         [("FailureTarget", "BackoffLimitExceeded"), ("Failed", "BackoffLimitExceeded")]),
        ({"activeDeadlineSeconds": 20, "parallelism": 2, "completions": 2}, {"": "Running"}, {"failed": 2},
         [("FailureTarget", "DeadlineExceeded"), ("Failed", "DeadlineExceeded")]),
        ({"completions": 3, "parallelism": 3, "completionMode": "Indexed", "backoffLimitPerIndex": 1}, {"1": "Failed"},
         {"succeeded": 2, "failed": 2, "completedIndexes": "0,2", "failedIndexes": "1"},
         [("FailureTarget", "FailedIndexes"), ("Failed", "FailedIndexes")]),
        ({"completions": 3, "parallelism": 3, "completionMode": "Indexed",
          "successPolicy": {"rules": [{"succeededIndexes": "2"}]}}, {"0": "Running", "1": "Running"},
         {"succeeded": 1, "completedIndexes": "2"},
         [("SuccessCriteriaMet", "SuccessPolicy"), ("Complete", "SuccessPolicy")]),
    ],
    ids=["pods", "indexes", "limit", "deadline", "limit per index", "success policy"],
)  # fmt: skip
async def test_how_a_job_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spec: Any, fates: dict[str, str], figures: Any, said: Any
) -> None:
    async with cluster(tmp_path, making(fates)) as running:
        await running.client.create(JOBS, sum_job(**spec), "default")
        await running.until(lambda: ended(running))
        found = await status(running)
        assert reasons(found) == said and {name: found.get(name) for name in figures} == figures
        assert not any(each["metadata"].get("finalizers") for each in await running.all(PODS))
        assert found["uncountedTerminatedPods"] == {} and found["terminating"] == 0 and "active" not in found
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]


async def test_a_job_is_suspended_resumed_and_deleted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with cluster(tmp_path, making({"": "Running"})) as running:
        await running.client.create(JOBS, sum_job(parallelism=2), "default")

        async def has(active: int) -> bool:
            return bool((await status(running)).get("active", 0) == active)

        await running.until(lambda: has(2))
        for suspend, active in ((True, 0), (False, 2)):
            await running.client.patch(JOBS, "sum", {"spec": {"suspend": suspend}}, "default")
            await running.until(lambda active=active: has(active))  # type: ignore[misc]
        await running.client.delete(JOBS, "sum", "default", options={"propagationPolicy": "Background"})
        for each in await running.all(PODS):
            await running.client.delete(PODS, each["metadata"]["name"], "default")

        async def none() -> bool:
            return not await running.all(PODS)

        await running.until(none)
    assert not [each for each in caplog.records if each.levelname in ("WARNING", "ERROR")]


async def test_a_write_that_removes_a_pod_answers_with_the_revision_of_that(tmp_path: Path) -> None:
    """By it a controller knows when its informer has seen its own write."""
    async with cluster(tmp_path) as running:
        meta = {"name": "p", "finalizers": ["example.com/hold"]}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": meta,
            "spec": {"containers": [{"name": "c", "image": "i"}]},
        }
        made = await running.client.create(PODS, pod, "default")
        held = await running.client.delete(PODS, "p", "default")
        gone = await running.client.patch(PODS, "p", {"metadata": {"finalizers": None}}, "default")
        versions = [int(each["metadata"]["resourceVersion"]) for each in (made, held, gone)]
        assert versions[0] < versions[1] < versions[2] and not await running.all(PODS)

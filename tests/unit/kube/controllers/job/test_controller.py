from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.kube.controllers.harness import EVENTS, PODS, Make, after, after_crashes, clock_of, running
from tests.unit.kube.controllers.job.jobs import LABELS, indexed, job
from tests.unit.kube.controllers.workloads import Kubelet, LateClient, pod
from wherry.kube.client.clock import settle
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.job.controller import JOBS, JobController
from wherry.kube.controllers.job.strays import StrayPods
from wherry.kube.controllers.job.view import COMPLETION_INDEX, FAILURE_COUNT, TRACKING
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, forbidden


def making(fate: Callable[[Object], str]) -> Make:
    def make(needs: Needs) -> list[Runnable]:
        reconcilers = (JobController(needs), StrayPods(needs))
        return [*(Controller(each, needs.clock) for each in reconcilers), Kubelet(needs, fate)]

    return make


def succeeds(pod: Object) -> str:
    return "Succeeded"


def fails(pod: Object) -> str:
    return "Failed"


def runs(pod: Object) -> str:
    return "Running"


def index_of(pod: Object) -> str:
    return str(pod["metadata"]["annotations"][COMPLETION_INDEX])


def found(client: FakeClient) -> Object:
    mine = client.find(JOBS, "sum", "default")
    assert mine is not None
    return mine


def said(client: FakeClient) -> list[tuple[str, str, str]]:
    conditions = found(client)["status"].get("conditions") or ()
    return [(each["type"], each["status"], each.get("reason", "")) for each in conditions]


def events(client: FakeClient) -> list[tuple[str, str]]:
    return sorted({(each["reason"], each["message"].partition(":")[0]) for each in client.all(EVENTS)})


def phases(client: FakeClient) -> list[str]:
    return sorted((each.get("status") or {}).get("phase", "Pending") for each in client.all(PODS))


async def change(client: FakeClient, **spec: object) -> None:
    mine = found(client)
    await client.update(JOBS, {**mine, "spec": {**mine["spec"], **spec}}, "default")


async def test_a_job_runs_its_pods_and_completes() -> None:
    client = FakeClient(job())
    await after(client, making(succeeds))
    status = found(client)["status"]
    assert said(client) == [
        ("SuccessCriteriaMet", "True", "CompletionsReached"), ("Complete", "True", "CompletionsReached"),
    ]  # fmt: skip
    del status["conditions"]
    assert status == {
        "startTime": "2026-01-01T00:00:00Z", "completionTime": "2026-01-01T00:00:00Z", "succeeded": 3, "ready": 0,
        "terminating": 0, "uncountedTerminatedPods": {},
    }  # fmt: skip
    assert phases(client) == ["Succeeded"] * 3 and not any(
        each["metadata"].get("finalizers") for each in client.all(PODS)
    )
    assert events(client) == [("Completed", "Job completed"), ("SuccessfulCreate", "Created pod")]


async def test_while_it_runs_it_says_how_many() -> None:
    client = FakeClient(job())
    await after(client, making(runs))
    status = found(client)["status"]
    assert (status["active"], status["ready"], status["terminating"]) == (2, 2, 0) and "conditions" not in status
    assert all(each["metadata"]["finalizers"] == [TRACKING] for each in client.all(PODS))


async def test_an_indexed_job_does_each_index() -> None:
    client = FakeClient(indexed(completions=5, parallelism=3))
    await after(client, making(succeeds))
    status = found(client)["status"]
    assert (status["completedIndexes"], status["succeeded"]) == ("0-4", 5)
    assert sorted(map(index_of, client.all(PODS))) == list("01234")
    assert said(client)[-1][0] == "Complete"


async def test_it_tries_again_ever_later_and_then_gives_up() -> None:
    client = FakeClient(job(completions=1, parallelism=1, backoffLimit=2))
    async with running(client, making(fails)):
        assert len(client.all(PODS)) == 1
        await clock_of(client).advance(9)
        assert len(client.all(PODS)) == 1
        await clock_of(client).advance(2)
        assert len(client.all(PODS)) == 2
        await clock_of(client).advance(17)
        assert len(client.all(PODS)) == 2
        await clock_of(client).advance(30)
        assert len(client.all(PODS)) == 3 and found(client)["status"]["failed"] == 3
    assert said(client) == [
        ("FailureTarget", "True", "BackoffLimitExceeded"), ("Failed", "True", "BackoffLimitExceeded"),
    ]  # fmt: skip
    assert ("BackoffLimitExceeded", "Job has reached the specified backoff limit") in events(client)


async def test_when_it_fails_the_pods_that_run_are_ended_before_it_says_so() -> None:
    client = FakeClient(job(completions=4, parallelism=2, activeDeadlineSeconds=30))
    held = making(lambda pod: "Running")

    async with running(client, held):
        first = client.all(PODS)[0]
        client.put({**first, "metadata": {**first["metadata"], "finalizers": [TRACKING, "example.com/hold"]}})
        await clock_of(client).advance(40)
        assert said(client) == [("FailureTarget", "True", "DeadlineExceeded")]
        assert found(client)["status"]["terminating"] == 1 and len(client.all(PODS)) == 1
        last = client.all(PODS)[0]
        assert last["metadata"]["finalizers"] == ["example.com/hold"]
        await client.update(PODS, {**last, "metadata": {**last["metadata"], "finalizers": []}}, "default")
        await clock_of(client).advance(5)
        assert said(client)[-1] == ("Failed", "True", "DeadlineExceeded") and not client.all(PODS)
        assert found(client)["status"]["failed"] == 2


async def test_it_is_suspended_and_resumed() -> None:
    client = FakeClient(job(activeDeadlineSeconds=60))
    async with running(client, making(runs)):
        await change(client, suspend=True)
        await clock_of(client).advance(100)
        assert not client.all(PODS) and said(client) == [("Suspended", "True", "JobSuspended")]
        assert "failed" not in found(client)["status"]
        await change(client, suspend=False)
        await clock_of(client).advance(20)
        assert len(client.all(PODS)) == 2 and said(client) == [("Suspended", "False", "JobResumed")]
        assert found(client)["status"]["startTime"] == "2026-01-01T00:01:40Z"
        assert {("Suspended", "Job suspended"), ("Resumed", "Job resumed")} <= set(events(client))


async def test_one_that_was_made_suspended_has_not_begun() -> None:
    client = FakeClient(job(suspend=True))
    await after(client, making(succeeds))
    assert not client.all(PODS) and "startTime" not in found(client)["status"]


async def test_one_that_others_manage_is_left_alone() -> None:
    client = FakeClient(job(managedBy="example.com/other"))
    await after(client, making(succeeds))
    assert client.calls == []


async def test_an_index_is_tried_by_itself_and_remembers_its_failures() -> None:
    mine = indexed(completions=3, parallelism=3, backoffLimit=2**31 - 1, backoffLimitPerIndex=1)
    client = FakeClient(mine)
    await after(client, making(lambda pod: "Failed" if index_of(pod) == "1" else "Succeeded"), 120)
    status = found(client)["status"]
    assert (status["completedIndexes"], status["failedIndexes"], status["failed"]) == ("0,2", "1", 2)
    assert said(client)[-1] == ("Failed", "True", "FailedIndexes")
    counts = [each["metadata"]["annotations"][FAILURE_COUNT] for each in client.all(PODS) if index_of(each) == "1"]
    assert sorted(counts) == ["0", "1"]


async def test_pods_of_a_policy_fail_the_job_or_do_not_count() -> None:
    rules = [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
    client = FakeClient(job(completions=1, parallelism=1, backoffLimit=0, podFailurePolicy={"rules": rules}))
    async with running(client, making(runs)):
        first = client.all(PODS)[0]
        disrupted = {"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True"}]}
        client.put({**first, "status": disrupted})
        await clock_of(client).advance(60)
        assert phases(client) == ["Failed", "Running"] and "failed" not in found(client)["status"]
        assert not said(client)


async def test_enough_successes_end_the_others() -> None:
    rules = [{"succeededIndexes": "0"}]
    client = FakeClient(indexed(completions=3, parallelism=3, successPolicy={"rules": rules}))
    await after(client, making(lambda pod: "Succeeded" if index_of(pod) == "0" else "Running"))
    assert said(client) == [("SuccessCriteriaMet", "True", "SuccessPolicy"), ("Complete", "True", "SuccessPolicy")]
    assert phases(client) == ["Succeeded"] and "failed" not in found(client)["status"]


async def test_it_adopts_pods_and_tracks_them_and_releases_others_untracked() -> None:
    mine = job(completions=9, parallelism=2)
    lost = pod("lost", mine, labels={"app": "x"}, finalizers=[TRACKING, "x/y"])
    client = FakeClient(mine, pod("stray", labels=LABELS), lost)
    await after(client, making(runs))
    meta = {each["metadata"]["name"]: each["metadata"] for each in client.all(PODS)}
    assert meta["stray"]["finalizers"] == [TRACKING] and meta["stray"]["ownerReferences"][0]["name"] == "sum"
    assert meta["lost"]["finalizers"] == ["x/y"] and not meta["lost"].get("ownerReferences")


async def test_pods_that_cannot_be_made_are_tried_again() -> None:
    client = FakeClient(job())

    def quota(call: Call) -> StatusError | None:
        is_pod = call.verb == "create" and call.resource.resource == "pods"
        return forbidden(call.resource, "sum-1", "exceeded quota") if is_pod else None

    client.fault = quota
    async with running(client, making(succeeds)):
        await clock_of(client).advance(2)
        assert not client.all(PODS) and ("FailedCreate", "Error creating") in events(client)
        assert found(client)["status"]["startTime"]
        client.fault = lambda call: None
        await clock_of(client).advance(60)
        assert said(client)[-1][0] == "Complete"


async def test_a_job_that_goes_leaves_no_pod_behind_that_waits() -> None:
    client = FakeClient(job())
    async with running(client, making(runs)):
        await client.delete(JOBS, "sum", "default")
        await settle()
        for each in client.all(PODS):
            await client.delete(PODS, each["metadata"]["name"], "default")
        await clock_of(client).advance(5)
        assert client.all(PODS) == []


async def test_a_job_with_more_successes_than_wanted_says_so() -> None:
    mine = job(completions=1, parallelism=1)
    pods = [pod(name, mine, phase="Succeeded", labels=LABELS, finalizers=[TRACKING]) for name in ("a", "b")]
    client = FakeClient(mine, *pods)
    await after(client, making(succeeds))
    assert found(client)["status"]["succeeded"] == 2
    assert "TooManySucceededPods" in [reason for reason, _ in events(client)]


async def test_many_pods_are_counted_in_several_rounds() -> None:
    mine = job(completions=1200, parallelism=0)
    pods = [pod(f"s{number}", mine, phase="Succeeded", labels=LABELS, finalizers=[TRACKING]) for number in range(1200)]
    client = FakeClient(mine, *pods)
    await after(client, making(succeeds))
    assert found(client)["status"]["succeeded"] == 1200 and said(client)[-1][0] == "Complete"


def flaky() -> Callable[[Object], str]:
    """The first pod fails, and the fourth."""
    seen: dict[str, int] = {}
    return lambda pod: "Failed" if seen.setdefault(pod["metadata"]["uid"], len(seen)) in (0, 3) else "Succeeded"


async def test_with_an_old_view_nothing_is_counted_twice_nor_made_too_often() -> None:
    client, fate = LateClient(job(completions=6, parallelism=3), seconds=0.3), flaky()
    async with running(client, making(fate)):
        for _ in range(100):
            await clock_of(client).advance(1)
            assert sum(each in ("Pending", "Running") for each in phases(client)) <= 3
    status = found(client)["status"]
    assert status["succeeded"] == 6 == phases(client).count("Succeeded")
    assert status["failed"] == phases(client).count("Failed") == 2


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("kind", [job, indexed])
async def test_it_may_end_after_any_write_and_counts_each_pod_once(kind: Any, writes: int) -> None:
    client, fate = FakeClient(kind(completions=5, parallelism=2)), flaky()
    assert await after_crashes(client, making(fate), writes, 90) > 1
    status = found(client)["status"]
    assert said(client)[-1][0] == "Complete" and status["succeeded"] == 5
    assert status["failed"] == phases(client).count("Failed") == 2
    assert not any(each["metadata"].get("finalizers") for each in client.all(PODS))

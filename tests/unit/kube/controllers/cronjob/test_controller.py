from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.kube.controllers.cronjob.crons import cron, job
from tests.unit.kube.controllers.harness import EVENTS, SPACES, Make, after, clock_of, obj, running
from tests.unit.kube.controllers.workloads import Kubelet
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.controllers.cronjob.controller import CRON_JOBS, CronJobController
from wherry.kube.controllers.cronjob.making import job_name
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.job.controller import JOBS, JobController
from wherry.kube.controllers.job.strays import StrayPods
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, forbidden
from wherry.kube.machinery.times import parse


def making(fate: Callable[[Object], str] = lambda pod: "Succeeded") -> Make:
    def make(needs: Needs) -> list[Runnable]:
        reconcilers = (CronJobController(needs), JobController(needs), StrayPods(needs))
        return [*(Controller(each, needs.clock) for each in reconcilers), Kubelet(needs, fate)]

    return make


def runs(pod: Object) -> str:
    return "Running"


def tick(schedule: str = "*/5 * * * *", **spec: Any) -> Object:
    mine = cron(schedule, **spec)
    labels = {"app": "tick"}
    mine["spec"]["jobTemplate"]["spec"] |= {
        "completions": 1, "parallelism": 1, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"restartPolicy": "Never"}},
    }  # fmt: skip
    return mine


def found(client: FakeClient) -> Object:
    mine = client.find(CRON_JOBS, "tick", "default")
    assert mine is not None
    return mine


def jobs(client: FakeClient) -> list[str]:
    return [each["metadata"]["name"] for each in client.all(JOBS)]


def events(client: FakeClient) -> set[str]:
    return {each["reason"] for each in client.all(EVENTS) if each["source"]["component"] == "cronjob-controller"}


async def test_a_job_is_made_each_time_and_a_few_are_kept() -> None:
    client = FakeClient(tick())
    async with running(client, making()):
        await clock_of(client).advance(299)
        assert jobs(client) == []
        await clock_of(client).advance(2)
        assert jobs(client) == [job_name(tick(), parse("2026-01-01T00:05:00Z"))]
        await clock_of(client).advance(1500)
    status = found(client)["status"]
    assert status == {"lastScheduleTime": "2026-01-01T00:30:00Z", "lastSuccessfulTime": "2026-01-01T00:30:00Z"}
    assert len(jobs(client)) == 3 and {"SuccessfulCreate", "SawCompletedJob", "SuccessfulDelete"} <= events(client)


async def test_active_ones_are_listed_and_one_may_forbid_or_replace_another() -> None:
    client = FakeClient(tick())
    async with running(client, making(runs)):
        await clock_of(client).advance(601)
        assert [each["name"] for each in found(client)["status"]["active"]] == jobs(client) and len(jobs(client)) == 2
    for policy, count in (("Forbid", 1), ("Replace", 1)):
        client = FakeClient(tick(concurrencyPolicy=policy))
        async with running(client, making(runs)):
            await clock_of(client).advance(301)
            (first,) = jobs(client)
            await clock_of(client).advance(300)
            assert len(jobs(client)) == count and (jobs(client) == [first]) is (policy == "Forbid")
            assert len(found(client)["status"]["active"]) == 1
            assert ("JobAlreadyActive" in events(client)) is (policy == "Forbid")


async def test_one_that_was_forbidden_begins_as_soon_as_it_may() -> None:
    client = FakeClient(tick(concurrencyPolicy="Forbid"))
    async with running(client, making(runs)):
        await clock_of(client).advance(700)
        (first,) = jobs(client)
        await client.delete(JOBS, first, "default", options={"propagationPolicy": "Background"})
        await clock_of(client).advance(1)
        assert jobs(client) == [job_name(tick(), parse("2026-01-01T00:10:00Z"))]


async def test_a_name_that_somebody_else_has_taken_is_left_to_him() -> None:
    taken = job(job_name(tick(), parse("2026-01-01T00:05:00Z")), ownerReferences=[])
    client = FakeClient(tick(), taken)
    async with running(client, making()):
        await clock_of(client).advance(301)
        assert "lastScheduleTime" not in found(client)["status"] and "SuccessfulCreate" not in events(client)


async def test_what_cannot_be_made_or_deleted_is_said_and_tried_again() -> None:
    client = FakeClient(tick(failedJobsHistoryLimit=0), job("tick-1", "Failed", owner=tick()))

    def refused(call: Call) -> StatusError | None:
        is_job = call.verb in ("create", "delete") and call.resource.resource == "jobs"
        return forbidden(call.resource, "x", "quota") if is_job else None

    client.fault = refused
    async with running(client, making()):
        await clock_of(client).advance(302)
        assert {"FailedCreate", "FailedDelete"} <= events(client)
        client.fault = lambda call: None
        await clock_of(client).advance(600)
        assert "SuccessfulCreate" in events(client) and "tick-1" not in jobs(client)


async def test_in_a_namespace_that_ends_it_makes_nothing() -> None:
    client = FakeClient(tick(), obj("Namespace", "default", "", spec={"finalizers": ["kubernetes"]}))
    await client.delete(SPACES, "default")
    await after(client, making(), 400)
    assert jobs(client) == [] and client.all(EVENTS) == []


async def test_one_that_goes_is_forgotten() -> None:
    client = FakeClient(tick())
    async with running(client, making()):
        await client.delete(CRON_JOBS, "tick", "default")
        await clock_of(client).advance(400)
        assert jobs(client) == []


@pytest.mark.parametrize("writes", [1, 2, 3])
async def test_it_may_end_after_any_write(writes: int) -> None:
    client = FakeClient(tick("*/2 * * * *"))
    for _ in range(20):
        client.crash_after(writes)
        async with running(client, making()) as task:
            for _ in range(30):
                await clock_of(client).advance(1)
                if task.done():
                    break
    client.crash_after(None)
    await after(client, making(), 150)
    made = [each.name for each in client.calls if each.verb == "create" and each.resource.resource == "jobs"]
    assert len(made) == len(set(made)) >= 2 and "active" not in found(client)["status"]

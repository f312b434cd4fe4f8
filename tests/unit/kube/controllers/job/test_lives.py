"""Whole lives of jobs, made of plans and counts, with pods that end as chance will have it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.job.jobs import indexed, job, job_pod
from wherry.kube.controllers.job import backoff, making, tracking, view
from wherry.kube.controllers.job.counted import count
from wherry.kube.controllers.job.plan import Plan, plan
from wherry.kube.machinery.model import Object

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Life:
    """``broken`` are the indexes whose pods always fail."""

    def __init__(self, mine: Object, broken: set[int]) -> None:
        self.job = mine
        self.pods: list[Object] = []
        self.made = self.dropped = 0
        self.ended = {"Succeeded": 0, "Failed": 0}
        self._broken = broken
        self._now = BEGIN

    def round(self, stops_at: int) -> Plan:
        """Look once, an hour after the last time. It ends after so many of the three steps of counting."""
        self._now += timedelta(hours=1)
        seen = tracking.begun(self.job, self._now)
        found = count(seen, self.pods)
        planned = plan(seen, self.pods, found, backoff.NOTHING, self._now)
        for pod in (*planned.end, *planned.delete):
            if pod in planned.delete:
                pod["metadata"]["finalizers"] = []
                self.dropped += 1
            pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        for index in planned.create:
            self._make(seen, index, found.last_failed.get(index) if index is not None else None)
        tracked = tracking.track(seen, self.pods, found, planned.verdict, self._now)
        self.job = {**self.job, "status": tracked.status}
        if stops_at < 1:
            return planned
        for pod in tracked.release:
            pod["metadata"]["finalizers"] = []
        if stops_at < 2:
            return planned
        status = tracking.settled(
            tracked.status, [each["metadata"]["uid"] for each in self.pods if view.is_tracked(each)]
        )
        status["terminating"] = sum("deletionTimestamp" in each["metadata"] for each in self.pods)
        end = tracking.finished(seen, status, planned.verdict, self._now) if planned.verdict else None
        self.job = {**self.job, "status": end or status}
        return planned

    def _make(self, mine: Object, index: int | None, replaced: Object | None) -> None:
        self.made += 1
        wanted = making.job_pod(mine, {}, index, replaced)["metadata"].get("annotations") or {}
        pod = job_pod(f"p{self.made}", owner=mine, annotations=wanted)
        self.pods.append(pod)

    def pass_time(self, number: int) -> None:
        """Pods that are being deleted go; one of the others ends."""
        self.pods = [
            each for each in self.pods
            if "deletionTimestamp" not in each["metadata"] or each["metadata"].get("finalizers")
        ]  # fmt: skip
        running = [each for each in self.pods if each["status"]["phase"] == "Running"]
        if running:
            pod = running[number % len(running)]
            fails = number % 3 == 0 or view.index_of(pod, self.job) in self._broken
            pod["status"] = {"phase": "Failed" if fails else "Succeeded"}
            if pod["metadata"].get("finalizers"):
                self.ended[pod["status"]["phase"]] += 1

    def active(self) -> list[Object]:
        return [
            each for each in self.pods
            if each["status"]["phase"] == "Running" and "deletionTimestamp" not in each["metadata"]
        ]  # fmt: skip


STEPS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 11)), max_size=40)
REST = [(2, number) for number in (1, 2, 4, 5, 7, 8)] * 40


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 8), STEPS)
def test_each_pod_of_a_job_is_counted_once(completions: int, parallelism: int, limit: int, luck: list[Any]) -> None:
    life = Life(job(completions=completions, parallelism=parallelism, backoffLimit=limit), set())
    for stops_at, number in [*luck, *REST]:
        if view.is_finished(life.job):
            break
        life.round(stops_at)
        assert len(life.active()) <= parallelism
        life.pass_time(number)
    status = life.job["status"]
    succeeded, failed = status.get("succeeded", 0), status.get("failed", 0)
    assert view.is_finished(life.job) and not life.active()
    assert succeeded + failed == life.made - life.dropped
    if view.condition(life.job, "Complete"):
        assert succeeded == completions == life.ended["Succeeded"] and failed == life.ended["Failed"] <= limit
    else:
        # One that was told to end, and had been noted as failed, may still have succeeded.
        assert failed > limit and succeeded <= life.ended["Succeeded"]


@given(st.integers(1, 5), st.integers(1, 4), st.sets(st.integers(0, 4)), st.integers(0, 2), STEPS)
def test_each_index_is_done_or_given_up(
    completions: int, parallelism: int, broken: set[int], limit: int, luck: list[Any]
) -> None:
    mine = indexed(completions=completions, parallelism=parallelism, backoffLimit=2**31 - 1, backoffLimitPerIndex=limit)
    life = Life(mine, broken)
    for stops_at, number in [*luck, *REST]:
        if view.is_finished(life.job):
            break
        life.round(stops_at)
        active = [view.index_of(each, mine) for each in life.active()]
        assert len(set(active)) == len(active) <= parallelism
        life.pass_time(number)
    status, hopeless = life.job["status"], {each for each in broken if each < completions}
    assert view.is_finished(life.job)
    failed = set(map(int, _members(status.get("failedIndexes", ""))))
    done = set(map(int, _members(status.get("completedIndexes", ""))))
    assert hopeless <= failed and done | failed == set(range(completions)) and not done & failed
    assert (view.condition(life.job, "Failed") is not None) is bool(failed)
    assert status.get("succeeded", 0) == len(done)


def _members(text: str) -> list[int]:
    parts = [part.split("-") for part in text.split(",") if part]
    return [each for part in parts for each in range(int(part[0]), int(part[-1]) + 1)]

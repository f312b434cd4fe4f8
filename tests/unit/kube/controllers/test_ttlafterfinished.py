"""Jobs go some time after they have ended."""

from datetime import UTC, datetime
from typing import Any

from tests.unit.kube.controllers.harness import clock_of, names, obj, running
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.ttlafterfinished import JOBS, TtlAfterFinished, seconds_left

NOW = datetime(2026, 1, 1, 0, 1, 0, tzinfo=UTC)


def job(ttl: int | None, **condition: Any) -> dict[str, Any]:
    found = {"type": "Complete", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z", **condition}
    return obj("Job", "j", "default", spec={"ttlSecondsAfterFinished": ttl}, status={"conditions": [found]})


def test_time_counts_from_the_end() -> None:
    assert seconds_left(job(100), NOW) == 40
    assert seconds_left(job(0, type="Failed"), NOW) == -60
    assert seconds_left(job(None), NOW) is None
    assert seconds_left(job(100, status="False"), NOW) is None


async def test_a_job_goes_when_its_time_is_up() -> None:
    wanted = {**job(30), "apiVersion": "batch/v1"}
    client = FakeClient(wanted)

    def make(needs: Needs) -> list[Controller]:
        return [Controller(TtlAfterFinished(needs), needs.clock)]

    async with running(client, make):
        await clock_of(client).advance(20)
        assert names(client, JOBS) == ["j"]
        await clock_of(client).advance(20)
        (found,) = client.all(JOBS) or [None]
    assert found is None or found["metadata"]["finalizers"] == ["foregroundDeletion"]

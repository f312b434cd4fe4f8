import pytest

from tests.unit.kube.controllers.harness import PODS, after
from tests.unit.kube.controllers.job.jobs import job, job_pod
from tests.unit.kube.controllers.workloads import workload
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs
from wherry.kube.controllers.job.strays import StrayPods
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

DONE = {"conditions": [{"type": "Complete", "status": "True"}]}
OTHER = job(managedBy="example.com/other", status=DONE)


def make(needs: Needs) -> list[Controller]:
    return [Controller(StrayPods(needs), needs.clock)]


@pytest.mark.parametrize(
    ("objects", "is_stray"),
    [
        ([job(), job_pod("p")], False),
        ([job(status=DONE), job_pod("p")], True),
        ([OTHER, job_pod("p")], False),
        ([job_pod("p")], True),
        ([job(), job_pod("p", ownerReferences=[])], True),
        ([job_pod("p", owner=workload("ReplicaSet", "sum"))], False),
    ],
)
async def test_which_pods_no_job_will_count(objects: list[Object], is_stray: bool) -> None:
    client = FakeClient(*objects)
    await after(client, make)
    (only,) = client.all(PODS)
    assert bool(only["metadata"].get("finalizers")) is not is_stray


async def test_another_job_of_the_same_name_is_another_job() -> None:
    newer = job()
    newer["metadata"]["uid"] = "another"
    client = FakeClient(newer, job_pod("p"))
    await after(client, make)
    assert not client.all(PODS)[0]["metadata"].get("finalizers")


async def test_a_pod_that_is_gone_meanwhile_is_no_trouble() -> None:
    client = FakeClient(job_pod("p"), job_pod("q", tracked=False))
    client.fault = lambda call: StatusError(404, "NotFound", "gone") if call.verb == "patch" else None
    await after(client, make, 2)
    assert client.calls == []

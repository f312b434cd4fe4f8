from tests.unit.kube.controllers.deployment.deployments import deployment
from tests.unit.kube.controllers.harness import PODS, after
from tests.unit.kube.controllers.workloads import Kubelet, workload
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Needs, Runnable
from wherry.kube.controllers.workloads import workloads


def make(needs: Needs) -> list[Runnable]:
    return [*workloads(needs), Kubelet(needs)]


async def test_they_run_together_and_leave_each_others_pods_alone() -> None:
    client = FakeClient(deployment(2), workload("StatefulSet", "db", replicas=2))
    await after(client, make)
    owners = sorted(each["metadata"]["ownerReferences"][0]["kind"] for each in client.all(PODS))
    assert owners == ["ReplicaSet", "ReplicaSet", "StatefulSet", "StatefulSet"]


async def test_each_has_a_name_of_its_own() -> None:
    names: list[str] = []

    def note(needs: Needs) -> list[Runnable]:
        names.extend(each.name for each in workloads(needs))
        return []

    await after(FakeClient(), note, 0)
    assert len(names) == len(set(names)) == 8

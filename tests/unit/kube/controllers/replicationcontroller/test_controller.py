from tests.unit.kube.controllers.harness import PODS, after
from tests.unit.kube.controllers.workloads import LABELS, Kubelet, pod, workload
from wherry.kube.client.fake import FakeClient
from wherry.kube.controllers.frame import Controller, Needs, Runnable
from wherry.kube.controllers.replicaset.controller import ReplicaSetController
from wherry.kube.controllers.replicationcontroller.controller import REPLICATION_CONTROLLER, REPLICATION_CONTROLLERS


def make(needs: Needs) -> list[Runnable]:
    return [Controller(ReplicaSetController(needs, REPLICATION_CONTROLLER), needs.clock), Kubelet(needs)]


async def test_it_makes_pods_as_a_replica_set_does() -> None:
    mine = workload("ReplicationController", api="v1", selector=LABELS)
    client = FakeClient(mine, pod("stray"), pod("other", labels={"app": "db"}))
    await after(client, make)
    pods = [each for each in client.all(PODS) if each["metadata"].get("ownerReferences")]
    assert len(pods) == 3 and pods[0]["metadata"]["name"] == "stray"
    owner = pods[0]["metadata"]["ownerReferences"][0]
    assert (owner["apiVersion"], owner["kind"]) == ("v1", "ReplicationController")
    (found,) = client.all(REPLICATION_CONTROLLERS)
    assert found["status"] == {
        "replicas": 3, "fullyLabeledReplicas": 3, "readyReplicas": 3, "availableReplicas": 3, "observedGeneration": 1,
    }  # fmt: skip


async def test_one_without_a_selector_selects_nothing() -> None:
    client = FakeClient(workload("ReplicationController", api="v1", selector={}, replicas=0), pod("stray"))
    await after(client, make)
    assert "ownerReferences" not in client.all(PODS)[0]["metadata"]

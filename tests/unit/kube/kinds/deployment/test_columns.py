"""The row of ``kubectl get deployments``."""

from tests.unit.kube.kinds.objects import NOW, made
from tests.unit.kube.kinds.workloads import workload
from wherry.kube.kinds.deployment import KIND
from wherry.kube.kinds.deployment.columns import cells


def test_a_row() -> None:
    obj = made(KIND, spec=workload(replicas=3))
    obj["status"] = {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1}
    assert cells(obj, NOW) == ("a", "2/3", 3, 1, "2m5s", "web", "nginx:1.27", "app=web")


def test_a_row_of_nothing_much() -> None:
    bad = {"matchExpressions": [{"key": "a", "operator": "Near"}]}
    assert cells({"spec": {"selector": bad}}, NOW) == ("", "0/0", 0, 0, "<unknown>", "", "", "<invalid>")

from tests.unit.kube.apiserver.admission.asking import admitted, create, update
from wherry.kube.apiserver.admission.nodetaint import NOT_READY, TaintNodesByCondition
from wherry.kube.machinery.model import Object


def node(*taints: Object) -> Object:
    spec = {"taints": list(taints)} if taints else {}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": spec}


async def test_a_new_node_takes_no_pods_yet() -> None:
    other = {"key": "dedicated", "effect": "NoSchedule"}
    made = await admitted(TaintNodesByCondition(), create(node(other)))
    assert made["spec"]["taints"] == [other, NOT_READY]


async def test_a_taint_is_not_added_twice_nor_later() -> None:
    assert (await admitted(TaintNodesByCondition(), create(node(NOT_READY))))["spec"]["taints"] == [NOT_READY]
    assert (await admitted(TaintNodesByCondition(), update(node(), node())))["spec"] == {}

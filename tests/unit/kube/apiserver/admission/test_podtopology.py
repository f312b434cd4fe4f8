from tests.unit.kube.apiserver.admission.asking import admitted, create, needs, pod, update
from wherry.kube.apiserver.admission.podtopology import PodTopologyLabels

LABELS = {"topology.kubernetes.io/zone": "a", "topology.kubernetes.io/region": "r"}
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {**LABELS, "other": "x"}}}


async def test_a_pod_learns_its_nodes_zone_when_it_is_bound() -> None:
    meta = {"name": "web", "namespace": "default"}
    binding = {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "target": {"kind": "Node", "name": "n1"}}
    made = await admitted(PodTopologyLabels(needs(NODE)), create(binding, subresource="binding"))
    assert made["metadata"]["labels"] == LABELS
    bound = update(pod(nodeName="n1"), pod(), subresource="binding")
    assert (await admitted(PodTopologyLabels(needs(NODE)), bound))["metadata"]["labels"] == LABELS
    later = update(pod(nodeName="n1"), pod(nodeName="n1"))
    assert "labels" not in (await admitted(PodTopologyLabels(needs(NODE)), later))["metadata"]


async def test_or_when_it_is_made_there_and_not_before() -> None:
    made = await admitted(PodTopologyLabels(needs(NODE)), create(pod(nodeName="n1")))
    assert made["metadata"]["labels"] == LABELS
    assert "labels" not in (await admitted(PodTopologyLabels(needs(NODE)), create(pod())))["metadata"]
    assert "labels" not in (await admitted(PodTopologyLabels(needs()), create(pod(nodeName="n1"))))["metadata"]

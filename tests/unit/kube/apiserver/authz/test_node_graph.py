"""What has to do with which node."""

import random

from tests.unit.kube.apiserver.authz.cluster import on_node, pod, secret_volume, volume
from wherry.kube.apiserver.authz.node_graph import PODS, NodeGraph
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import Object

CLAIM = {"name": "v", "persistentVolumeClaim": {"claimName": "c"}}


def test_a_secret_reaches_the_nodes_of_the_pods_that_use_it() -> None:
    listers = FakeListers(pod("p", "n1", volumes=[secret_volume("s")]), pod("q", "n2", volumes=[secret_volume("t")]))
    graph = NodeGraph(listers)

    assert graph.reaches("n1", "secrets", "a", "s")
    assert not graph.reaches("n2", "secrets", "a", "s")
    assert not graph.reaches("n1", "secrets", "b", "s")
    assert not graph.reaches("n1", "configmaps", "a", "s")


def test_nothing_reaches_a_node_by_a_pod_that_is_on_none() -> None:
    graph = NodeGraph(FakeListers(pod("p", "", volumes=[secret_volume("s")])))

    assert not graph.reaches("", "secrets", "a", "s")
    assert not graph.reaches("n1", "secrets", "a", "s")


def test_a_volume_and_its_secrets_reach_a_node_by_the_claim() -> None:
    source = {"csi": {"nodeStageSecretRef": {"name": "key", "namespace": "kube-system"}}}
    listers = FakeListers(pod("p", "n1", volumes=[CLAIM]), volume("pv", "c", **source), volume("other", "d", **source))
    graph = NodeGraph(listers)

    assert graph.reaches("n1", "persistentvolumeclaims", "a", "c")
    assert graph.reaches("n1", "persistentvolumes", "", "pv")
    assert graph.reaches("n1", "secrets", "kube-system", "key")
    assert not graph.reaches("n2", "secrets", "kube-system", "key")
    assert not graph.reaches("n1", "persistentvolumes", "", "other")
    assert not graph.reaches("n1", "persistentvolumes", "", "gone")

    listers.remove(volume("pv"))
    assert not graph.reaches("n1", "secrets", "kube-system", "key")


def test_what_names_its_node_reaches_that_one() -> None:
    listers = FakeListers(
        on_node("storage.k8s.io/v1", "VolumeAttachment", "va", "n1"),
        on_node("resource.k8s.io/v1", "ResourceSlice", "s", "n1"),
        on_node("certificates.k8s.io/v1", "PodCertificateRequest", "r", "n1", "a"),
        pod("p", "n1"),
    )
    graph = NodeGraph(listers)
    named = (("volumeattachments", "", "va"), ("resourceslices", "", "s"), ("podcertificaterequests", "a", "r"),
             ("pods", "a", "p"))  # fmt: skip

    assert all(graph.reaches("n1", *each) for each in named)
    assert not any(graph.reaches("n2", *each) for each in named)
    assert not graph.reaches("n1", "pods", "a", "gone")


def test_after_any_changes_it_answers_as_a_graph_made_anew() -> None:
    dice = random.Random(3)
    listers = FakeListers()
    graph = NodeGraph(listers)
    there: dict[str, Object] = {}
    for _ in range(400):
        name = f"p{dice.randrange(8)}"
        if name in there and dice.random() < 0.4:
            listers.remove(there.pop(name))
        else:
            volumes = [secret_volume(f"s{dice.randrange(4)}") for _ in range(dice.randrange(3))]
            there[name] = pod(name, dice.choice(("", "n1", "n2")), volumes=volumes)
            listers.put(there[name])
        if dice.random() < 0.05:
            listers.of(PODS).forget_changes()
        if dice.random() < 0.5:
            fresh = NodeGraph(listers)
            asked = [(node, "secrets", "a", f"s{number}") for node in ("n1", "n2") for number in range(4)]
            assert [graph.reaches(*each) for each in asked] == [fresh.reaches(*each) for each in asked]

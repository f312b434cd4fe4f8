from typing import Any

from tests.unit.kube.controllers.daemonset.daemons import NEW, daemon, daemon_pod
from tests.unit.kube.controllers.workloads import LABELS, pod, reference, template
from wherry.kube.controllers.daemonset import making

PINNED = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]}


def with_spec(**spec: Any) -> Any:
    return daemon(template={**template(), "spec": {**template()["spec"], **spec}})


def test_a_pod_is_meant_for_its_node_and_bears_what_daemons_must() -> None:
    mine = daemon()
    mine["metadata"]["annotations"] = {making.TEMPLATE_GENERATION: "4"}
    made = making.daemon_pod(mine, "n1", NEW, reference(mine))
    assert made["metadata"]["generateName"] == "agent-" and made["metadata"]["ownerReferences"] == [reference(mine)]
    assert made["metadata"]["labels"] == {
        **LABELS, "controller-revision-hash": NEW, "pod-template-generation": "4",
    }  # fmt: skip
    affinity = made["spec"]["affinity"]["nodeAffinity"]
    assert affinity == {"requiredDuringSchedulingIgnoredDuringExecution": PINNED} and making.node_of(made) == "n1"
    keys = [each["key"].partition("/")[2] for each in made["spec"]["tolerations"]]
    assert keys == ["not-ready", "unreachable", "disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"]


def test_on_the_hosts_network_it_bears_a_node_without_network() -> None:
    assert making.tolerations_of(with_spec(hostNetwork=True))[-1]["key"] == "node.kubernetes.io/network-unavailable"
    own = {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}
    assert len(making.tolerations_of(with_spec(tolerations=[own]))) == 6


def test_preferences_stay_and_requirements_are_that_of_the_node() -> None:
    affinity = {
        "podAntiAffinity": {"x": 1},
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [1],
                         "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{}]}},
    }  # fmt: skip
    made = making.daemon_pod(with_spec(affinity=affinity), "n1", NEW, {})
    assert made["spec"]["affinity"] == {
        "podAntiAffinity": {"x": 1},
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [1],
                         "requiredDuringSchedulingIgnoredDuringExecution": PINNED},
    }  # fmt: skip


def test_a_pods_node_is_where_it_runs_or_is_meant_to() -> None:
    assert making.node_of(pod(node="n2")) == "n2" and making.node_of(pod(node="")) == ""
    two = {"nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a", "b"]}]}]}
    unclear = pod(node="")
    unclear["spec"]["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": two}}
    assert making.node_of(unclear) == ""


def test_a_pod_is_of_the_present_template_by_hash_or_by_count() -> None:
    mine, found = daemon(), daemon_pod("a", "n1", old=True)
    assert making.is_updated(daemon_pod("a", "n1"), mine, NEW) and not making.is_updated(found, mine, NEW)
    mine["metadata"]["annotations"] = {making.TEMPLATE_GENERATION: "4"}
    found["metadata"]["labels"]["pod-template-generation"] = "4"
    assert making.is_updated(found, mine, NEW)

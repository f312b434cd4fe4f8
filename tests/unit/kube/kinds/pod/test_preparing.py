import copy

from tests.unit.kube.kinds.objects import CONTEXT, container, made, pod_spec
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.pod import KIND
from wherry.kube.kinds.pod.preparing import mirror_addresses
from wherry.kube.machinery.model import Object


def selector(*expressions: Object) -> Object:
    more = {"matchExpressions": list(expressions)} if expressions else {}
    return {"matchLabels": {"app": "web"}, **more}


def pod(**fields: object) -> Object:
    return made(KIND, metadata={"labels": {"app": "web", "version": "2"}}, spec=pod_spec(**fields))


def test_a_new_pod_is_pending() -> None:
    assert pod()["status"] == {"phase": "Pending", "qosClass": "BestEffort"}


def test_a_gated_pod_says_why_it_waits() -> None:
    (condition,) = pod(schedulingGates=[{"name": "a"}])["status"]["conditions"]
    assert (condition["type"], condition["status"], condition["reason"]) == (
        "PodScheduled",
        "False",
        "SchedulingGated",
    )


def test_keys_of_labels_become_part_of_selectors() -> None:
    term = {"topologyKey": "zone", "labelSelector": selector(), "matchLabelKeys": ["version", "absent"]}
    other = {"topologyKey": "zone", "labelSelector": selector(), "mismatchLabelKeys": ["version"]}
    required, preferred = (f"{word}DuringSchedulingIgnoredDuringExecution" for word in ("required", "preferred"))
    found = pod(
        affinity=copy.deepcopy(
            {
                "podAffinity": {required: [term]},
                "podAntiAffinity": {preferred: [{"weight": 1, "podAffinityTerm": other}]},
            }
        )
    )["spec"]["affinity"]
    assert found["podAffinity"][required][0]["labelSelector"] == selector(
        {"key": "version", "operator": "In", "values": ["2"]}
    )
    assert found["podAntiAffinity"][preferred][0]["podAffinityTerm"]["labelSelector"] == selector(
        {"key": "version", "operator": "NotIn", "values": ["2"]}
    )


def test_addresses_are_said_twice() -> None:
    one: Object = {"status": {"podIP": "10.0.0.1"}}
    mirror_addresses(one)
    assert one["status"]["podIPs"] == [{"ip": "10.0.0.1"}]
    other: Object = {"status": {"podIPs": [{"ip": "10.0.0.2"}]}}
    mirror_addresses(other)
    assert other["status"]["podIP"] == "10.0.0.2"


def test_of_an_update_of_ephemeral_containers_nothing_else_stays() -> None:
    old = pod()
    new = copy.deepcopy(old)
    new["metadata"]["labels"] = {"other": "label"}
    new["metadata"]["managedFields"] = [{"manager": "kubectl"}]
    new["spec"]["nodeName"] = "elsewhere"
    new["spec"]["ephemeralContainers"] = [{"name": "debug", "image": "busybox"}]
    KIND.strategy.prepare_update(new, old, Context(CONTEXT.now, subresource="ephemeralcontainers"))
    assert new["spec"] == {**old["spec"], "ephemeralContainers": [{"name": "debug", "image": "busybox"}]}
    assert new["metadata"] == {**old["metadata"], "managedFields": [{"manager": "kubectl"}]}
    assert (new["kind"], new["status"]) == ("Pod", old["status"])


def test_of_a_resize_only_resources_stay() -> None:
    old = pod()
    new = copy.deepcopy(old)
    new["spec"]["containers"][0].update(image="other:2", resources={"limits": {"cpu": "2"}})
    KIND.strategy.prepare_update(new, old, Context(CONTEXT.now, subresource="resize"))
    (kept,) = new["spec"]["containers"]
    assert kept["image"] == container()["image"]
    assert kept["resources"] == {"limits": {"cpu": "2"}}


def test_facts_of_a_status_are_not_lost_by_leaving_them_out() -> None:
    old = pod()
    old["status"]["conditions"] = [{"type": "Ready", "status": "False", "observedGeneration": 3}]
    old["status"]["observedGeneration"] = 3
    new = {**old, "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    KIND.strategy.prepare_status_update(new, old, CONTEXT)
    assert new["status"] == {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True", "observedGeneration": 3}],
        "qosClass": "BestEffort",
        "observedGeneration": 3,
    }

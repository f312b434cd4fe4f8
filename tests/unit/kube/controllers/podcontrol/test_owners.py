from tests.unit.kube.controllers.harness import SETS
from tests.unit.kube.controllers.workloads import pod, workload
from wherry.kube.client.cache import Cache
from wherry.kube.controllers.frame import Key
from wherry.kube.controllers.podcontrol.owners import (
    CONTROLLED,
    Owners,
    Workload,
    controlled,
    controlled_index,
    controller_of,
    is_controlled_by,
    key_of,
    orphans,
    spec_selector,
)
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.selectors import parse_labels

WEB = workload("ReplicaSet")
SET = Workload(SETS, "ReplicaSet", "replicaset-controller")


def cache_of(*objects: Object) -> Cache:
    cache = Cache({CONTROLLED: controlled_index})
    for each in objects:
        cache.put(each)
    return cache


def test_a_controller_is_the_owner_that_says_so() -> None:
    mine = pod("a", WEB)
    assert is_controlled_by(mine, WEB) and not is_controlled_by(pod("b"), WEB)
    mine["metadata"]["ownerReferences"][0]["controller"] = False
    assert controller_of(mine) is None


def test_a_reference_names_the_owner_and_blocks_its_deletion() -> None:
    assert SET.reference(WEB) == {
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web", "uid": "uid-web",
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip
    bare = {name: value for name, value in WEB.items() if name not in ("apiVersion", "kind")}
    assert SET.typed(bare)["kind"] == "ReplicaSet" and key_of(WEB) == Key("default", "web")


def test_pods_are_found_by_who_controls_them() -> None:
    cache = cache_of(pod("a", WEB), pod("b"), pod("c", workload("ReplicaSet", "other")))
    assert [each["metadata"]["name"] for each in controlled(cache, "uid-web")] == ["a"]


def test_orphans_are_found_by_any_kind_of_selector_in_their_namespace_alone() -> None:
    cache = cache_of(pod("a", WEB), pod("b"), pod("c", namespace="other"), pod("d", labels={"app": "db", "x": "1"}))

    def found(selector: str) -> list[str]:
        return [each["metadata"]["name"] for each in orphans(cache, "default", parse_labels(selector))]

    assert found("app=web") == ["b"] and found("x,app in (web,db)") == ["d"] and found("!x") == ["b"]
    assert found("app=web,x") == [] and orphans(cache, "default", spec_selector({"spec": {}})) == []


def test_a_selector_that_cannot_be_read_finds_nothing() -> None:
    assert spec_selector({"spec": {"selector": {"matchExpressions": [{"key": "a", "operator": "Odd"}]}}}).nothing


def test_a_pod_is_about_its_controller_and_an_orphan_about_all_that_would_adopt_it() -> None:
    keys = Owners("ReplicaSet", cache_of(WEB, workload("ReplicaSet", "two"), workload("ReplicaSet", "db", selector={
        "matchLabels": {"app": "db"}})))  # fmt: skip
    assert keys(pod("a", WEB)) == (Key("default", "web"),)
    assert keys(pod("a", workload("StatefulSet", "web"))) == ()
    assert keys(pod("b")) == [Key("default", "web"), Key("default", "two")]
    assert keys(pod("c", deletionTimestamp="2026-01-01T00:00:00Z")) == keys(pod("d", labels={})) == ()

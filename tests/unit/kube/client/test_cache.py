from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.client.cache import Cache, place
from wherry.kube.machinery.model import Object


def pod(name: str, namespace: str = "default", node: str = "") -> Object:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"nodeName": node}}


def by_node(obj: Object) -> list[str]:
    return [obj["spec"]["nodeName"]] if obj["spec"]["nodeName"] else []


def test_objects_are_found_by_name_and_by_namespace() -> None:
    cache = Cache()
    cache.put(pod("a"))
    cache.put(pod("a", "other"))
    cache.put({"metadata": {"name": "n1"}})
    assert cache.get("a", "other") == pod("a", "other") and cache.get("b", "default") is None
    assert [place(each) for each in cache.list("default")] == [("default", "a")]
    assert len(list(cache.list())) == len(cache) == 3 and cache.get("n1") is not None


def test_an_index_follows_changes_and_deletions() -> None:
    cache = Cache({"node": by_node})
    cache.put(pod("a", node="n1"))
    cache.put(pod("b", node="n1"))
    assert cache.put(pod("a", node="n2")) == pod("a", node="n1")
    assert list(cache.by_index("node", "n1")) == [pod("b", node="n1")]
    cache.remove(("default", "b"))
    assert list(cache.by_index("node", "n1")) == [] and list(cache.by_index("node", "n2")) == [pod("a", node="n2")]
    assert list(cache.keys("node")) == ["n2"]


def test_an_index_added_later_has_what_was_there() -> None:
    cache = Cache()
    cache.put(pod("a", node="n1"))
    cache.add_index("node", by_node)
    cache.add_index("node", by_node)
    assert list(cache.by_index("node", "n1")) == [pod("a", node="n1")]


def test_the_revision_moves_with_every_change_and_only_then() -> None:
    cache = Cache()
    cache.put(pod("a"))
    before = cache.revision
    assert cache.remove(("default", "nobody")) is None and cache.revision == before
    cache.remove(("default", "a"))
    assert cache.revision > before


def test_an_object_that_is_alone_under_a_key_is_the_newest() -> None:
    cache = Cache({"node": by_node})
    cache.put(pod("a", node="n1"))
    newer = {**pod("a", node="n1"), "status": {}}
    cache.put(newer)
    assert list(cache.by_index("node", "n1")) == [newer]
    cache.put(pod("b", node="n1"))
    assert list(cache.by_index("node", "n1")) == [newer, pod("b", node="n1")]


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abc"), st.sampled_from(["n1", "n2", ""]))))
def test_an_index_says_what_a_scan_would(steps: list[tuple[bool, str, str]]) -> None:
    cache = Cache({"node": by_node})
    for put, name, node in steps:
        if put:
            cache.put(pod(name, node=node))
        else:
            cache.remove(("default", name))
    for node in ("n1", "n2"):
        scanned = [obj for obj in cache if obj["spec"]["nodeName"] == node]
        assert sorted(map(place, cache.by_index("node", node))) == sorted(map(place, scanned))

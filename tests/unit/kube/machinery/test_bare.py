from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode

from wherry.kube.machinery.bare import bare_metadata, bare_of
from wherry.kube.machinery.model import Object

OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "uid-a", "blockOwnerDeletion": True}


def pod(**meta: object) -> Object:
    found = {"name": "p", "namespace": "default", "uid": "u", "resourceVersion": "3", "labels": {"a": "b"}, **meta}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": found, "spec": {"nodeName": "n1"}}


def test_it_says_whose_an_object_is_and_whether_it_goes() -> None:
    obj = pod(
        finalizers=["f"], deletionTimestamp="2026-01-01T00:00:00Z", ownerReferences=[{**OWNER, "controller": True}]
    )
    expected = {
        "name": "p", "namespace": "default", "uid": "u", "resourceVersion": "3", "finalizers": ["f"],
        "deletionTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": [OWNER],
    }  # fmt: skip
    assert bare_metadata(obj) == bare_of(encode(obj)) == {"metadata": expected}


def test_a_bare_view_is_its_own() -> None:
    bare = bare_metadata(pod())
    assert bare_metadata(bare) is bare


def test_what_is_made_bare_stays_as_it_was() -> None:
    obj = pod(ownerReferences=[{**OWNER, "controller": True}])
    before = encode(obj)
    bare_metadata(obj)["metadata"]["ownerReferences"][0]["name"] = "x"
    assert encode(obj) == before


def test_a_thousand_dependents_have_the_text_about_their_owner_once() -> None:
    first, second = [bare_of(encode(pod(ownerReferences=[OWNER])))["metadata"]["ownerReferences"][0] for _ in range(2)]
    assert all(first[name] is second[name] for name in OWNER)


VALUES = st.none() | st.booleans() | st.text(max_size=5) | st.lists(st.text(max_size=5), max_size=2)
OWNERS = st.none() | st.lists(st.dictionaries(st.sampled_from([*OWNER, "controller"]), VALUES), max_size=3)
METADATA = st.dictionaries(st.sampled_from(["finalizers", "deletionTimestamp", "labels", "generation"]), VALUES)


@given(METADATA, st.none() | st.just({}) | st.builds(lambda owners: {"ownerReferences": owners}, OWNERS))
def test_both_ways_to_it_agree_whatever_there_is(meta: Object, owners: Object | None) -> None:
    obj = pod(**meta, **(owners or {}))
    assert bare_metadata(obj) == bare_of(encode(obj))

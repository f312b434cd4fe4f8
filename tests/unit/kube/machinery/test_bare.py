from hypothesis import given
from hypothesis import strategies as st
from msgspec.json import encode

from wherry.kube.machinery.bare import bare_metadata, bare_of, has_ties, may_have_ties
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


def test_ties_are_owners_and_an_end() -> None:
    assert not has_ties(pod()) and not has_ties(pod(ownerReferences=[], finalizers=["f"]))
    assert has_ties(pod(ownerReferences=[OWNER])) and has_ties(pod(deletionTimestamp="2026-01-01T00:00:00Z"))


@given(st.booleans(), st.booleans(), st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=2))
def test_ties_are_seen_in_the_bytes_and_not_in_texts(is_owned: bool, is_going: bool, labels: dict[str, str]) -> None:
    meta: Object = {"ownerReferences": [OWNER]} if is_owned else {}
    meta |= {"deletionTimestamp": "2026-01-01T00:00:00Z"} if is_going else {}
    obj = pod(labels=labels, **meta)
    noted = pod(annotations={"last": encode(obj).decode()}, ownerReferences=[], **{} if is_owned else meta)
    assert may_have_ties(encode(obj)) == has_ties(obj)
    assert may_have_ties(encode(noted)) == has_ties(noted)

"""Objects as the store keeps them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from wherry.kube.apiserver.stored import copied, key_of, meta_of, prefix_of, revised, served, split_key, value_of
from wherry.kube.machinery.model import GroupResource

TEXT = st.text(max_size=20)
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "b", "labels": {"x": "y"}}, "spec": {}}


def test_the_revision_is_put_where_it_belongs() -> None:
    assert json.loads(served(value_of(POD), 42))["metadata"] == {
        "resourceVersion": "42",
        "name": "a",
        "namespace": "b",
        "labels": {"x": "y"},
    }


@given(TEXT, TEXT, st.integers(1, 2**63 - 1))
def test_no_text_of_an_object_is_taken_for_its_revision(name: str, value: str, revision: int) -> None:
    tricky = f'"resourceVersion":""{value}'
    obj = {**POD, "metadata": {"name": name, "annotations": {tricky: tricky}}, "data": {"resourceVersion": ""}}
    found = json.loads(served(value_of(obj), revision))
    assert found["metadata"].pop("resourceVersion") == str(revision)
    assert found == obj


def test_a_stored_object_keeps_no_old_revision() -> None:
    before = {**POD, "metadata": {**POD["metadata"], "resourceVersion": "7"}}
    assert value_of(before) == value_of(POD)


def test_served_bytes_can_be_given_another_revision() -> None:
    assert revised(served(value_of(POD), 42), 43) == served(value_of(POD), 43)


def test_served_bytes_begin_with_their_version() -> None:
    assert served(value_of(POD), 1).startswith(b'{"apiVersion":"v1","kind":"Pod","metadata":{"resourceVersion":"1"')


def test_what_chooses_an_object_is_read_without_the_rest() -> None:
    meta = meta_of(value_of(POD))
    assert (meta.name, meta.namespace, meta.labels) == ("a", "b", {"x": "y"})


def test_keys_say_resource_namespace_and_name() -> None:
    deployments = GroupResource("apps", "deployments")
    assert key_of(deployments, "default", "web") == "/apps/deployments/default/web"
    assert split_key("/apps/deployments/default/web") == (deployments, "default/web")
    assert key_of(GroupResource("", "nodes"), "", "n1") == "/core/nodes//n1"
    assert split_key("/core/nodes//n1") == (GroupResource("", "nodes"), "/n1")


def test_no_resource_s_prefix_begins_another_s() -> None:
    assert not prefix_of(GroupResource("a", "pods")).startswith(prefix_of(GroupResource("a", "pod")))


def test_a_copy_shares_nothing() -> None:
    copy = copied(POD)
    copy["metadata"]["labels"]["x"] = "z"
    assert POD["metadata"]["labels"] == {"x": "y"}

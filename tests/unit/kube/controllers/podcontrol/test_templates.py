import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.kube.controllers.workloads import reference, template, workload
from wherry.kube.controllers.podcontrol.templates import HASH_LABEL, copied, is_same, pod_of, template_hash
from wherry.kube.machinery.model import Object

WEB = workload("ReplicaSet")


def with_spec(**spec: object) -> Object:
    return {**template(), "spec": {**template()["spec"], **spec}}


def test_a_pod_has_what_the_template_says_and_a_name_from_its_owner() -> None:
    described = {**template(), "metadata": {"labels": {"app": "web"}, "annotations": {"a": "1"}, "finalizers": ["x/y"]}}
    made = pod_of(described, WEB, reference(WEB))
    assert made["metadata"] == {
        "generateName": "web-", "namespace": "default", "labels": {"app": "web"}, "annotations": {"a": "1"},
        "finalizers": ["x/y"], "ownerReferences": [reference(WEB)],
    }  # fmt: skip
    assert made["spec"] == described["spec"] and made["kind"] == "Pod"
    made["spec"]["containers"][0]["image"] = "changed"
    assert described["spec"]["containers"][0]["image"] == "demo:1"


def test_a_name_that_is_too_long_has_no_dash() -> None:
    assert pod_of(template(), workload("ReplicaSet", "x" * 253), {})["metadata"]["generateName"] == "x" * 253


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (template(), True),
        (template(**{HASH_LABEL: "abc"}), True),
        (with_spec(hostNetwork=False, tolerations=[], nodeSelector={}, schedulerName=""), True),
        ({**template(), "metadata": {"labels": {"app": "web"}, "creationTimestamp": None}}, True),
        (template("demo:2"), False),
        (template(extra=""), False),
        (with_spec(automountServiceAccountToken=False), False),
        (with_spec(hostNetwork=True), False),
        (with_spec(securityContext={"runAsUser": 0}), False),
        (with_spec(volumes=[{"name": "a", "emptyDir": {}}]), False),
    ],
)
def test_templates_are_the_same_when_their_pods_are(other: Object, same: bool) -> None:
    assert is_same(template(), other) is same
    assert (template_hash(template()) == template_hash(other)) is same


def test_empty_objects_count_where_they_say_something() -> None:
    volume = {"name": "a", "emptyDir": {}}
    assert not is_same(with_spec(volumes=[volume]), with_spec(volumes=[{"name": "a"}]))
    container = {"name": "c", "image": "demo:1"}
    assert is_same(with_spec(containers=[{**container, "resources": {}}]), with_spec(containers=[container]))


def test_a_hash_is_the_same_for_ever_and_another_after_a_collision() -> None:
    assert template_hash(template()) == "khl74xqwbg"
    assert template_hash(template(), 1) != template_hash(template())


def test_a_label_of_a_hash_alone_leaves_no_metadata() -> None:
    assert is_same({"metadata": {"labels": {HASH_LABEL: "x"}}, "spec": {}}, {"spec": {}})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "labels", "tty"]), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["spec", "metadata"]), st.dictionaries(st.text(max_size=2), JSON)))
def test_a_copy_is_the_same_and_has_the_same_hash(document: Object) -> None:
    found = copied(document)
    assert found == document and is_same(found, document) and template_hash(found) == template_hash(document)

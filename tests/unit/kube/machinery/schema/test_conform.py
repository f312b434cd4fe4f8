"""What Go's decoder makes of an object of a built-in kind."""

import copy
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.machinery.schema.generated import fitting, mistaken
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema.builtin import kinds, schema_of
from wherry.kube.machinery.schema.conform import Mistyped, conform

POD = schema_of(GroupVersionKind("", "v1", "Pod"))
SERVICE = schema_of(GroupVersionKind("", "v1", "Service"))
SECRET = schema_of(GroupVersionKind("", "v1", "Secret"))
DEPLOYMENT = schema_of(GroupVersionKind("apps", "v1", "Deployment"))
CRD = schema_of(GroupVersionKind("apiextensions.k8s.io", "v1", "CustomResourceDefinition"))


def in_pod(container: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container]}}


def test_a_right_object_stays_as_it_is() -> None:
    pod = in_pod({"name": "c", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1", "memory": 5}}})
    before = copy.deepcopy(pod)
    assert conform(pod, POD) == []
    assert pod == before


def test_an_unknown_field_goes_and_is_told_of_with_its_place() -> None:
    pod = in_pod({"name": "c", "imagePullPolicyy": "x", "env": [{"name": "a"}, {"name": "b", "vlaue": "1"}]})
    pod["extra"] = {"a": 1}
    assert conform(pod, POD) == [
        'unknown field "spec.containers[0].imagePullPolicyy"',
        'unknown field "spec.containers[0].env[1].vlaue"',
        'unknown field "extra"',
    ]
    assert "extra" not in pod
    assert pod["spec"]["containers"] == [{"name": "c", "env": [{"name": "a"}, {"name": "b"}]}]


def test_no_more_than_a_hundred_unknown_fields_are_told_of() -> None:
    pod = {f"field{number}": 1 for number in range(150)}
    assert len(conform(pod, POD)) == 100
    assert pod == {}


def test_an_object_that_may_be_empty_has_no_fields() -> None:
    crd: dict[str, Any] = {"spec": {"versions": [{"name": "v1", "subresources": {"status": {"a": 1}}}]}}
    assert conform(crd, CRD) == ['unknown field "spec.versions[0].subresources.status.a"']


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        ({"spec": {"replicas": "3"}}, "string into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ({"spec": {"replicas": 1.5}}, "number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32"),
        (
            {"spec": {"replicas": 3000000000}},
            "number 3000000000 into Go struct field DeploymentSpec.spec.replicas of type int32",
        ),
        ({"spec": {"replicas": True}}, "bool into Go struct field DeploymentSpec.spec.replicas of type int32"),
        ({"spec": {"paused": "yes"}}, "string into Go struct field DeploymentSpec.spec.paused of type bool"),
        ({"spec": []}, "array into Go struct field Deployment.spec of type v1.DeploymentSpec"),
        ({"metadata": {"labels": {"a": 1}}}, "number into Go struct field ObjectMeta.metadata.labels of type string"),
        (
            {"spec": {"template": {"spec": {"containers": [{}, {"env": [{"value": 1}]}]}}}},
            "number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string",
        ),
        (
            {"spec": {"template": {"spec": {"containers": {}}}}},
            "object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (
            {"spec": {"template": {"spec": {"nodeSelector": "a"}}}},
            "string into Go struct field PodSpec.spec.template.spec.nodeSelector of type map[string]string",
        ),
        (
            {"spec": {"template": {"spec": {"containers": ["a"]}}}},
            "string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container",
        ),
        ({"metadata": {"creationTimestamp": 5}}, "number into Go struct field ObjectMeta.metadata.creationTimestamp"),
        ({"metadata": {"managedFields": [{"fieldsV1": 1}]}}, "of type v1.FieldsV1"),
    ],
)
def test_a_value_of_another_type_is_refused_in_the_words_of_go(obj: dict[str, Any], message: str) -> None:
    with pytest.raises(Mistyped) as refused:
        conform(obj, DEPLOYMENT)
    assert str(refused.value).startswith("json: cannot unmarshal ")
    assert message in str(refused.value)


def test_what_is_no_object_at_all_is_refused() -> None:
    with pytest.raises(Mistyped, match=r"json: cannot unmarshal array into Go value of type v1\.Pod"):
        conform([], POD)  # type: ignore[arg-type]


def test_the_first_mistake_of_the_document_is_told() -> None:
    with pytest.raises(Mistyped, match=r"spec\.paused"):
        conform({"spec": {"paused": 1, "replicas": "a"}}, DEPLOYMENT)


def test_null_is_absent() -> None:
    pod = in_pod({"name": "c", "image": None, "resources": None})
    pod["metadata"]["creationTimestamp"] = None
    pod["status"] = None
    assert conform(pod, POD) == []
    assert pod == in_pod({"name": "c"})


def test_null_in_a_list_or_a_map_is_the_zero_of_its_type() -> None:
    pod: dict[str, Any] = {
        "metadata": {"labels": {"a": None}, "finalizers": [None]},
        "spec": {"containers": [None, {"command": ["a", None], "resources": {"limits": {"cpu": None}}}]},
    }
    assert conform(pod, POD) == []
    assert pod["metadata"] == {"labels": {"a": ""}, "finalizers": [""]}
    assert pod["spec"]["containers"] == [{}, {"command": ["a", ""], "resources": {"limits": {"cpu": "0"}}}]


@pytest.mark.parametrize("port", [80, "http", 2147483647])
def test_a_number_or_a_text_may_stand_where_both_may(port: Any) -> None:
    service = {"spec": {"ports": [{"port": 80, "targetPort": port}]}}
    assert conform(service, SERVICE) == []
    assert service["spec"]["ports"][0]["targetPort"] == port


@pytest.mark.parametrize("port", [True, 1.5, {}, 2147483648])
def test_nothing_else_may(port: Any) -> None:
    with pytest.raises(Mistyped, match=r"Go struct field ServicePort\.spec\.ports\.targetPort of type int32"):
        conform({"spec": {"ports": [{"targetPort": port}]}}, SERVICE)


@pytest.mark.parametrize("quantity", ["1", "100m", "0.5", "1e3", "1Gi", 2, 1.5])
def test_quantities_stay_as_they_were_written(quantity: Any) -> None:
    pod = in_pod({"resources": {"limits": {"cpu": quantity}}})
    assert conform(pod, POD) == []
    assert pod["spec"]["containers"][0]["resources"]["limits"]["cpu"] == quantity


@pytest.mark.parametrize("quantity", ["", "much", True, {}, "1 Gi"])
def test_what_is_no_quantity_is_refused(quantity: Any) -> None:
    with pytest.raises(Mistyped, match="quantities must match the regular expression"):
        conform(in_pod({"resources": {"limits": {"cpu": quantity}}}), POD)


def test_secrets_hold_base64() -> None:
    secret = {"data": {"a": "YWJj\n", "b": ""}}
    assert conform(secret, SECRET) == []
    assert secret["data"] == {"a": "YWJj", "b": ""}
    with pytest.raises(Mistyped, match="illegal base64 data at input byte 4"):
        conform({"data": {"a": "YWJj!"}}, SECRET)


def test_raw_data_is_left_alone() -> None:
    revision = schema_of(GroupVersionKind("apps", "v1", "ControllerRevision"))
    obj: dict[str, Any] = {"data": {"any": [None, {"thing": None}]}, "revision": 1}
    before = copy.deepcopy(obj)
    assert conform(obj, revision) == []
    assert obj == before


def test_schemas_in_a_definition_are_decoded_too_but_not_strictly() -> None:
    schema = {
        "type": "object",
        "unknown": 1,
        "default": {"a": None},
        "enum": [None, 1],
        "properties": {"list": {"type": "array", "items": {"type": "string", "odd": 1}}},
        "additionalProperties": True,
    }
    crd: dict[str, Any] = {"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}}
    assert conform(crd, CRD) == ['unknown field "spec.versions[0].schema.openAPIV3Schema.unknown"']
    assert schema == {
        "type": "object",
        "default": {"a": None},
        "enum": [None, 1],
        "properties": {"list": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": True,
    }


def test_unions_of_schemas_take_what_they_may() -> None:
    def conformed(schema: dict[str, Any]) -> dict[str, Any]:
        conform({"spec": {"versions": [{"schema": {"openAPIV3Schema": schema}}]}}, CRD)
        return schema

    assert conformed({"items": [{"type": "string", "odd": 1}, None]}) == {"items": [{"type": "string"}, {}]}
    assert conformed({"items": "text"}) == {}
    assert conformed({"dependencies": {"a": ["b"], "c": {"odd": 1}}}) == {"dependencies": {"a": ["b"], "c": {}}}
    with pytest.raises(Mistyped, match="boolean or JSON schema expected"):
        conformed({"additionalProperties": "yes"})
    with pytest.raises(Mistyped, match="of type string"):
        conformed({"dependencies": {"a": [1]}})
    with pytest.raises(Mistyped, match="of type int64"):
        conformed({"properties": {"a": {"items": {"maxLength": "9"}}}})


SCHEMAS = st.sampled_from([schema_of(kind) for kind in kinds()])


def leaves(value: Any) -> int:
    if isinstance(value, dict):
        return sum(1 + leaves(each) for each in value.values())
    return sum(leaves(each) for each in value) if isinstance(value, list) else 0


@settings(max_examples=150, deadline=None)
@given(SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), fitting(schema))))
def test_what_fits_is_accepted_and_then_again_as_it_is(pair: Any) -> None:
    schema, obj = pair
    before = leaves(obj)
    conform(obj, schema)
    assert leaves(obj) <= before, "no field was invented"
    once = copy.deepcopy(obj)
    assert conform(obj, schema) == []
    assert obj == once


@settings(max_examples=150, deadline=None)
@given(SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), mistaken(schema))))
def test_anything_is_accepted_or_refused_and_what_is_accepted_is_so_again(pair: Any) -> None:
    schema, obj = pair
    before = leaves(obj)
    try:
        conform(obj, schema)
    except Mistyped:
        return
    assert leaves(obj) <= before
    once = copy.deepcopy(obj)
    assert conform(obj, schema) == []
    assert obj == once


def test_what_is_known_to_conform_is_not_looked_into() -> None:
    known = in_pod({"name": "c"})
    known["spec"]["old"] = ["of another version"]
    patched = {**known, "status": {"phase": "Running", "phaze": "x", "podIP": None}, "extra": 1}
    assert conform(patched, POD, known) == ['unknown field "status.phaze"', 'unknown field "extra"']
    assert patched == {**known, "status": {"phase": "Running"}} and patched["spec"] is known["spec"]
    with pytest.raises(Mistyped):
        conform({**known, "status": 5}, POD, known)
    assert conform({**known, "spec": dict(known["spec"])}, POD, known) == []
    assert conform({**known, "spec": copy.deepcopy(known["spec"])}, POD, known) == ['unknown field "spec.old"']


def test_what_changed_deep_below_is_told_of_with_its_place() -> None:
    known = in_pod({"name": "c", "env": [{"name": "a"}]})
    spec = {"containers": [*known["spec"]["containers"], {"name": "d", "imge": "x", "env": None}], "hostname": None}
    patched = {**known, "spec": spec}
    assert conform(patched, POD, known) == ['unknown field "spec.containers[1].imge"']
    assert patched == {**known, "spec": {"containers": [known["spec"]["containers"][0], {"name": "d"}]}}
    with pytest.raises(Mistyped, match=r"Go struct field PodSpec\.spec\.hostname of type string"):
        conform({**known, "spec": {**known["spec"], "hostname": 1}}, POD, known)


def merged(known: Any, other: Any) -> Any:
    """As patches do it: what does not change is the very same."""
    if isinstance(known, dict) and isinstance(other, dict):
        return {**known, **{name: merged(known.get(name), each) for name, each in other.items()}}
    return [*known, *other] if isinstance(known, list) and isinstance(other, list) else other


@settings(max_examples=150, deadline=None)
@given(SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), fitting(schema), mistaken(schema))))
def test_looking_at_what_changed_finds_what_looking_at_all_does(given: Any) -> None:
    schema, known, other = given
    try:
        conform(known, schema)
    except Mistyped:
        return  # an unknown field of a map is an entry of it, and of another type
    patched = merged(known, other)
    if not isinstance(patched, dict):
        return
    whole = copy.deepcopy(patched)
    try:
        expected = conform(whole, schema)
    except Mistyped as error:
        with pytest.raises(Mistyped, match=re.escape(str(error))):
            conform(patched, schema, known)
        return
    assert conform(patched, schema, known) == expected
    assert patched == whole

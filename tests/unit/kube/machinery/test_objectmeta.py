"""Metadata of objects, as a whole."""

import pytest

from tests.unit.kube.machinery.test_names import LABEL, NAME_PART, SUBDOMAIN, VALUE
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.names import NameCheck, dns1035_label, dns1123_subdomain
from wherry.kube.machinery.objectmeta import validate_metadata, validate_metadata_update


def _said(obj: Object, namespaced: bool = True, check: NameCheck = dns1123_subdomain) -> list[str]:
    return [str(each) for each in validate_metadata(obj, namespaced, check)]


def test_right_metadata_is_not_complained_about() -> None:
    meta = {
        "name": "web",
        "namespace": "default",
        "labels": {"app": "web"},
        "annotations": {"Example.com/X": "any text"},
        "finalizers": ["example.com/x", "foregroundDeletion"],
        "ownerReferences": [
            {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "u", "controller": True}
        ],
        "managedFields": [{"operation": "Apply", "manager": "kubectl", "fieldsType": "FieldsV1"}],
    }
    assert _said({"metadata": meta}) == []


@pytest.mark.parametrize(
    ("meta", "said"),
    [
        ({"name": "a"}, "metadata.namespace: Required value"),
        ({"namespace": "a"}, "metadata.name: Required value: name or generateName is required"),
        ({"name": "A", "namespace": "a"}, f'metadata.name: Invalid value: "A": {SUBDOMAIN}'),
        ({"name": "a", "namespace": "A"}, f'metadata.namespace: Invalid value: "A": {LABEL}'),
        ({"name": "a", "namespace": "a", "labels": {"a": "-"}}, f'metadata.labels: Invalid value: "-": {VALUE}'),
        ({"name": "a", "namespace": "a", "labels": {"-": "a"}}, f'metadata.labels: Invalid value: "-": {NAME_PART}'),
        (
            {"name": "a", "namespace": "a", "annotations": {"a": "x" * 256 * 1024}},
            "metadata.annotations: Too long: may not be more than 262144 bytes",
        ),
        (
            {"name": "a", "namespace": "a", "finalizers": ["mine"]},
            'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully '
            "qualified",
        ),
        (
            {"name": "a", "namespace": "a", "finalizers": ["orphan", "foregroundDeletion"]},
            'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and '
            "foregroundDeletion cannot be both set",
        ),
        (
            {"name": "a", "namespace": "a", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "b"}]},
            'metadata.ownerReferences.uid: Invalid value: "": must not be empty',
        ),
        (
            {"name": "a", "namespace": "a", "managedFields": [{"operation": "Write"}]},
            'metadata.managedFields[0].operation: Invalid value: "Write": must be `Apply` or `Update`',
        ),
        (
            {"name": "a", "namespace": "a", "managedFields": [{"operation": "Apply", "manager": "a\nb"}]},
            'metadata.managedFields[0].manager: Invalid value: "a\\nb": invalid character U+000A (at position 1)',
        ),
    ],
)
def test_wrong_metadata_is_complained_about(meta: Object, said: str) -> None:
    assert _said({"metadata": meta}) == [said]


def test_an_object_without_a_namespace_has_none() -> None:
    assert _said({"metadata": {"name": "a", "namespace": "b"}}, namespaced=False) == [
        "metadata.namespace: Forbidden: not allowed on this type"
    ]


def test_a_prefix_of_a_name_may_end_with_a_hyphen() -> None:
    assert _said({"metadata": {"name": "web-x7f2k", "generateName": "web-", "namespace": "a"}}) == []
    assert _said({"metadata": {"name": "Web-x7f2k", "generateName": "Web-", "namespace": "a"}}) == [
        f'metadata.generateName: Invalid value: "Web-": {SUBDOMAIN}',
        f'metadata.name: Invalid value: "Web-x7f2k": {SUBDOMAIN}',
    ]


def test_each_kind_has_its_own_rule_for_the_same_generated_names() -> None:
    meta = {"name": "a", "generateName": "7-web-", "namespace": "a"}
    for _ in range(2):
        assert _said({"metadata": meta}) == []
        assert [each.partition(":")[0] for each in _said({"metadata": meta}, check=dns1035_label)] == [
            "metadata.generateName"
        ]
    (told,) = _said({"metadata": {**meta, "generateName": "x" * 1000}})
    assert told.endswith("must be no more than 253 bytes")


def test_only_one_owner_controls() -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "uid": "u", "controller": True}
    meta = {"name": "a", "namespace": "a", "ownerReferences": [{**owner, "name": "x"}, {**owner, "name": "y"}]}
    (said,) = _said({"metadata": meta})
    assert said.endswith(
        'Only one reference can have Controller set to true. Found "true" in references for Pod/x and Pod/y'
    )


def test_custom_resources_have_finalizers_of_any_name() -> None:
    obj = {"metadata": {"name": "a", "finalizers": ["mine"]}}
    assert validate_metadata(obj, False, custom=True) == []
    assert validate_metadata_update(obj, obj, custom=True) == []


def test_identity_does_not_change() -> None:
    old = {"metadata": {"name": "a", "uid": "1", "creationTimestamp": "t", "generation": 2}}
    new = {"metadata": {"name": "b", "uid": "2", "creationTimestamp": "t", "generation": 1}}
    assert [str(each) for each in validate_metadata_update(new, old)] == [
        "metadata.generation: Invalid value: 1: must not be decremented",
        'metadata.name: Invalid value: "b": field is immutable',
        'metadata.uid: Invalid value: "2": field is immutable',
    ]


def test_no_finalizer_is_added_to_what_is_being_deleted() -> None:
    old = {"metadata": {"name": "a", "deletionTimestamp": "t", "finalizers": ["x.y/a"]}}
    new = {"metadata": {"name": "a", "deletionTimestamp": "t", "finalizers": ["x.y/a", "x.y/b"]}}
    assert [str(each) for each in validate_metadata_update(new, old)] == [
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"x.y/b"}'
    ]
    assert validate_metadata_update(old, new) == []


def test_of_many_wrong_finalizers_not_all_are_told() -> None:
    for finalizer, most in (("", 1100), ("short", 1000)):
        meta = {"name": "a", "namespace": "b", "finalizers": [finalizer] * 50_000}
        assert 900 < len(validate_metadata({"metadata": meta}, True)) <= most


def test_many_owners_that_control_are_told_of_once_as_they_are() -> None:
    owners = [
        {"apiVersion": "v1", "kind": "Pod", "name": f"p{number}", "uid": str(number), "controller": True}
        for number in range(100)
    ]
    found = validate_metadata({"metadata": {"name": "a", "namespace": "b", "ownerReferences": owners}}, True)
    assert len(found) == 99 and all(each.value is owners for each in found)

"""Objects within objects."""

from typing import Any

from wherry.kube.machinery.schema.embedded import validate_embedded, validate_object
from wherry.kube.machinery.schema.structural import from_crd

EMBEDDED = {
    "type": "object",
    "x-kubernetes-embedded-resource": True,
    "x-kubernetes-preserve-unknown-fields": True,
}
SCHEMA = from_crd(
    {"properties": {"one": EMBEDDED, "many": {"type": "array", "items": EMBEDDED}}},
)


def said(obj: dict[str, Any]) -> list[str]:
    return [str(each) for each in validate_embedded(obj, SCHEMA)]


def test_an_embedded_object_says_what_it_is() -> None:
    assert said({"one": {"apiVersion": "v1", "kind": "Pod"}}) == []
    assert said({"one": {}}) == ["one.apiVersion: Required value", "one.kind: Required value"]
    assert said({"many": [{"apiVersion": "a/b/c", "kind": "9"}]}) == [
        'many[0].apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
        'many[0].kind: Invalid value: "9": may have mixed case, but should otherwise match: a DNS-1035 label must '
        "consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an "
        "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
        "'[a-z]([-a-z0-9]*[a-z0-9])?')",
    ]
    assert said({"one": {"apiVersion": 1, "kind": "Pod"}}) == ["one.apiVersion: Invalid value: 1: must be a string"]


def test_its_metadata_is_right_but_needs_no_name() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod"}
    assert said({"one": {**pod, "metadata": {"namespace": "a"}}}) == []
    (error,) = said({"one": {**pod, "metadata": {"labels": {"a b": "c"}}}})
    assert error.startswith('one.metadata.labels: Invalid value: "a b"')


def test_the_object_itself_is_another_matter() -> None:
    assert said({}) == []
    assert [str(each) for each in validate_object({}, SCHEMA, "default")] == [
        "default.apiVersion: Required value",
        "default.kind: Required value",
    ]

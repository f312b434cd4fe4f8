from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.podspec.claims import validate_access_modes, validate_claim_spec, validate_claim_template
from wherry.kube.machinery.fielderrors import Path

SPEC = Path("spec")
RIGHT = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        ({"accessModes": []}, ["spec.accessModes: Required value: at least 1 access mode is required"]),
        (
            {"accessModes": ["ReadWriteTwice"]},
            [
                'spec.accessModes: Unsupported value: "ReadWriteTwice": supported values: "ReadOnlyMany", '
                '"ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
            ],
        ),
        ({"resources": {}}, ["spec.resources[storage]: Required value"]),
        (
            {"resources": {"requests": {"storage": "0"}}},
            ['spec.resources[storage]: Invalid value: "0": must be greater than zero'],
        ),
        ({"storageClassName": ""}, []),
        (
            {"volumeMode": "File"},
            ['spec.volumeMode: Unsupported value: "File": supported values: "Block", "Filesystem"'],
        ),
        (
            {"selector": {"matchExpressions": [{"key": "a", "operator": "In"}]}},
            [
                "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is "
                "'In' or 'NotIn'"
            ],
        ),
        (
            {"dataSource": {"kind": "Snapshot", "name": "a"}},
            [
                "spec.dataSource: Invalid value: \"Snapshot\": must be 'PersistentVolumeClaim' when referencing the "
                "default apiGroup"
            ],
        ),
        (
            {"dataSource": {"kind": "PersistentVolumeClaim", "name": ""}},
            ["spec.dataSource.name: Required value"],
        ),
        (
            {
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
                "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "b"},
            },
            ['spec: Invalid value: "spec.dataSource": must match dataSourceRef'],
        ),
        (
            {
                "dataSource": {"kind": "PersistentVolumeClaim", "name": "a"},
                "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "a", "namespace": "other"},
            },
            ['spec: Invalid value: "spec.dataSource": may not be specified when dataSourceRef.namespace is specified'],
        ),
    ],
)
def test_claims(fields: dict[str, Any], errors: list[str]) -> None:
    assert said(validate_claim_spec({**RIGHT, **fields}, SPEC)) == errors


def test_a_pod_of_its_own_goes_with_no_other_mode() -> None:
    found = said(validate_access_modes(["ReadWriteOncePod", "ReadOnlyMany"], Path("modes")))
    assert found == ["modes: Forbidden: may not use ReadWriteOncePod with other access modes"]


def test_a_bad_name_of_a_class_is_refused() -> None:
    (error,) = validate_claim_spec({**RIGHT, "storageClassName": "Fast"}, SPEC)
    assert str(error).startswith('spec.storageClassName: Invalid value: "Fast": a lowercase RFC 1123 subdomain')


def test_a_template_has_labels_and_annotations_only() -> None:
    template = {"metadata": {"name": "x", "labels": {"a": "b"}, "creationTimestamp": None}, "spec": RIGHT}
    assert said(validate_claim_template(template, Path("t"))) == ["t.metadata.name: Forbidden: cannot be set"]

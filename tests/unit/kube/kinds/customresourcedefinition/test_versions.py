"""What the versions of a definition may say."""

from typing import Any

import pytest

from tests.unit.kube.kinds.customresourcedefinition.examples import crd, version
from wherry.kube.kinds.customresourcedefinition.versions import is_shared, stored_version_errors, version_errors
from wherry.kube.machinery.fielderrors import Path

WRONG: dict[str, Any] = {"a": {}}


def said(*versions: Any) -> list[str]:
    return [str(each) for each in version_errors(crd(versions=list(versions))["spec"], Path("spec"))]


def test_right_versions_are_not_complained_of() -> None:
    assert not said(version())
    assert not said(version("v1"), version("v2", storage=False, served=False))


def test_what_all_versions_say_upstream_holds_once() -> None:
    one, same, other = version("v1"), version("v2"), version("v3", properties={"a": {"type": "string"}})
    assert is_shared({"versions": [one]}, "schema") and is_shared({"versions": [one, same]}, "schema")
    assert not is_shared({"versions": [one, other]}, "schema")
    text = "Required value: must not be empty for specified object fields"
    field = "openAPIV3Schema.properties[spec].properties[a].type"
    wrong = version("v2", storage=False, properties=WRONG)
    assert said(version(properties=WRONG)) == [f"spec.validation.{field}: {text}"]
    assert said(version(properties=WRONG), wrong) == [f"spec.validation.{field}: {text}"]
    assert said(version(), wrong) == [f"spec.versions[1].schema.{field}: {text}"]


def test_every_version_has_a_schema() -> None:
    assert said(version(schema=None)) == [
        "spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required"
    ]


def test_one_version_is_stored_and_no_two_have_a_name() -> None:
    (error,) = said(version(storage=False))
    assert error.startswith("spec.versions: Invalid value: [")
    assert error.endswith("must have exactly one version marked as storage version")
    assert said(version(), version(storage=False))[0].endswith("must contain unique version names")
    assert said()[0].endswith("must have exactly one version marked as storage version")


def test_a_version_has_a_name() -> None:
    (error,) = said(version("V1"))
    assert error.startswith('spec.versions[0].name: Invalid value: "V1": a DNS-1035 label')


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"deprecationWarning": "x"}, 'Invalid value: "x": can only be set for deprecated versions'),
        ({"deprecated": True, "deprecationWarning": ""}, 'Invalid value: "": must not be an empty string'),
        ({"deprecated": True, "deprecationWarning": "é\t"},
         'Invalid value: "é\\t": must only contain printable UTF-8 characters; '
         "non-printable character found at index 2"),
    ],
)  # fmt: skip
def test_a_warning_of_deprecation_is_one(more: dict[str, Any], text: str) -> None:
    assert said(version(**more)) == [f"spec.versions[0].deprecationWarning: {text}"]


def test_with_a_status_subresource_the_root_of_the_schema_says_little() -> None:
    made = version(subresources={"status": {}})
    made["schema"]["openAPIV3Schema"]["oneOf"] = [{"required": ["spec"]}]
    (error,) = said(made)
    assert error.startswith("spec.validation.openAPIV3Schema: Invalid value: {")


@pytest.mark.parametrize(
    ("scale", "texts"),
    [
        ({"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}, []),
        ({}, ["specReplicasPath: Required value", "statusReplicasPath: Required value"]),
        ({"specReplicasPath": "spec.size", "statusReplicasPath": ".spec.size", "labelSelectorPath": ".other"},
         ['specReplicasPath: Invalid value: "spec.size": must be a simple json path starting with .',
          'statusReplicasPath: Invalid value: ".spec.size": should be a json path under .status',
          'labelSelectorPath: Invalid value: ".other": should be a json path under either .spec or .status']),
    ],
)  # fmt: skip
def test_scale_says_where_replicas_are(scale: dict[str, Any], texts: list[str]) -> None:
    assert said(version(subresources={"scale": scale})) == [f"spec.subresources.scale.{text}" for text in texts]


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        ({"name": "Size", "type": "integer", "jsonPath": ".spec.size"}, []),
        ({}, ["name: Required value", "type: Required value: must be one of boolean,date,integer,number,string",
              "JSONPath: Required value"]),
        ({"name": "A", "type": "text", "format": "odd", "jsonPath": "spec"},
         ['type: Invalid value: "text": must be one of boolean,date,integer,number,string',
          'format: Invalid value: "odd": must be one of byte,date,date-time,double,float,int32,int64,password',
          'JSONPath: Invalid value: "spec": must be a simple json path starting with .']),
    ],
)  # fmt: skip
def test_columns_are_described(column: dict[str, Any], texts: list[str]) -> None:
    assert said(version(additionalPrinterColumns=[column])) == [
        f"spec.additionalPrinterColumns[0].{text}" for text in texts
    ]


def test_objects_are_selected_by_fields_with_plain_values() -> None:
    def of_paths(*paths: str) -> list[str]:
        properties = {"color": {"type": "string"}, "list": {"type": "array", "items": {"type": "string"}}}
        made = version(properties=properties, selectableFields=[{"jsonPath": path} for path in paths])
        return [text.removeprefix("spec.selectableFields") for text in said(made)]

    assert not of_paths(".spec.color")
    assert of_paths("") == ["[0].jsonPath: Required value"]
    assert of_paths(".spec.no") == [
        '[0].jsonPath: Invalid value: ".spec.no": is an invalid path: does not refer to a valid field'
    ]
    assert of_paths(".spec.list")[0].startswith(
        '[0].jsonPath: Invalid value: ".spec.list": must point to a field of type string, boolean or integer.'
    )
    assert of_paths(".spec.color", ".spec.color") == ['[1].jsonPath: Duplicate value: ".spec.color"']


def test_a_version_that_objects_may_be_stored_in_stays() -> None:
    def of_stored(*stored: str) -> list[str]:
        return [str(each) for each in stored_version_errors(stored, [version("v2")], Path("s"))]

    assert not of_stored("v2")
    assert of_stored() == ["s: Invalid value: []: must have at least one stored version"]
    gone, missing = of_stored("v1")
    assert gone == 's: Invalid value: ["v1"]: must have the storage version v2'
    assert missing.startswith(
        's[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version'
    )

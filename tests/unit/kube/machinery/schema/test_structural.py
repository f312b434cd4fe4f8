"""From the openAPIV3Schema of a definition to a schema."""

from wherry.kube.machinery.schema import builtin
from wherry.kube.machinery.schema.model import MISSING
from wherry.kube.machinery.schema.structural import from_crd


def test_a_whole_object_has_metadata_though_the_document_says_nothing_of_it() -> None:
    schema = from_crd({"type": "object", "properties": {"spec": {"type": "object"}}})
    assert schema.embedded and schema.type == "object"
    assert schema.properties["metadata"] is builtin.definition(builtin.OBJECT_META)
    assert schema.properties["apiVersion"].type == "string"
    assert next(iter(schema.properties)) == "spec"


def test_a_document_may_restrict_names() -> None:
    schema = from_crd({"properties": {"metadata": {"properties": {"name": {"type": "string", "maxLength": 3}}}}})
    metadata = schema.properties["metadata"]
    assert metadata.properties["name"].constraints == {"maxLength": 3}
    assert metadata.properties["labels"].is_map
    assert not builtin.definition(builtin.OBJECT_META).properties["name"].constraints


def test_what_a_node_says_is_kept() -> None:
    schema = from_crd(
        {
            "properties": {
                "list": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "maxItems": 3,
                    "items": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
                },
                "any": {"x-kubernetes-preserve-unknown-fields": True, "nullable": True},
                "port": {"x-kubernetes-int-or-string": True, "default": 80},
                "choice": {"type": "string", "enum": ["a", "b"], "pattern": "^a"},
            }
        }
    )
    made = schema.properties["list"]
    assert (made.list_type, made.list_map_keys, made.constraints) == ("map", ("name",), {"maxItems": 3})
    assert made.items is not None and made.items.required == ("name",)
    assert schema.properties["any"].preserve_unknown and schema.properties["any"].nullable
    assert schema.properties["port"].int_or_string and schema.properties["port"].default == 80
    assert schema.properties["choice"].enum == ("a", "b")
    assert schema.properties["choice"].default is MISSING


def test_combined_schemas_are_schemas() -> None:
    one, other = from_crd({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}).constraints["oneOf"]
    assert (one.required, other.required) == (("a",), ("b",))
    assert from_crd({"not": {"required": ["a"]}}).constraints["not"].required == ("a",)


def test_additional_properties_are_a_schema_or_yes_or_no() -> None:
    def made(additional: object) -> object:
        return from_crd({"properties": {"m": {"type": "object", "additionalProperties": additional}}}).properties["m"]

    typed, free, none = made({"type": "string"}), made(True), made(False)
    assert typed.additional.type == "string" and typed.is_map  # type: ignore[attr-defined]
    assert free.additional.type == "" and not free.constraints  # type: ignore[attr-defined]
    assert none.constraints == {"additionalProperties": False}  # type: ignore[attr-defined]


def test_without_a_document_everything_is_kept() -> None:
    assert from_crd(None).preserve_unknown

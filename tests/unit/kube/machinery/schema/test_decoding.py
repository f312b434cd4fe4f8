"""Schemas as functions."""

from wherry.kube.machinery.schema.builtin import definition
from wherry.kube.machinery.schema.decoding import Unknown, compiled, go_type, mistyped, unknown_field

CORE = "io.k8s.api.core.v1."


def test_a_schema_is_compiled_once_though_it_contains_itself() -> None:
    schema = definition("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps")
    check = compiled(schema)
    assert check is compiled(schema) and check is not None
    deep: dict[str, object] = {"type": "string"}
    for _ in range(50):
        deep = {"not": deep, "properties": {"a": {"title": "t"}}}
    assert check(deep, None, Unknown()) is deep


def test_there_is_nothing_to_look_at_in_what_may_be_anything() -> None:
    assert compiled(definition("io.k8s.apimachinery.pkg.runtime.RawExtension")) is None


def test_types_are_called_what_go_calls_them() -> None:
    fields = definition(CORE + "PodSpec").properties
    assert go_type(fields["containers"]) == "[]v1.Container"
    assert go_type(fields["nodeSelector"]) == "map[string]string"
    assert go_type(fields["activeDeadlineSeconds"]) == "int64"
    assert go_type(definition(CORE + "Secret").properties["data"]) == "map[string][]uint8"
    assert go_type(definition("io.k8s.apimachinery.pkg.api.resource.Quantity")) == "resource.Quantity"


def test_the_path_of_a_mistake_has_names_of_fields_alone() -> None:
    place = (((((None, "spec", "Pod"), "containers", "PodSpec"), 0, ""), "env", "Container"), 3, "")
    said = "json: cannot unmarshal object into Go struct field Container.spec.containers.env of type v1.EnvVar"
    assert str(mistyped({}, "v1.EnvVar", place)) == said


def test_the_path_of_an_unknown_field_is_quoted() -> None:
    assert unknown_field('spec.a"b') == 'unknown field "spec.a\\"b"'

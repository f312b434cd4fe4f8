"""From a definition to a kind."""

from datetime import UTC, datetime
from typing import Any

from tests.unit.kube.kinds.customresourcedefinition.examples import crd, version
from wherry.kube.apiserver.custom.kinds import kind_of
from wherry.kube.kinds.customresourcedefinition import KIND
from wherry.kube.kinds.customresourcedefinition.conditions import conditions
from wherry.kube.kinds.model import Context, Kind, ScaleFields

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def defined(**spec: Any) -> Kind:
    made = crd(**spec)
    KIND.strategy.default(made)
    KIND.strategy.prepare_create(made, Context(NOW))
    assert not KIND.strategy.validate(made, Context(NOW))
    made["status"] = conditions(made, [], NOW)
    kind = kind_of(made)
    assert kind is not None
    return kind


def test_a_definition_gives_a_kind() -> None:
    kind = defined()
    assert (kind.group, kind.kind, kind.plural, kind.singular) == ("example.com", "Widget", "widgets", "widget")
    assert (kind.storage, kind.namespaced, kind.custom) == ("v1", True, True)
    assert not kind.has_status and kind.scale is None and not kind.allow_unconditional_update
    assert kind.schema().properties["spec"].properties["size"].type == "integer"
    assert [(each.name, each.type) for each in kind.columns] == [("Name", "string"), ("Age", "date")]


def test_what_is_not_established_or_not_served_is_no_kind() -> None:
    made = crd()
    assert kind_of(made) is None
    made["status"] = conditions(made, [], NOW)
    assert kind_of(made) is not None
    made["spec"]["versions"][0]["served"] = False
    assert kind_of(made) is None


def test_it_has_the_names_that_were_accepted() -> None:
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"], "categories": ["all"]}
    kind = defined(names=names, scope="Cluster")
    assert (kind.short_names, kind.categories, kind.namespaced) == (("wd",), ("all",), False)


def test_versions_come_in_the_order_of_their_priority() -> None:
    kind = defined(
        versions=[version("v1beta1", storage=False), version("v1"), version("v2alpha1", storage=False, served=False)]
    )
    assert [each.name for each in kind.versions] == ["v1", "v1beta1"]
    assert kind.storage == "v1"


def test_versions_with_the_same_schema_need_no_conversion() -> None:
    same = defined(versions=[version("v1"), version("v2", storage=False)])
    assert all(each.conversion is None for each in same.versions)


def test_a_version_with_a_schema_of_its_own_has_its_own_defaults_and_fields() -> None:
    color = {"color": {"type": "string", "default": "red"}}
    kind = defined(versions=[version("v1"), version("v1beta1", storage=False, properties=color)])
    other = kind.version("v1beta1")
    assert other is not None and other.conversion is not None
    assert other.conversion.to_storage({"spec": {}}) == {"spec": {"color": "red"}}
    assert other.conversion.from_storage({"spec": {"size": 1, "color": "blue"}}) == {"spec": {"color": "blue"}}


def test_subresources_are_those_of_the_definition() -> None:
    scale = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
    kind = defined(versions=[version(subresources={"status": {}, "scale": scale})])
    assert kind.has_status
    assert kind.scale == ScaleFields("spec.size", "status.size", "")


def test_columns_are_those_of_each_version() -> None:
    column = {"name": "Size", "type": "integer", "jsonPath": ".spec.size"}
    kind = defined(versions=[version("v1", additionalPrinterColumns=[column]), version("v2", storage=False)])
    v1, v2 = kind.version("v1"), kind.version("v2")
    assert v1 is not None and v1.cells is not None and v1.columns is not None
    assert [each.name for each in v1.columns] == ["Name", "Size"]
    assert list(v1.cells({"metadata": {"name": "a"}, "spec": {"size": 5}}, NOW)) == ["a", 5]
    assert v2 is not None and v2.columns is None


def test_objects_are_selected_by_the_fields_that_it_names() -> None:
    properties = {"color": {"type": "string"}, "on": {"type": "boolean"}}
    fields = [{"jsonPath": ".spec.color"}, {"jsonPath": ".spec.on"}]
    kind = defined(versions=[version(properties=properties, selectableFields=fields)])
    assert kind.selectable == ("spec.color", "spec.on")
    obj = {"metadata": {"name": "a", "namespace": "b"}, "spec": {"on": True}}
    assert dict(kind.fields(obj)) == {
        "metadata.name": "a",
        "metadata.namespace": "b",
        "spec.color": "",
        "spec.on": "true",
    }


def test_a_deprecated_version_says_so() -> None:
    def warning(**more: Any) -> str:
        kind = defined(versions=[version("v1"), version("v1beta1", storage=False, deprecated=True, **more)])
        found = kind.version("v1beta1")
        assert found is not None
        return found.deprecation_warning

    assert warning() == "example.com/v1beta1 Widget is deprecated; use example.com/v1 Widget"
    assert warning(deprecationWarning="do not") == "do not"
    alone = defined(versions=[version("v1", deprecated=True)])
    assert alone.versions[0].deprecation_warning == "example.com/v1 Widget is deprecated"


def test_the_schema_is_published_as_its_author_wrote_it() -> None:
    published = defined().versions[0].openapi
    assert published is not None
    assert published()["properties"]["spec"]["properties"] == {"size": {"type": "integer"}}


def test_its_strategy_is_made_once() -> None:
    kind = defined()
    assert kind.strategy is kind.strategy
    obj = {"metadata": {"name": "a"}, "spec": {"size": "x"}}
    assert [each.field for each in kind.strategy.validate(obj, Context(NOW))] == ["spec.size"]

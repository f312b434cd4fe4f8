"""What is in a new object is what differs from nothing, in order."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, manager, obj
from tests.unit.kube.machinery.apply.test_typed import FIELDS, WILD
from tests.unit.kube.machinery.patches.schemas import OBJECT, TEXT, struct
from tests.unit.kube.machinery.schema.generated import fitting
from wherry.kube.machinery.apply.comparison import compare
from wherry.kube.machinery.apply.creating import created
from wherry.kube.machinery.apply.entries import encoded
from wherry.kube.machinery.apply.fieldsets import sorted_set
from wherry.kube.machinery.apply.managed import Manager, track_update, updated
from wherry.kube.machinery.apply.shapes import of_object
from wherry.kube.machinery.jsondocs import encode
from wherry.kube.machinery.schema.builtin import kinds, schema_of
from wherry.kube.machinery.schema.model import Schema

_SCHEMAS = st.sampled_from([schema_of(kind) for kind in kinds()])


def _agrees(document: Object, schema: Schema) -> None:
    """In order, too."""
    assert encode(created(document, schema)) == encode(sorted_set(compare({}, document, schema).added))


@given(OBJECTS)
def test_an_object_is_all_new(document: Object) -> None:
    _agrees(document, OBJECT)


@given(st.dictionaries(st.sampled_from(FIELDS), WILD, max_size=3))
def test_whatever_it_holds(spec: Object) -> None:
    _agrees(obj(spec), OBJECT)


@settings(max_examples=150, deadline=None)
@given(_SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), fitting(schema))))
def test_whatever_kind_it_is_of(pair: tuple[Schema, Object]) -> None:
    _agrees(pair[1], of_object(pair[0]))


def _tracked_as_an_update(document: Object, schema: Schema, has_status: bool) -> None:
    who = manager(operation="Update", schema=schema)
    who = Manager(**{name: getattr(who, name) for name in who.__struct_fields__} | {"has_status": has_status})
    expected = encoded(updated({}, {}, document, who))
    track_update(None, document, who)
    assert encode(document["metadata"].get("managedFields", [])) == encode(expected)


@settings(max_examples=100, deadline=None)
@given(_SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), fitting(schema))), st.booleans())
def test_its_creator_owns_it_but_for_its_identity(pair: tuple[Schema, Object], has_status: bool) -> None:
    schema, document = pair
    metadata = {"name": "x", "uid": "u", "generation": 1, **(document.get("metadata") or {})}
    metadata.pop("managedFields", None)
    _tracked_as_an_update({"apiVersion": "v1", "kind": "K", **document, "metadata": metadata}, schema, has_status)


def test_one_who_says_neither_name_nor_time_is_noted_all_the_same() -> None:
    document = obj({"text": "a"})
    track_update(None, document, manager("", "Update", ""))
    (entry,) = document["metadata"]["managedFields"]
    assert (entry["manager"], "time" in entry) == ("unknown", False)


@pytest.mark.parametrize("metadata", [{"name": "x"}, {"name": "x", "labels": {"a": "b"}}, {}, {"labels": {}}])
def test_a_custom_schema_may_say_something_of_metadata(metadata: Object) -> None:
    schema = struct("", metadata=struct("", name=TEXT), spec=struct("", a=TEXT), status=struct("", b=TEXT))
    for has_status in (True, False):
        document = {"apiVersion": "v1", "kind": "K", "metadata": dict(metadata), "spec": {}, "status": {"b": "c"}}
        _tracked_as_an_update(document, schema, has_status)

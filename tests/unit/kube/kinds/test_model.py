import pytest

from wherry.kube.kinds.model import Kind, Strategy, Version, metadata_fields
from wherry.kube.machinery.model import GroupKind, GroupResource, GroupVersion, GroupVersionKind
from wherry.kube.machinery.names import dns1035_label, dns1123_subdomain, path_segment
from wherry.kube.machinery.schema.model import Schema

OLD, NEW = Schema("object", name="old"), Schema("object", name="new")


def kind(*, name_is_free: bool = False) -> Kind:
    versions = (Version("v2", lambda: NEW), Version("v1", lambda: OLD))
    return Kind("example.com", "Boat", "boats", versions, "v1", name_is_free=name_is_free)


def test_names_of_a_kind() -> None:
    boats = kind()
    assert boats.resource == GroupResource("example.com", "boats")
    assert boats.group_kind == GroupKind("example.com", "Boat")
    assert boats.storage_version == GroupVersion("example.com", "v1")
    assert boats.gvk() == GroupVersionKind("example.com", "v1", "Boat")
    assert boats.gvk("v2") == GroupVersionKind("example.com", "v2", "Boat")


def test_a_version_is_found_by_its_name() -> None:
    boats = kind()
    assert boats.version("v2") is boats.versions[0]
    assert boats.version("v3") is None
    assert (boats.schema(), boats.schema("v2")) == (OLD, NEW)
    with pytest.raises(KeyError):
        boats.schema("v3")


def test_names_of_objects_are_subdomains_unless_a_kind_says_otherwise() -> None:
    assert kind().check_name is dns1123_subdomain
    assert kind(name_is_free=True).check_name is path_segment
    services = Kind("", "Service", "services", (), "v1", name_check=dns1035_label)
    assert services.check_name is dns1035_label


def test_only_what_controllers_look_at_counts() -> None:
    old = {"apiVersion": "v1", "metadata": {"labels": {}}, "spec": {"size": 1}, "status": {"size": 0}}
    strategy = Strategy()
    assert not strategy.generation_counts({**old, "metadata": {}, "status": {}}, old)
    assert strategy.generation_counts({**old, "spec": {"size": 2}}, old)
    assert strategy.generation_counts({**old, "data": {}}, old)
    assert strategy.generation_counts({**old, "spec": {"size": True}}, old)


def test_every_object_can_be_selected_by_name_and_namespace() -> None:
    assert metadata_fields({"metadata": {"name": "a", "namespace": "b"}}) == {
        "metadata.name": "a",
        "metadata.namespace": "b",
    }
    assert metadata_fields({}) == {"metadata.name": "", "metadata.namespace": ""}

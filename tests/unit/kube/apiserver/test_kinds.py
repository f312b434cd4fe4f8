"""The kinds that are served, and their versions."""

import pytest

from wherry.kube.apiserver.kinds import Kinds, Served
from wherry.kube.kinds.every import builtin
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.model import GroupResource
from wherry.kube.machinery.schema.model import Schema


def a_kind(plural: str = "widgets", *versions: str) -> Kind:
    found = tuple(Version(name, Schema) for name in versions or ("v1",))
    return Kind("example.com", "Widget", plural, found, found[0].name)


@pytest.fixture
def kinds() -> Kinds:
    return Kinds([a_kind()])


def test_a_url_names_a_version_of_a_kind(kinds: Kinds) -> None:
    assert kinds.served("example.com", "v1", "widgets") is not None
    assert kinds.served("example.com", "v2", "widgets") is None
    assert kinds.served("", "v1", "widgets") is None


def test_a_kind_in_place_of_another_is_served_alone(kinds: Kinds) -> None:
    told: list[int] = []
    kinds.listeners.append(lambda: told.append(1))
    kinds.add(a_kind("widgets", "v2"))
    assert kinds.served("example.com", "v1", "widgets") is None
    assert kinds.served("example.com", "v2", "widgets") is not None
    kinds.remove(GroupResource("example.com", "widgets"))
    kinds.remove(GroupResource("example.com", "widgets"))
    assert (kinds.all(), told) == ([], [1, 1])


def test_versions_of_the_same_fields_differ_in_their_name_only() -> None:
    kind = a_kind("widgets", "v1", "v1beta1")
    beta = Served(kind, kind.versions[1])
    assert (beta.api_version, beta.is_storage, beta.gvk) == ("example.com/v1beta1", False, kind.gvk("v1beta1"))
    obj = {"apiVersion": "example.com/v1beta1", "kind": "Widget", "spec": {"a": 1}}
    assert beta.to_storage(dict(obj)) == {**obj, "apiVersion": "example.com/v1"}
    assert beta.from_storage(beta.to_storage(dict(obj))) == obj


def test_both_apis_of_events_are_stored_as_one() -> None:
    served = Kinds(builtin()).served("events.k8s.io", "v1", "events")
    assert served is not None and not served.is_storage
    assert (str(served.storage), served.prefix) == ("events", "/core/events/")
    obj = {"apiVersion": "events.k8s.io/v1", "kind": "Event", "metadata": {"name": "e", "namespace": "d"},
           "regarding": {"kind": "Pod", "name": "p"}, "note": "hello", "reason": "R", "type": "Normal"}  # fmt: skip
    stored = served.to_storage(obj)
    assert (stored["apiVersion"], stored["involvedObject"]["name"], stored["message"]) == ("v1", "p", "hello")


def test_a_kind_is_found_by_what_an_object_says() -> None:
    found = Kinds(builtin()).by_kind("apps", "v1", "Deployment")
    assert found is not None and found.kind.plural == "deployments"

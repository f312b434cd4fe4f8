"""The subresources of kinds."""

import pytest
from msgspec.structs import replace

from tests.unit.kube.apiserver.served import ACCOUNTS, CONFIGS, DEPLOYMENTS, PODS, REVIEWS
from wherry.kube.kinds.subresources import SCALE, STATUS, find, of
from wherry.kube.machinery.model import GroupVersionKind


def test_a_kind_has_those_it_names_and_status_and_scale() -> None:
    assert [each.name for each in of(DEPLOYMENTS)] == ["scale", "status"]
    assert [each.name for each in of(ACCOUNTS)] == ["token"]
    assert [each.name for each in of(CONFIGS)] == []
    assert find(DEPLOYMENTS, "status") is STATUS
    assert find(CONFIGS, "status") is None


def test_they_are_sorted() -> None:
    names = [each.name for each in of(PODS)]
    assert names == sorted(names)
    assert "status" in names


def test_a_review_has_a_status_that_is_no_subresource() -> None:
    assert REVIEWS.has_status
    assert of(REVIEWS) == ()


@pytest.mark.parametrize(
    ("name", "gvk"),
    [
        ("eviction", GroupVersionKind("policy", "v1", "Eviction")),
        ("binding", GroupVersionKind("", "v1", "Binding")),
        ("log", GroupVersionKind("", "v1", "Pod")),
        ("resize", GroupVersionKind("", "v1", "Pod")),
        ("exec", GroupVersionKind("", "v1", "PodExecOptions")),
    ],
)
def test_what_a_subresource_takes(name: str, gvk: GroupVersionKind) -> None:
    found = find(PODS, name)
    assert found is not None
    assert found.gvk_in(PODS, "v1") == gvk
    assert found.verbs == tuple(sorted(found.verbs))


def test_every_scale_is_one_kind() -> None:
    found = find(DEPLOYMENTS, "scale")
    assert found is not None
    assert found.gvk_in(DEPLOYMENTS, "v1") == SCALE


def test_a_name_that_nobody_knows_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        of(replace(PODS, subresources=("nonsense",)))

"""What the folders of the kinds say in few words."""

import pytest

from wherry.kube.kinds.declared import version, versions


def test_a_schema_is_looked_up_when_it_is_asked_for() -> None:
    (found,) = versions("apps", "Deployment", "v1")
    assert found.schema().child("spec") is not None
    unknown = version("apps", "Deployment", "v9")
    with pytest.raises(KeyError):
        unknown.schema()


def test_versions_keep_their_order() -> None:
    assert [each.name for each in versions("resource.k8s.io", "DeviceClass", "v1", "v1beta2")] == ["v1", "v1beta2"]

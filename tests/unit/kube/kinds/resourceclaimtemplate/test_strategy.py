"""Defaults and rules of ResourceClaimTemplates."""

from tests.unit.kube.kinds.devices.examples import claim, request
from tests.unit.kube.kinds.objects import changed, created, made
from wherry.kube.kinds.resourceclaimtemplate import KIND


def test_what_is_left_out_is_filled_in() -> None:
    plain = {"name": "one", "exactly": {"deviceClassName": "gpu"}}
    assert made(KIND, spec={"spec": claim(plain)})["spec"] == {"spec": claim(request())}


def test_labels_and_annotations_are_all_its_metadata() -> None:
    assert created(KIND, spec={"metadata": {"labels": {"a": "b"}}, "spec": claim()}) == []
    assert created(KIND, spec={"metadata": {"name": "x"}, "spec": claim(request(count=0))}) == [
        "spec.metadata.name: Forbidden: cannot be set"
    ]
    assert created(KIND, spec={"spec": claim(request(deviceClassName=""))}) == [
        "spec.spec.devices.requests[0].exactly.deviceClassName: Required value"
    ]


def test_it_never_changes() -> None:
    (error,) = changed(KIND, made(KIND, spec={"spec": claim()}), spec={"spec": claim(request("two"))})
    assert error.endswith(": field is immutable")


def test_an_old_version() -> None:
    version = KIND.version("v1beta1")
    assert version is not None
    assert version.conversion is not None
    old = version.conversion.from_storage({"spec": {"spec": claim(request())}})
    assert "exactly" not in old["spec"]["spec"]["devices"]["requests"][0]
    assert version.conversion.to_storage(old) == {"spec": {"spec": claim(request())}}

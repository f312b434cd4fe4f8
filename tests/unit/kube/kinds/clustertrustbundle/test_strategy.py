"""Rules of ClusterTrustBundles, and what is shown of them."""

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from tests.unit.kube.kinds.signing.examples import certificate
from wherry.kube.kinds.clustertrustbundle import KIND

BUNDLE = certificate(authority=True).decode()


@pytest.mark.parametrize(
    ("name", "spec", "errors"),
    [
        ("a", {"trustBundle": BUNDLE}, []),
        ("example.com:s:a", {"trustBundle": BUNDLE, "signerName": "example.com/s"}, []),
        ("a", {"trustBundle": BUNDLE, "signerName": "example.com/s"},
         ['metadata.name: Invalid value: "a": ClusterTrustBundle for signerName example.com/s must be named with '
          "prefix example.com:s:"]),
        ("a", {"trustBundle": BUNDLE * 2},
         ['spec.trustBundle: Invalid value: "<value omitted>": duplicate trust anchor (indices [0 1])']),
        ("a", {"trustBundle": "x" * 1048577}, ["spec.trustBundle: Too long: may not be more than 1048576 bytes"]),
    ],
)  # fmt: skip
def test_what_is_wrong(name: str, spec: dict[str, str], errors: list[str]) -> None:
    assert created(KIND, metadata={"name": name}, spec=spec) == errors


def test_a_signer_never_changes() -> None:
    old = made(KIND, metadata={"name": "example.com:s:a"}, spec={"trustBundle": "old", "signerName": "example.com/s"})
    assert changed(KIND, old, metadata={**old["metadata"], "labels": {"a": "b"}}) == []
    found = changed(KIND, old, spec={"trustBundle": BUNDLE})
    assert found[-1] == 'spec.signerName: Invalid value: "": field is immutable'


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    obj = made(KIND, spec={"trustBundle": BUNDLE})
    assert KIND.cells(obj, NOW) == ("a", "<none>")
    assert KIND.fields(obj)["spec.signerName"] == ""

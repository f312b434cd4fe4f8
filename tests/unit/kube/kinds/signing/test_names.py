"""The names of signers."""

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.signing.names import bundle_name, is_of_kubernetes, validate_signer
from wherry.kube.machinery.fielderrors import Path

AT = Path("at")
FORM = "must be a fully qualified domain and path of the form 'example.com/signer-name'"


@pytest.mark.parametrize(
    ("signer", "errors"),
    [
        ("example.com/a", []),
        ("kubernetes.io/kube-apiserver-client", []),
        ("", ["at: Required value"]),
        ("example.com", [f'at: Invalid value: "example.com": {FORM}']),
        ("a/b/c", [f'at: Invalid value: "a/b/c": {FORM}']),
        ("host/a", ['at: Invalid value: "host": should be a domain with at least two segments separated by dots']),
    ],
)
def test_a_signer(signer: str, errors: list[str]) -> None:
    assert said(validate_signer(AT, signer)) == errors


def test_its_labels_are_labels() -> None:
    (error,) = said(validate_signer(AT, "example.com/A"))
    assert error.startswith('at: Invalid value: "A": validating label "A": a lowercase RFC 1123 subdomain must')
    assert said(validate_signer(AT, f"{'a.' * 127}a/b"))[0] == "at: Too long: may not be more than 253 bytes"


def test_whose_signers_are_whose() -> None:
    assert is_of_kubernetes("kubernetes.io/x")
    assert is_of_kubernetes("a.kubernetes.io/x")
    assert not is_of_kubernetes("notkubernetes.io/x")


@pytest.mark.parametrize(
    ("name", "signer", "complaints"),
    [
        ("a", "", []),
        ("a:b", "", ['ClusterTrustBundle without signer name must not have ":" in its name']),
        ("example.com:a:b", "example.com/a", []),
        ("b", "example.com/a",
         ["ClusterTrustBundle for signerName example.com/a must be named with prefix example.com:a:"]),
    ],
)  # fmt: skip
def test_a_bundle_has_its_signers_name(name: str, signer: str, complaints: list[str]) -> None:
    assert list(bundle_name(name, signer)) == complaints

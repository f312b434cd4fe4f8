"""Keys of pods."""

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from wherry.kube.kinds.podspec.projected import _KEY_TYPES
from wherry.kube.kinds.signing.certificates import key_complaint, read_request
from wherry.kube.pki.podkeys import make


@pytest.mark.parametrize("kind", _KEY_TYPES)
def test_a_key_of_each_kind_comes_with_a_request_that_the_api_takes(kind: str) -> None:
    made = make(kind)
    key = load_pem_private_key(made.private, None)
    assert made.private.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    request = read_request(made.request)
    assert request.public_key() == key.public_key() and not request.subject.rdns
    assert not key_complaint(request.public_key())
    assert make(kind).private != made.private


def test_other_kinds_are_none() -> None:
    with pytest.raises(KeyError):
        make("DSA")

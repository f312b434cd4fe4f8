"""What others need to check our tokens (OpenID Connect Discovery 1.0; RFC 7517, RFC 7518 §6.2;
k8s.io/kubernetes pkg/serviceaccount/openidmetadata.go)."""

import base64
from collections.abc import Iterable

from wherry.kube.apiserver.authn.jose import ALGORITHM
from wherry.kube.machinery.model import Object
from wherry.kube.pki.model import SigningKey

CONFIGURATION_PATH = "/.well-known/openid-configuration"
JWKS_PATH = "/openid/v1/jwks"
JWKS_TYPE = "application/jwk-set+json"
_COORDINATE_BYTES = 32
_UNCOMPRESSED = 0x04
CACHE_CONTROL = "public, max-age=3600"
"""Of both documents."""


def configuration(issuer: str, jwks_uri: str) -> Object:
    """The document at :data:`CONFIGURATION_PATH`."""
    return {
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
    }


def jwks(keys: Iterable[SigningKey]) -> Object:
    """The document at :data:`JWKS_PATH`: the public part of every key that verifies."""
    return {"keys": [_jwk(each) for each in keys]}


def _jwk(key: SigningKey) -> Object:
    """A P-256 key's SubjectPublicKeyInfo ends with the point, uncompressed (RFC 5480 §2.2)."""
    point = key.public_der[-2 * _COORDINATE_BYTES - 1 :]
    if point[0] != _UNCOMPRESSED:
        raise ValueError("the key's point must not be compressed")
    x, y = (_encoded(part) for part in (point[1 : _COORDINATE_BYTES + 1], point[_COORDINATE_BYTES + 1 :]))
    return {"use": "sig", "kty": "EC", "kid": key.kid, "crv": "P-256", "alg": ALGORITHM, "x": x, "y": y}


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")

"""What others need to check our tokens."""

import jwt
import msgspec

from tests.unit.kube.apiserver.authn.keys import KEY, claims, signing_key, trust
from wherry.kube.apiserver.authn.discovery import JWKS_PATH, configuration, jwks


def test_a_stranger_checks_a_token_by_the_published_keys() -> None:
    other = signing_key()
    token = trust().keys.sign(msgspec.json.encode(claims()))
    published = jwt.PyJWKSet.from_dict(jwks([other, KEY]))

    key = published[jwt.get_unverified_header(token)["kid"]]
    found = jwt.decode(token, key, algorithms=["ES256"], audience=claims()["aud"][0], issuer=claims()["iss"],
                       options={"verify_exp": False, "verify_nbf": False, "verify_iat": False})  # fmt: skip
    assert found["sub"] == "system:serviceaccount:a:robot"
    assert [each.key_id for each in published.keys] == [other.kid, KEY.kid]


def test_nothing_private_is_published() -> None:
    assert jwks([KEY])["keys"][0].keys() == {"use", "kty", "kid", "crv", "alg", "x", "y"}


def test_the_configuration_says_where_the_keys_are() -> None:
    assert configuration("https://issuer", "https://server" + JWKS_PATH) == {
        "issuer": "https://issuer",
        "jwks_uri": "https://server/openid/v1/jwks",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }

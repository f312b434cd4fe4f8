"""Several ways to say who one is."""

from collections.abc import Sequence

import pytest

from wherry.kube.apiserver.authn.model import InvalidToken, Verified
from wherry.kube.apiserver.authn.union import Tokens, Union
from wherry.kube.apiserver.model import Credentials, Identity, User
from wherry.kube.machinery.status import StatusError

ALICE, BOB = User("alice"), User("bob")


class TokenOf:
    def __init__(self, token: str, user: User) -> None:
        self._token, self._user = token, user

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        if token == "broken " + self._token:
            raise InvalidToken("no")
        return Verified(self._user, ()) if token == self._token else None


class ByCertificate:
    def authenticate(self, credentials: Credentials) -> Identity | None:
        return Identity(ALICE) if credentials.certificate else None


TOKENS = Tokens([TokenOf("a", ALICE), TokenOf("b", BOB)])


def test_the_first_that_knows_a_token_decides() -> None:
    assert TOKENS.authenticate(Credentials("b")) == Identity(BOB)
    assert TOKENS.verify("c") is None
    assert TOKENS.authenticate(Credentials()) is None


@pytest.mark.parametrize("token", ["c", "broken a", "broken b"])
def test_a_token_that_is_not_right_is_refused_without_a_word_why(token: str) -> None:
    with pytest.raises(StatusError) as caught:
        TOKENS.authenticate(Credentials(token))
    assert (caught.value.code, caught.value.message) == (401, "Unauthorized")


def test_a_certificate_comes_first() -> None:
    union = Union([ByCertificate(), TOKENS])

    assert union.authenticate(Credentials("b", b"der")) == Identity(ALICE)
    assert union.authenticate(Credentials("c", b"der")) == Identity(ALICE)
    assert union.authenticate(Credentials("b")) == Identity(BOB)
    assert union.authenticate(Credentials()) is None

"""Questions about tokens and oneself."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from wherry.kube.apiserver.authn.model import InvalidToken, Verified
from wherry.kube.apiserver.authn.reviews import self_subject_review, token_review
from wherry.kube.apiserver.model import User
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError


class Knows:
    """One good token."""

    def verify(self, token: str, audiences: Sequence[str] = ()) -> Verified | None:
        if token == "bad":
            raise InvalidToken("service account token has expired")
        return Verified(User("alice", ("devs",), "7"), tuple(audiences) or ("api",)) if token == "good" else None


def review(token: str = "", **spec: object) -> Object:
    named = {"token": token} if token else {}
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {**named, **spec}}


def test_a_good_token() -> None:
    asked = review("good", audiences=["vault"])
    user = {"username": "alice", "uid": "7", "groups": ["devs"]}
    assert token_review(asked, Knows()) == {
        **asked, "status": {"authenticated": True, "user": user, "audiences": ["vault"]}
    }  # fmt: skip
    assert token_review(review("good"), Knows())["status"]["audiences"] == ["api"]


def test_a_bad_and_an_unknown_one_are_answers_too() -> None:
    assert token_review(review("bad"), Knows())["status"] == {"user": {}, "error": "service account token has expired"}
    assert token_review(review("other"), Knows())["status"] == {"user": {}, "error": "invalid bearer token"}


def test_there_must_be_one() -> None:
    with pytest.raises(StatusError) as caught:
        token_review(review(), Knows())
    assert (caught.value.code, caught.value.message) == (400, "token is required for TokenReview in authentication")


def test_who_am_i() -> None:
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview", "metadata": {}}
    found = self_subject_review(asked, User("alice", ("devs",)), datetime(2026, 1, 2, tzinfo=UTC))
    assert found["status"] == {"userInfo": {"username": "alice", "groups": ["devs"]}}
    assert found["metadata"] == {"creationTimestamp": "2026-01-02T00:00:00Z"}

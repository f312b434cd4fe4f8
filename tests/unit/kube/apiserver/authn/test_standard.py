"""The authenticators of a server together: from a directory of keys to a user."""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.unit.kube.apiserver.authn.keys import ACCOUNT, NODE, POD
from tests.unit.kube.apiserver.authn.test_bootstrap import GOOD, TOKEN, secret
from wherry.kube.apiserver.authn.jose import KeySet
from wherry.kube.apiserver.authn.reviews import token_review
from wherry.kube.apiserver.authn.standard import ISSUER, Authentication, standard
from wherry.kube.apiserver.authn.tokens import Trust
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Credentials
from wherry.kube.machinery.status import StatusError
from wherry.kube.pki.directory import ensure
from wherry.kube.pki.model import Pki, Wanted


@pytest.fixture
def pki(tmp_path: Path) -> Pki:
    return ensure(tmp_path, Wanted(), time.time())


@pytest.fixture
def found(pki: Pki) -> Authentication:
    trust = Trust(KeySet(pki.signing_keys), (ISSUER,), (ISSUER,))
    return standard(trust, FakeListers(ACCOUNT, POD, NODE, secret(**GOOD)))


def test_all_ways_to_say_who_one_is(found: Authentication, pki: Pki) -> None:
    token = found.issuer.request({"spec": {}}, ACCOUNT, datetime.now(UTC), [])["status"]["token"]
    shown = {
        "kubernetes-admin": Credentials(certificate=pki.clients["admin"].certificate_der),
        "system:serviceaccount:a:robot": Credentials(token),
        "system:bootstrap:abcdef": Credentials(TOKEN),
    }
    for name, credentials in shown.items():
        identity = found.authenticator.authenticate(credentials)
        assert identity is not None
        user = identity.user
        assert user.name == name
        assert "system:authenticated" in user.groups
        assert "system:masters" not in user.groups


def test_nobody_and_a_stranger(found: Authentication) -> None:
    assert found.authenticator.authenticate(Credentials()) is None
    with pytest.raises(StatusError):
        found.authenticator.authenticate(Credentials("abcdef.0000000000000000"))


def test_a_review_sees_all_kinds_of_tokens(found: Authentication) -> None:
    answered = token_review({"spec": {"token": TOKEN}}, found.tokens)["status"]
    assert answered["user"]["username"] == "system:bootstrap:abcdef"
    assert answered["audiences"] == [ISSUER]

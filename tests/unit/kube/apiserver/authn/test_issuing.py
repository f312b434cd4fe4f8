"""Tokens, made."""

import copy
from datetime import UTC, datetime
from typing import Any

import jwt
import pytest

from tests.unit.kube.apiserver.authn.keys import ACCOUNT, ISSUER, NODE, NOW, POD, SECRET, Clock, thing, trust
from wherry.kube.apiserver.authn.issuing import TokenIssuer
from wherry.kube.apiserver.authn.tokens import LegacyTokens, ServiceAccountTokens
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

INVALID = 'TokenRequest.authentication.k8s.io "{}" is invalid: '
WHEN = datetime.fromtimestamp(NOW, UTC)


def issuer(*objects: Object, **options: Any) -> TokenIssuer:
    listers = FakeListers(*(objects or (ACCOUNT, POD, SECRET, NODE)))
    return TokenIssuer(trust(), listers, new_id=lambda: "id-1", **options)


def review(meta: Object | None = None, **spec: Any) -> Object:
    return {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": meta or {}, "spec": spec}


def bound(kind: str, name: str, api_version: str = "v1", **more: str) -> Object:
    return {"kind": kind, "apiVersion": api_version, "name": name, **more}


def ask(meta: Object | None = None, **spec: Any) -> Object:
    return issuer().request(review(meta, **spec), ACCOUNT, WHEN, [])


def said(token: str) -> dict[str, Any]:
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def test_a_request_without_wishes_gets_an_hour_for_the_server() -> None:
    asked = review()
    answered = ask()

    assert answered["metadata"] == {"name": "robot", "namespace": "a"}
    assert answered["spec"] == {"expirationSeconds": 3600, "audiences": [ISSUER]}
    assert answered["status"]["expirationTimestamp"] == "2027-01-15T09:00:00Z"
    assert said(answered["status"]["token"]) == {
        "iss": ISSUER, "sub": "system:serviceaccount:a:robot", "aud": [ISSUER], "iat": NOW, "nbf": NOW,
        "exp": NOW + 3600, "jti": "id-1",
        "kubernetes.io": {"namespace": "a", "serviceaccount": {"name": "robot", "uid": "sa-1"}},
    }  # fmt: skip
    assert asked == review()


def test_wishes_are_granted() -> None:
    answered = ask(audiences=["vault"], expirationSeconds=600)
    found = said(answered["status"]["token"])
    assert (found["aud"], found["exp"]) == (["vault"], NOW + 600)


YEAR = 365 * 24 * 3600


@pytest.mark.parametrize(
    ("spec", "last", "warns"),
    [
        ({"expirationSeconds": 3607, "boundObjectRef": bound("Pod", "web")}, YEAR, NOW + 3607),
        ({"expirationSeconds": 3607}, 3607, None),  # of nobody who reads it again
        ({"expirationSeconds": 3607, "boundObjectRef": bound("Pod", "web"), "audiences": ["vault"]}, 3607, None),
        ({"expirationSeconds": 3600, "boundObjectRef": bound("Pod", "web")}, 3600, None),
    ],
)
def test_what_every_pod_has_for_the_server_outlasts_those_who_read_it_once(
    spec: Object, last: int, warns: int | None
) -> None:
    answered = ask(**spec)
    found = said(answered["status"]["token"])
    assert found["exp"] == NOW + last
    assert found["kubernetes.io"].get("warnafter") == warns
    ends = datetime.fromtimestamp(NOW + spec["expirationSeconds"], UTC)
    assert answered["status"]["expirationTimestamp"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"  # by when there is a new one


def test_but_not_beyond_the_servers_own_end() -> None:
    warnings: list[str] = []
    answered = issuer(max_seconds=7200).request(review(expirationSeconds=90000), ACCOUNT, WHEN, warnings)

    assert answered["spec"]["expirationSeconds"] == 7200
    assert said(answered["status"]["token"])["exp"] == NOW + 7200
    assert warnings == ["requested expiration of 90000 seconds shortened to 7200 seconds"]


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        (bound("Pod", "web"),
         {"pod": {"name": "web", "uid": "pod-1"}, "node": {"name": "n1", "uid": "node-1"}}),
        (bound("Secret", "key"), {"secret": {"name": "key", "uid": "secret-1"}}),
        (bound("Node", "n1", uid="node-1"), {"node": {"name": "n1", "uid": "node-1"}}),
        (bound("Pod", "web", "", uid="pod-1"),
         {"pod": {"name": "web", "uid": "pod-1"}, "node": {"name": "n1", "uid": "node-1"}}),
    ],
)  # fmt: skip
def test_a_token_is_bound_to_what_was_asked_for(reference: Object, found: Object) -> None:
    content = said(ask(boundObjectRef=reference)["status"]["token"])["kubernetes.io"]
    assert content == {"namespace": "a", "serviceaccount": {"name": "robot", "uid": "sa-1"}, **found}


def test_a_token_made_here_is_taken_here() -> None:
    listers = FakeListers(*(copy.deepcopy(each) for each in (ACCOUNT, POD, NODE)))
    made = TokenIssuer(trust(), listers).request(review(boundObjectRef=bound("Pod", "web")), ACCOUNT, WHEN, [])
    token = made["status"]["token"]

    found = ServiceAccountTokens(trust(), listers, Clock()).verify(token)
    assert found is not None
    assert found.user.name == "system:serviceaccount:a:robot"
    assert found.user.extra["authentication.kubernetes.io/node-uid"] == ("node-1",)


def test_a_node_that_is_not_there_is_named_without_a_uid() -> None:
    answered = issuer(ACCOUNT, POD).request(review(boundObjectRef=bound("Pod", "web")), ACCOUNT, WHEN, [])
    assert said(answered["status"]["token"])["kubernetes.io"]["node"] == {"name": "n1"}


@pytest.mark.parametrize(
    ("meta", "spec", "code", "message"),
    [
        ({}, {"expirationSeconds": 599}, 422, INVALID.format("") + "spec.expirationSeconds: "
         "Invalid value: 599: may not specify a duration less than 10 minutes"),
        ({}, {"expirationSeconds": 0}, 422, INVALID.format("") + "spec.expirationSeconds: "
         "Invalid value: 0: may not specify a duration less than 10 minutes"),
        ({}, {"expirationSeconds": 2**32 + 1}, 422, INVALID.format("") +
         "spec.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds"),
        ({"name": "other"}, {}, 422, INVALID.format("robot") + 'metadata.name: Invalid value: '
         '"other": must match the service account name if specified'),
        ({"namespace": "b"}, {}, 422, INVALID.format("robot") + 'metadata.namespace: '
         'Invalid value: "b": must match the service account namespace if specified'),
        ({}, {"attestations": {"x": ["y"]}}, 422, INVALID.format("") + 'spec.attestations: '
         'Invalid value: {"x":["y"]}: attestations may only be specified with a webhook bound object reference'),
        ({}, {"boundObjectRef": bound("Pod", "ghost")}, 404, 'pods "ghost" not found'),
        ({}, {"boundObjectRef": bound("Secret", "ghost")}, 404, 'secrets "ghost" not found'),
        ({}, {"boundObjectRef": bound("Deployment", "d", "apps/v1")}, 400,
         "cannot bind token to object of type apps/v1, Kind=Deployment"),
        ({}, {"boundObjectRef": bound("ConfigMap", "d")}, 400,
         "cannot bind token to object of type /v1, Kind=ConfigMap"),
        ({}, {"boundObjectRef": bound("Pod", "web", uid="pod-0")}, 409,
         'Operation cannot be fulfilled on Pod "web": the UID in the bound object reference (pod-0) does not match the '
         "UID in record. The object might have been deleted and then recreated"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_request(meta: Object, spec: Object, code: int, message: str) -> None:
    with pytest.raises(StatusError) as caught:
        ask(meta, **spec)
    assert (caught.value.code, caught.value.message) == (code, message)


def test_a_pod_of_another_account_is_not_bound() -> None:
    other = thing("Pod", "other", "pod-2", spec={"serviceAccountName": "admin"})
    with pytest.raises(StatusError) as caught:
        issuer(ACCOUNT, other).request(review(boundObjectRef=bound("Pod", "other")), ACCOUNT, WHEN, [])
    assert (caught.value.code, caught.value.message) == (
        400, 'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.'
    )  # fmt: skip


def test_the_token_of_a_secret() -> None:
    token = issuer().legacy_token("key", ACCOUNT)
    import base64

    held = thing("Secret", "key", "s", data={"token": base64.b64encode(token.encode()).decode()})
    found = LegacyTokens(trust(), FakeListers(ACCOUNT, held), Clock()).verify(token)
    assert found is not None
    assert "exp" not in said(token)

"""What a refusal says."""

import pytest

from tests.unit.kube.apiserver.authz.objects import user
from wherry.kube.apiserver.authz.texts import denial, forbidden
from wherry.kube.apiserver.model import Attributes

ALICE = user("alice")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            Attributes(ALICE, "list", "", "v1", "pods", namespace="a"),
            'User "alice" cannot list resource "pods" in API group "" in the namespace "a"',
        ),
        (
            Attributes(ALICE, "get", "apps", "v1", "deployments", "scale", name="x"),
            'User "alice" cannot get resource "deployments/scale" in API group "apps" at the cluster scope',
        ),
        (Attributes(ALICE, "get", path="/metrics"), 'User "alice" cannot get path "/metrics"'),
        (
            Attributes(user("<script>&\"\n"), "get", path="/"),
            r'User "&lt;script&gt;&amp;\"\n" cannot get path "/"',
        ),
    ],
)  # fmt: skip
def test_a_denial_is_upstreams(asked: Attributes, said: str) -> None:
    assert denial(asked) == said


def test_a_refusal_is_a_status_with_the_reason() -> None:
    error = forbidden(Attributes(ALICE, "get", "", "v1", "pods", namespace="a", name="x"), "RBAC: no")

    said = (
        'pods "x" is forbidden: User "alice" cannot get resource "pods" in API group "" in the namespace "a": RBAC: no'
    )
    assert (error.code, error.reason, error.message) == (403, "Forbidden", said)
    assert error.details == {"name": "x", "kind": "pods"}


def test_a_refused_path_has_no_name() -> None:
    error = forbidden(Attributes(user("system:anonymous"), "get", path="/"))
    assert error.message == 'forbidden: User "system:anonymous" cannot get path "/"'

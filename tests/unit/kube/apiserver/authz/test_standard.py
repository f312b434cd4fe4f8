"""The authorizers of a server together."""

from tests.unit.kube.apiserver.authz.cluster import node_user, pod, secret_volume
from tests.unit.kube.apiserver.authz.objects import user
from wherry.kube.apiserver.authz import bootstrap
from wherry.kube.apiserver.authz.standard import standard
from wherry.kube.apiserver.authz.texts import forbidden
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Attributes, Decision, User

FOUND = standard(FakeListers(*bootstrap.defaults(), pod("p", "n1", volumes=[secret_volume("s")])))


def answer(who: User, verb: str, resource: str, **more: str) -> tuple[Decision, str]:
    return FOUND.authorizer.authorize(Attributes(who, verb, "", "v1", resource, **more))


def test_a_node_gets_what_it_needs_and_what_everybody_gets() -> None:
    assert answer(node_user("n1"), "get", "secrets", namespace="a", name="s")[0] is Decision.ALLOW
    assert FOUND.authorizer.authorize(Attributes(node_user("n1"), "get", path="/api"))[0] is Decision.ALLOW
    assert FOUND.authorizer.authorize(Attributes(node_user("n1"), "get", path="/metrics"))[0] is Decision.NO_OPINION


def test_a_refusal_says_what_the_node_authorizer_said() -> None:
    asked = Attributes(node_user("n2"), "get", "", "v1", "secrets", namespace="a", name="s")
    decision, reason = FOUND.authorizer.authorize(asked)

    assert decision is Decision.NO_OPINION
    assert forbidden(asked, reason).message == (
        'secrets "s" is forbidden: User "system:node:n2" cannot get resource "secrets" in API group "" '
        "in the namespace \"a\": no relationship found between node 'n2' and this object"
    )


def test_masters_need_no_roles() -> None:
    bare = standard(FakeListers())
    asked = Attributes(user("root", "system:masters"), "delete", "", "v1", "nodes", name="n1")
    assert bare.authorizer.authorize(asked)[0] is Decision.ALLOW

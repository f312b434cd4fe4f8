"""Default roles: what people and components may do in a new cluster."""

import pytest

from tests.unit.kube.apiserver.authz.objects import user
from wherry.kube.apiserver.authz import bootstrap
from wherry.kube.apiserver.authz.bootstrap.roles import cluster_roles
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.authz.rules import missing, rules_of
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import ANONYMOUS, Attributes, Decision, User
from wherry.kube.kinds.clusterrole.strategy import ClusterRoleStrategy
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.role.strategy import RoleStrategy
from wherry.kube.machinery.model import Object

RBAC = Rbac(FakeListers(*bootstrap.defaults()))
NOBODY = user("nobody")


def may(who: User, verb: str, resource: str, group: str = "", namespace: str = "", name: str = "") -> bool:
    plain, _, subresource = resource.partition("/")
    asked = Attributes(who, verb, group, "v1", plain, subresource, namespace, name)
    return RBAC.authorize(asked)[0] is Decision.ALLOW


def may_get(who: User, path: str) -> bool:
    return RBAC.authorize(Attributes(who, "get", path=path))[0] is Decision.ALLOW


def role(name: str) -> Object:
    return next(each for each in cluster_roles() if each["metadata"]["name"] == name)


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz", "/version", "/version/"])
def test_anonymous_sees_health_and_version(path: str) -> None:
    assert may_get(ANONYMOUS, path)


@pytest.mark.parametrize(
    "path",
    ["/", "/api", "/apis", "/api/v1", "/openapi/v2", "/openapi/v3", "/metrics", "/livez/ping", "/logs", "/debug"],
)
def test_anonymous_sees_nothing_else(path: str) -> None:
    assert not may_get(ANONYMOUS, path)
    assert not may(ANONYMOUS, "get", "pods", namespace="a", name="x")
    assert not may(ANONYMOUS, "create", "selfsubjectaccessreviews", "authorization.k8s.io")


def test_whoever_is_known_may_look_around_and_ask_about_itself() -> None:
    assert all(may_get(NOBODY, path) for path in ("/api", "/apis/apps/v1", "/openapi/v3/api/v1", "/version", "/livez"))
    assert not may_get(NOBODY, "/metrics")
    assert may(NOBODY, "create", "selfsubjectaccessreviews", "authorization.k8s.io")
    assert may(NOBODY, "create", "selfsubjectrulesreviews", "authorization.k8s.io")
    assert may(NOBODY, "create", "selfsubjectreviews", "authentication.k8s.io")
    assert not may(NOBODY, "list", "pods", namespace="a")


def test_admins_by_certificate_may_do_everything_by_a_binding() -> None:
    admin = user("kubernetes-admin", "kubeadm:cluster-admins")
    assert may(admin, "fly", "anything", "any.group", "a")
    assert may_get(admin, "/metrics")


def test_nodes_have_nothing_by_roles() -> None:
    assert not may(user("system:node:n1", "system:nodes"), "get", "nodes", name="n1")


def test_view_edit_and_admin_take_each_other_in_from_the_start() -> None:
    view, edit, admin = (rules_of(role(each)) for each in ("view", "edit", "admin"))

    assert missing(edit, view) == []
    assert missing(admin, edit) == []
    assert missing(view, edit) != []
    assert missing(edit, admin) != []
    assert missing(admin, rules_of(role("system:aggregate-to-edit"))) == []


def test_view_shows_no_secrets_and_edit_gives_no_rights() -> None:
    shown = {resource for rule in rules_of(role("view")) for resource in rule.resources}
    assert not shown & {"secrets", "pods/exec", "roles", "rolebindings"}
    written = {resource for rule in rules_of(role("edit")) for resource in rule.resources}
    assert {"secrets", "serviceaccounts/token"} <= written  # who may run pods may get at both anyway
    assert not written & {"roles", "rolebindings", "nodes"}
    assert not any("escalate" in rule.verbs or "bind" in rule.verbs for rule in rules_of(role("admin")))


def test_all_carry_the_label_and_are_updated_by_a_start() -> None:
    for each in bootstrap.defaults():
        meta = each["metadata"]
        assert meta["labels"]["kubernetes.io/bootstrapping"] == "rbac-defaults"
        assert meta["annotations"] == {"rbac.authorization.kubernetes.io/autoupdate": "true"}


def test_all_are_valid_and_their_names_are_unique(context: Context) -> None:
    seen = set()
    for each in bootstrap.defaults():
        key = each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]
        assert key not in seen
        seen.add(key)
        if each["kind"] == "ClusterRole":
            assert ClusterRoleStrategy().validate(each, context) == []
        if each["kind"] == "Role":
            assert RoleStrategy().validate(each, context) == []


def test_the_rules_of_nodes_are_those_of_their_role() -> None:
    assert bootstrap.node_rules() == rules_of(role("system:node"))

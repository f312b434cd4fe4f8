"""Who has the default roles."""

from tests.unit.kube.apiserver.authz.bootstrap.test_roles import may
from tests.unit.kube.apiserver.authz.objects import user
from wherry.kube.apiserver.authz import bootstrap
from wherry.kube.apiserver.authz.bootstrap.bindings import cluster_role_bindings, of_namespaces
from wherry.kube.kinds.model import Context
from wherry.kube.kinds.rolebinding.strategy import RoleBindingStrategy


def test_every_binding_is_to_a_role_that_there_is() -> None:
    roles = {
        (each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"])
        for each in bootstrap.defaults()
        if "rules" in each
    }
    for each in (*cluster_role_bindings(), *of_namespaces()):
        if "roleRef" in each:
            reference = each["roleRef"]
            home = each["metadata"].get("namespace", "") if reference["kind"] == "Role" else ""
            assert (reference["kind"], home, reference["name"]) in roles


def test_every_binding_is_valid_and_complete(context: Context) -> None:
    for each in cluster_role_bindings():
        assert RoleBindingStrategy(is_namespaced=False).validate(each, context) == []
    for each in of_namespaces():
        if "roleRef" in each:
            assert RoleBindingStrategy(is_namespaced=True).validate(each, context) == []


def test_components_have_theirs() -> None:
    assert may(user("system:kube-scheduler"), "create", "pods/binding", namespace="a")
    assert may(user("system:kube-controller-manager"), "create", "serviceaccounts/token", namespace="a")
    assert may(user("system:kube-proxy"), "watch", "endpointslices", "discovery.k8s.io")


def test_rights_in_kube_system_end_there() -> None:
    signer = user("system:serviceaccount:kube-system:bootstrap-signer")
    assert may(signer, "get", "secrets", namespace="kube-system", name="x")
    assert may(signer, "update", "configmaps", namespace="kube-public", name="cluster-info")
    assert not may(signer, "update", "configmaps", namespace="kube-public", name="other")
    assert not may(signer, "get", "secrets", namespace="default", name="x")

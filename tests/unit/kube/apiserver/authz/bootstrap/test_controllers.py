"""What controllers may do."""

import pytest

from tests.unit.kube.apiserver.authz.bootstrap.test_roles import may
from wherry.kube.apiserver.authz.bootstrap import controllers, table
from wherry.kube.apiserver.model import User


def controller(name: str) -> User:
    groups = ("system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated")
    return User(f"system:serviceaccount:kube-system:{name}", groups)


@pytest.mark.parametrize(
    ("name", "verb", "resource", "group"),
    [
        ("deployment-controller", "create", "replicasets", "apps"),
        ("replicaset-controller", "create", "pods", ""),
        ("generic-garbage-collector", "delete", "anything", "example.com"),
        ("namespace-controller", "deletecollection", "anything", "example.com"),
        ("namespace-controller", "update", "namespaces/finalize", ""),
        ("horizontal-pod-autoscaler", "update", "widgets/scale", "example.com"),
        ("root-ca-cert-publisher", "create", "configmaps", ""),
        ("clusterrole-aggregation-controller", "escalate", "clusterroles", "rbac.authorization.k8s.io"),
        ("resourcequota-controller", "list", "widgets", "example.com"),
    ],
)
def test_a_controller_may_do_its_work(name: str, verb: str, resource: str, group: str) -> None:
    assert may(controller(name), verb, resource, group, "a")


@pytest.mark.parametrize(
    ("name", "verb", "resource", "group"),
    [
        ("deployment-controller", "create", "pods", ""),
        ("deployment-controller", "get", "secrets", ""),
        ("replicaset-controller", "delete", "nodes", ""),
        ("horizontal-pod-autoscaler", "update", "widgets", "example.com"),
        ("resourcequota-controller", "delete", "widgets", "example.com"),
        ("unknown-controller", "list", "pods", ""),
    ],
)
def test_and_nothing_else(name: str, verb: str, resource: str, group: str) -> None:
    assert not may(controller(name), verb, resource, group, "a")


def test_an_account_of_that_name_elsewhere_is_no_controller() -> None:
    assert not may(User("system:serviceaccount:a:replicaset-controller", ()), "create", "pods", "", "a")


def test_signers_are_named() -> None:
    assert may(controller("certificate-controller"), "sign", "signers", "certificates.k8s.io",
               name="kubernetes.io/kubelet-serving")  # fmt: skip
    assert not may(controller("certificate-controller"), "sign", "signers", "certificates.k8s.io",
                   name="example.com/other")  # fmt: skip


def test_every_role_is_a_controllers() -> None:
    assert all(name.startswith(controllers.PREFIX) and rules for name, rules in table.rules(controllers.TABLE).items())

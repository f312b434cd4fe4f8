"""Questions about rights, as objects."""

from typing import Any

import pytest

from tests.unit.kube.apiserver.authz.cluster import node_user
from tests.unit.kube.apiserver.authz.objects import binding, role, rule, urls, user
from wherry.kube.apiserver.authz import reviews
from wherry.kube.apiserver.authz.rbac import Rbac
from wherry.kube.apiserver.authz.union import Superusers, Union
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Attributes, Decision
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

RBAC = Rbac(
    FakeListers(
        role("r", rule("get list", "pods pods/log", names=""), urls("get", "/metrics")),
        role("own", rule("get", "secrets", names="s")),
        binding("b", "ClusterRole", "r", "Group:devs"),
        binding("own", "ClusterRole", "own", "User:alice", namespace="a"),
    )
)
ALL = Union([Superusers(), RBAC])
PODS = {"resource": "pods", "verb": "get", "namespace": "a"}


def review(kind: str, meta: Object | None = None, **spec: Any) -> Object:
    return {"apiVersion": "authorization.k8s.io/v1", "kind": kind, "metadata": meta or {}, "spec": spec}


def subject(meta: Object | None = None, **spec: Any) -> Object:
    return reviews.subject_access_review(review("SubjectAccessReview", meta, **spec), ALL)


def test_the_answer_is_in_the_status_of_what_was_asked() -> None:
    asked = review("SubjectAccessReview", user="bob", groups=["devs"], resourceAttributes=PODS)
    answered = reviews.subject_access_review(asked, ALL)

    reason = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to Group "devs"'
    assert answered == {**asked, "status": {"allowed": True, "reason": reason}}
    assert "status" not in asked


def test_a_no_is_no_error() -> None:
    assert subject(user="bob", resourceAttributes=PODS)["status"] == {"allowed": False}


def test_a_path() -> None:
    assert subject(groups=["devs"], nonResourceAttributes={"path": "/metrics", "verb": "get"})["status"]["allowed"]
    assert not subject(groups=["devs"], nonResourceAttributes={"path": "/x", "verb": "get"})["status"]["allowed"]
    assert not subject(groups=["devs"], nonResourceAttributes={"verb": "get"})["status"]["allowed"]


def test_a_subresource_and_a_name() -> None:
    log = {**PODS, "subresource": "log"}
    assert subject(groups=["devs"], resourceAttributes=log)["status"]["allowed"]
    assert not subject(groups=["devs"], resourceAttributes={**log, "subresource": "exec"})["status"]["allowed"]
    secret = {"resource": "secrets", "verb": "get", "namespace": "a", "name": "s"}
    assert subject(user="alice", resourceAttributes=secret)["status"]["allowed"]
    assert not subject(user="alice", resourceAttributes={**secret, "name": "t"})["status"]["allowed"]


class Refuses:
    def __init__(self) -> None:
        self.asked: Attributes | None = None

    def authorize(self, attributes: Attributes) -> tuple[Decision, str]:
        self.asked = attributes
        return Decision.DENY, "never"


def test_a_denial_is_more_than_a_no() -> None:
    asked = review("SubjectAccessReview", user="bob", resourceAttributes=PODS)
    assert reviews.subject_access_review(asked, Refuses())["status"] == {
        "allowed": False, "denied": True, "reason": "never"
    }  # fmt: skip


def test_selectors_and_extra_reach_the_authorizer() -> None:
    selector = {"requirements": [{"key": "spec.nodeName", "operator": "In", "values": ["n,1"]}]}
    attributes = {**PODS, "fieldSelector": selector, "labelSelector": {"rawSelector": "a in (b,c)"}}
    refuses = Refuses()
    reviews.subject_access_review(
        review("SubjectAccessReview", user="bob", uid="7", extra={"Scopes": ["x"]}, resourceAttributes=attributes),
        refuses,
    )
    asked = refuses.asked
    assert asked is not None
    assert (asked.field_selector, asked.label_selector) == (r"spec.nodeName=n\,1", "a in (b,c)")
    assert (asked.user.uid, asked.user.extra) == ("7", {"scopes": ("x",)})


@pytest.mark.parametrize(
    ("meta", "spec", "said"),
    [
        ({}, {"user": "a"}, "spec.resourceAttributes: Invalid value: null: exactly one of nonResourceAttributes or "
                            "resourceAttributes must be specified"),
        ({}, {"user": "a", "resourceAttributes": PODS, "nonResourceAttributes": {}},
         "spec.nonResourceAttributes: Invalid value: {}: cannot be specified in combination with resourceAttributes"),
        ({}, {"resourceAttributes": PODS},
         'spec.user: Invalid value: "": at least one of user or group must be specified'),
        ({"name": "x"}, {"user": "a", "resourceAttributes": PODS},
         'metadata: Invalid value: {"name":"x"}: must be empty'),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_question(meta: Object, spec: Object, said: str) -> None:
    with pytest.raises(StatusError) as caught:
        subject(meta, **spec)
    assert caught.value.code == 422
    assert caught.value.message == f'SubjectAccessReview.authorization.k8s.io "" is invalid: {said}'


def test_managed_fields_are_no_metadata() -> None:
    assert subject({"managedFields": [{"manager": "x"}]}, user="a", resourceAttributes=PODS)["status"]


def local(namespace: str, meta: Object | None = None, **spec: Any) -> Object:
    return reviews.local_subject_access_review(review("LocalSubjectAccessReview", meta, **spec), namespace, ALL)


def test_a_local_question_is_about_its_namespace() -> None:
    assert local("a", groups=["devs"], resourceAttributes=PODS)["status"]["allowed"]
    assert local("a", {"namespace": "a"}, groups=["devs"], resourceAttributes=PODS)["status"]["allowed"]


@pytest.mark.parametrize(
    ("meta", "spec", "code", "said"),
    [
        ({"namespace": "b"}, {"resourceAttributes": PODS}, 422, "must match metadata.namespace"),
        ({}, {"resourceAttributes": {**PODS, "namespace": "b"}}, 422, "must match metadata.namespace"),
        ({}, {"resourceAttributes": {"resource": "pods"}}, 422, "must match metadata.namespace"),
        ({}, {"nonResourceAttributes": {"path": "/"}}, 422, "disallowed on this kind of request"),
        ({"labels": {"a": "b"}}, {"resourceAttributes": PODS}, 422, "must be empty except for namespace"),
        ({"namespace": "b"}, {"resourceAttributes": {**PODS, "namespace": "b"}}, 400,
         "spec.resourceAttributes.namespace must match namespace: a"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_local_question(meta: Object, spec: Object, code: int, said: str) -> None:
    with pytest.raises(StatusError) as caught:
        local("a", meta, user="a", **spec)
    assert caught.value.code == code
    assert said in caught.value.message


def test_may_i() -> None:
    asked = review("SelfSubjectAccessReview", resourceAttributes=PODS)
    assert reviews.self_subject_access_review(asked, user("bob", "devs"), ALL)["status"]["allowed"]
    assert not reviews.self_subject_access_review(asked, user("bob"), ALL)["status"]["allowed"]
    assert reviews.self_subject_access_review(asked, user("root", "system:masters"), ALL)["status"]["allowed"]


def test_may_i_needs_a_question() -> None:
    with pytest.raises(StatusError, match="exactly one of"):
        reviews.self_subject_access_review(review("SelfSubjectAccessReview"), user("bob"), ALL)


def rules_of(asks: Any, namespace: str = "a") -> Object:
    asked = review("SelfSubjectRulesReview", namespace=namespace)
    found: Object = reviews.self_subject_rules_review(asked, asks, RBAC)["status"]
    return found


def test_what_may_i() -> None:
    assert rules_of(user("alice", "devs")) == {
        "resourceRules": [
            {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods", "pods/log"]},
            {"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["s"]},
        ],
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["/metrics"]}],
        "incomplete": False,
    }
    assert rules_of(user("alice"), "b")["resourceRules"] == []


def test_masters_may_everything() -> None:
    found = rules_of(user("root", "system:masters"))
    assert found["resourceRules"] == [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]
    assert found["nonResourceRules"] == [{"verbs": ["*"], "nonResourceURLs": ["*"]}]


def test_of_a_node_not_all_is_known() -> None:
    found = rules_of(node_user("n1"))
    assert found["incomplete"]
    assert found["evaluationError"] == "node authorizer does not support user rule resolution"


def test_a_namespace_is_needed() -> None:
    with pytest.raises(StatusError, match="no namespace on request"):
        rules_of(user("alice"), "")

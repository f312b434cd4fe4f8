"""What nodes may do (A04, K17)."""

import pytest

from tests.unit.kube.apiserver.authz.cluster import node_user, on_node, pod, secret_volume, volume
from wherry.kube.apiserver.authz.bootstrap import node_rules
from wherry.kube.apiserver.authz.node_authorizer import NodeAuthorizer
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.apiserver.model import Attributes, Decision, User

LISTERS = FakeListers(
    pod("p1", "n1", serviceAccountName="robot1", volumes=[
        secret_volume("s1"), {"name": "m", "configMap": {"name": "m1"}},
        {"name": "c", "persistentVolumeClaim": {"claimName": "c1"}}], resourceClaims=[
        {"name": "r", "resourceClaimName": "r1"}]),
    pod("p2", "n2", serviceAccountName="robot2", volumes=[secret_volume("s2")]),
    volume("pv1", "c1"),
    on_node("storage.k8s.io/v1", "VolumeAttachment", "va1", "n1"),
    on_node("resource.k8s.io/v1", "ResourceSlice", "slice1", "n1"),
    on_node("resource.k8s.io/v1", "ResourceSlice", "slice2", "n2"),
    on_node("certificates.k8s.io/v1", "PodCertificateRequest", "pcr1", "n1", "a"),
)  # fmt: skip
N1 = node_user("n1")
RESOURCE, STORAGE, CERTIFICATES = "resource.k8s.io", "storage.k8s.io", "certificates.k8s.io"


def asked(verb: str, resource: str, *, group: str = "", namespace: str = "", name: str = "", **more: str) -> Attributes:
    """``resource`` may have a subresource."""
    plain, _, subresource = resource.partition("/")
    return Attributes(N1, verb, group, "v1", plain, subresource, namespace, name, **more)


def answer(question: Attributes) -> tuple[Decision, str]:
    return NodeAuthorizer(LISTERS, node_rules()).authorize(question)


@pytest.mark.parametrize(
    "question",
    [
        asked("get", "secrets", namespace="a", name="s1"),
        asked("watch", "secrets", namespace="a", name="s1"),
        asked("list", "configmaps", namespace="a", name="m1"),
        asked("get", "persistentvolumeclaims", namespace="a", name="c1"),
        asked("patch", "persistentvolumeclaims/status", namespace="a", name="c1"),
        asked("get", "persistentvolumes", name="pv1"),
        asked("get", "resourceclaims", group=RESOURCE, namespace="a", name="r1"),
        asked("get", "volumeattachments", group=STORAGE, name="va1"),
        asked("create", "serviceaccounts/token", namespace="a", name="robot1"),
        asked("get", "serviceaccounts", namespace="a", name="robot1"),
        asked("create", "leases", group="coordination.k8s.io", namespace="kube-node-lease"),
        asked("update", "leases", group="coordination.k8s.io", namespace="kube-node-lease", name="n1"),
        asked("create", "csinodes", group=STORAGE),
        asked("patch", "csinodes", group=STORAGE, name="n1"),
        asked("create", "resourceslices", group=RESOURCE),
        asked("patch", "resourceslices", group=RESOURCE, name="slice1"),
        asked("list", "resourceslices", group=RESOURCE, field_selector="spec.nodeName=n1"),
        asked("create", "podcertificaterequests", group=CERTIFICATES, namespace="a"),
        asked("get", "podcertificaterequests", group=CERTIFICATES, namespace="a", name="pcr1"),
        asked("watch", "podcertificaterequests", group=CERTIFICATES, field_selector="spec.nodeName=n1"),
        asked("create", "nodes"),
        asked("get", "nodes", name="n1"),
        asked("watch", "nodes", name="n1"),
        asked("patch", "nodes/status", name="n1"),
        asked("get", "pods", namespace="a", name="p1"),
        asked("list", "pods", field_selector="spec.nodeName=n1"),
        asked("watch", "pods", field_selector="metadata.namespace!=x,spec.nodeName=n1"),
        asked("create", "pods", namespace="a"),
        asked("patch", "pods/status", namespace="a", name="p1"),
        asked("create", "pods/eviction", namespace="a", name="p1"),
        asked("list", "services"),
        asked("watch", "runtimeclasses", group="node.k8s.io"),
        asked("create", "events", namespace="a"),
        asked("create", "certificatesigningrequests", group=CERTIFICATES),
        asked("create", "tokenreviews", group="authentication.k8s.io"),
        asked("create", "subjectaccessreviews", group="authorization.k8s.io"),
        asked("list", "csidrivers", group=STORAGE),
    ],
    ids=lambda each: f"{each.verb} {each.resource}/{each.subresource} {each.name}",
)
def test_a_node_may_do_what_it_needs(question: Attributes) -> None:
    assert answer(question) == (Decision.ALLOW, "")


NO_RELATION = "no relationship found between node 'n1' and this object"


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        (asked("get", "secrets", namespace="a", name="s2"), NO_RELATION),
        (asked("get", "secrets", namespace="b", name="s1"), NO_RELATION),
        (asked("list", "secrets", namespace="a"), "No Object name found"),
        (asked("list", "secrets"), "can only read namespaced object of this type"),
        (asked("update", "secrets", namespace="a", name="s1"), "can only read resources of this type"),
        (asked("get", "secrets/x", namespace="a", name="s1"), "cannot read subresource"),
        (asked("get", "configmaps", namespace="kube-system", name="m1"), NO_RELATION),
        (asked("list", "persistentvolumes"), "can only get individual resources of this type"),
        (asked("get", "persistentvolumes/status", name="pv1"), "cannot get subresource"),
        (asked("get", "persistentvolumes", name="pv2"), NO_RELATION),
        (
            asked("get", "persistentvolumeclaims/status", namespace="a", name="c1"),
            "can only get/update/patch this type",
        ),
        (
            asked("patch", "persistentvolumeclaims", namespace="a", name="c1"),
            "can only get individual resources of this type",
        ),
        (asked("get", "volumeattachments", group=STORAGE, name="va2"), NO_RELATION),
        (asked("create", "serviceaccounts/token", namespace="a", name="robot2"), NO_RELATION),
        (asked("create", "serviceaccounts/token", namespace="kube-system", name="deployment-controller"), NO_RELATION),
        (
            asked("create", "serviceaccounts", namespace="a", name="robot1"),
            "can only create token subresource of serviceaccount",
        ),
        (asked("list", "serviceaccounts", namespace="a"), "can only create tokens for individual service accounts"),
        (asked("get", "serviceaccounts", namespace="a", name="robot2"), NO_RELATION),
        (
            asked("list", "leases", group="coordination.k8s.io", namespace="kube-node-lease"),
            "can only get, create, update, patch, or delete a node lease",
        ),
        (
            asked("get", "leases", group="coordination.k8s.io", namespace="kube-system", name="kube-scheduler"),
            'can only access leases in the "kube-node-lease" system namespace',
        ),
        (
            asked("update", "leases", group="coordination.k8s.io", namespace="kube-node-lease", name="n2"),
            "can only access node lease with the same name as the requesting node",
        ),
        (asked("list", "csinodes", group=STORAGE), "can only get, create, update, patch, or delete a CSINode"),
        (asked("get", "csinodes/x", group=STORAGE, name="n1"), "cannot authorize CSINode subresources"),
        (
            asked("delete", "csinodes", group=STORAGE, name="n2"),
            "can only access CSINode with the same name as the requesting node",
        ),
        (
            asked("list", "resourceslices", group=RESOURCE),
            "can only list/watch/deletecollection resourceslices with nodeName field selector",
        ),
        (
            asked("list", "resourceslices", group=RESOURCE, field_selector="spec.nodeName=n2"),
            "can only list/watch/deletecollection resourceslices with nodeName field selector",
        ),
        (asked("delete", "resourceslices", group=RESOURCE, name="slice2"), NO_RELATION),
        (
            asked("get", "resourceslices/x", group=RESOURCE, name="slice1"),
            "cannot authorize ResourceSlice subresources",
        ),
        (
            asked("fly", "resourceslices", group=RESOURCE),
            "only the following verbs are allowed for a ResourceSlice: get, "
            "watch, list, create, update, patch, delete, deletecollection",
        ),
        (
            asked("list", "podcertificaterequests", group=CERTIFICATES),
            "can only list/watch podcertificaterequests with spec.nodeName field selector",
        ),
        (
            asked("update", "podcertificaterequests", group=CERTIFICATES, namespace="a", name="pcr1"),
            "nodes may not update podcertificaterequests",
        ),
        (
            asked("update", "podcertificaterequests/status", group=CERTIFICATES, namespace="a", name="pcr1"),
            "nodes may not access subresources of podcertificaterequests",
        ),
        (asked("get", "nodes", name="n2"), "node 'n1' cannot read 'n2', only its own Node object"),
        (asked("list", "nodes"), "node 'n1' cannot read all nodes, only its own Node object"),
        (asked("delete", "nodes", name="n1"), ""),
        (asked("deletecollection", "nodes"), ""),
        (asked("get", "nodes/proxy", name="n1"), ""),
        (asked("get", "nodes/status", name="n1"), ""),
        (asked("get", "pods", namespace="a", name="p2"), NO_RELATION),
        (asked("list", "pods"), "can only list/watch pods with spec.nodeName field selector"),
        (
            asked("list", "pods", field_selector="spec.nodeName=n2"),
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (
            asked("list", "pods", field_selector="spec.nodeName!=n1"),
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (
            asked("list", "pods", field_selector="no selector"),
            "can only list/watch pods with spec.nodeName field selector",
        ),
        (asked("update", "pods", namespace="a", name="p1"), ""),
        (asked("get", "pods/exec", namespace="a", name="p1"), ""),
        (asked("create", "pods/binding", namespace="a", name="p1"), ""),
        (asked("delete", "pods/eviction", namespace="a", name="p1"), ""),
        (asked("create", "clusterrolebindings", group="rbac.authorization.k8s.io"), ""),
        (asked("get", "namespaces", name="a"), ""),
    ],
    ids=lambda each: f"{each.verb} {each.resource}/{each.subresource} {each.name}" if not isinstance(each, str) else "",
)
def test_a_node_may_not_do_more(question: Attributes, reason: str) -> None:
    assert answer(question) == (Decision.NO_OPINION, reason)


def test_nothing_is_said_of_who_is_no_node() -> None:
    authorizer = NodeAuthorizer(LISTERS, node_rules())
    for user in (User("system:node:n1", ()), User("alice", ("system:nodes",)), User("alice")):
        asked_by = Attributes(user, "list", "", "v1", "services")
        assert authorizer.authorize(asked_by) == (Decision.NO_OPINION, "")


def test_a_path_is_nothing_that_nodes_need() -> None:
    assert answer(Attributes(N1, "get", path="/metrics"))[0] is Decision.NO_OPINION

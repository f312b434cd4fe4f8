import pytest

from tests.unit.kube.apiserver.admission.asking import NODE_1, Rights, account, admitted, create, needs, pod, refused
from wherry.kube.apiserver.admission.noderestriction import NodeRestriction
from wherry.kube.apiserver.model import AdmissionRequest, Operation
from wherry.kube.machinery.model import Object


def bound(name: str = "web", node: str = "n1", **spec: object) -> Object:
    made = pod(name, nodeName=node, serviceAccountName="default", **spec)
    made["metadata"]["uid"] = f"uid-{name}"
    return made


def token(reference: Object | None, *audiences: str) -> AdmissionRequest:
    obj = {**account(), "spec": {"boundObjectRef": reference, "audiences": list(audiences)}}
    return create(obj, NODE_1, subresource="token")


def to(name: str = "web", uid: str = "", **more: object) -> Object:
    return {"apiVersion": "v1", "kind": "Pod", "name": name, "uid": uid or f"uid-{name}", **more}


def plugin(*objects: Object, rights: Rights | None = None) -> NodeRestriction:
    return NodeRestriction(needs(*objects, rights=rights))


async def test_a_node_asks_for_tokens_of_its_own_pods() -> None:
    await admitted(plugin(bound()), token(to()))


@pytest.mark.parametrize(
    ("reference", "code", "complaint"),
    [
        (None, 403, "node requested token not bound to a pod"),
        (to(kind="Secret"), 403, "node requested token not bound to a pod"),
        ({**to(), "uid": ""}, 403, "node requested token with a pod binding without a uid"),
        (to("nobody"), 404, 'pods "nobody" not found'),
        (to(uid="old"), 403, "does not match the UID in record"),
        (to("far"), 403, "node requested token bound to a pod scheduled on a different node"),
    ],
)
async def test_other_tokens_are_not_a_nodes(reference: Object | None, code: int, complaint: str) -> None:
    for operation in (Operation.CREATE, Operation.CONNECT):
        request = token(reference)
        request.operation = operation
        error = await refused(plugin(bound(), bound("far", "n2")), request)
        assert error.code == code and complaint in str(error)


PROJECTED = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"audience": "vault", "path": "t"}}]}}
DRIVER = {
    "apiVersion": "storage.k8s.io/v1", "kind": "CSIDriver", "metadata": {"name": "csi.example.com"},
    "spec": {"tokenRequests": [{"audience": "storage"}]},
}  # fmt: skip
CLAIM = {
    "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "namespace": "default"},
    "spec": {"volumeName": "v1"},
}  # fmt: skip
VOLUME = {
    "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v1"},
    "spec": {"csi": {"driver": "csi.example.com"}},
}  # fmt: skip


@pytest.mark.parametrize(
    ("volume", "audience"),
    [
        (PROJECTED, "vault"),
        ({"name": "c", "csi": {"driver": "csi.example.com"}}, "storage"),
        ({"name": "p", "persistentVolumeClaim": {"claimName": "data"}}, "storage"),
    ],
)
async def test_an_audience_is_one_of_the_pods_volumes(volume: Object, audience: str) -> None:
    there = plugin(bound(volumes=[volume]), DRIVER, CLAIM, VOLUME)
    await admitted(there, token(to(), audience))
    error = await refused(there, token(to(), "elsewhere"))
    assert str(error) == (
        'serviceaccounts "default" is forbidden: audience "elsewhere" not found in pod spec volume, system:node:n1 is '
        "not authorized to request tokens for this audience"
    )


async def test_one_audience_at_a_time_and_others_by_a_right() -> None:
    assert "may only request 0 or 1 audiences" in str(await refused(plugin(bound()), token(to(), "a", "b")))
    rights = Rights(("request-serviceaccounts-token-audience", "registry", "default"))
    await admitted(plugin(bound(), rights=rights), token(to(), "registry"))


def certificate(**spec: object) -> AdmissionRequest:
    given = {
        "nodeName": "n1", "podName": "web", "podUID": "uid-web", "serviceAccountName": "default",
        "serviceAccountUID": "uid-default", **spec,
    }  # fmt: skip
    base = {"apiVersion": "certificates.k8s.io/v1", "kind": "PodCertificateRequest"}
    return create({**base, "metadata": {"name": "r", "namespace": "default"}, "spec": given}, NODE_1)


async def test_a_certificate_is_for_a_pod_that_runs_here() -> None:
    there = plugin(bound(), bound("far", "n2"), account())
    await admitted(there, certificate())
    for wrong in (
        {"nodeName": "n2"}, {"podName": "nobody"}, {"podUID": "old"}, {"podName": "far", "podUID": "uid-far"},
        {"serviceAccountName": "other"}, {"serviceAccountUID": "old"},
    ):  # fmt: skip
        await refused(there, certificate(**wrong))

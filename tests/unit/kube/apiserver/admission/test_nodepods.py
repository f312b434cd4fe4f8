import copy

import pytest

from tests.unit.kube.apiserver.admission.asking import NODE_1, admitted, create, delete, needs, pod, refused, update
from wherry.kube.apiserver.admission.nodepods import MIRROR
from wherry.kube.apiserver.admission.noderestriction import NodeRestriction
from wherry.kube.machinery.model import Object

NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "uid": "uid-n1"}}


def mirror(**spec: object) -> Object:
    made = pod(nodeName="n1", **spec)
    owner = {"apiVersion": "v1", "kind": "Node", "name": "n1", "uid": "uid-n1", "controller": True}
    made["metadata"] |= {"annotations": {MIRROR: "hash"}, "ownerReferences": [owner]}
    return made


def plugin(*objects: Object) -> NodeRestriction:
    return NodeRestriction(needs(NODE, *objects))


async def test_a_node_makes_mirror_pods_of_its_own() -> None:
    await admitted(plugin(), create(mirror(), NODE_1))


@pytest.mark.parametrize(
    ("spec", "what"),
    [
        ({"serviceAccountName": "x"}, "a service account"),
        ({"volumes": [{"secret": {"secretName": "s"}}]}, "secrets"),
        ({"ephemeralContainers": [{"envFrom": [{"secretRef": {"name": "s"}}]}]}, "secrets"),
        ({"initContainers": [{"envFrom": [{"configMapRef": {"name": "s"}}]}]}, "configmaps"),
        ({"volumes": [{"projected": {"sources": [{"clusterTrustBundle": {"name": "b"}}]}}]}, "clustertrustbundles"),
        ({"volumes": [{"projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]}, "a service account"),
        ({"volumes": [{"projected": {"sources": [{"podCertificate": {"signerName": "s"}}]}}]}, "podcertificates"),
        ({"volumes": [{"persistentVolumeClaim": {"claimName": "c"}}]}, "persistentvolumeclaims"),
        ({"volumes": [{"ephemeral": {"volumeClaimTemplate": {}}}]}, "persistentvolumeclaims"),
        ({"resourceClaims": [{"name": "gpu", "resourceClaimName": "c"}]}, "resourceclaims"),
    ],
)
async def test_a_mirror_pod_opens_no_other_object(spec: dict[str, object], what: str) -> None:
    error = await refused(plugin(), create(mirror(**spec), NODE_1))
    assert str(error) == f'pods "web" is forbidden: node "n1" can not create pods that reference {what}'


def owned(**owner: object) -> Object:
    made = mirror()
    made["metadata"]["ownerReferences"][0] |= owner
    return made


def without(name: str) -> Object:
    made = mirror()
    del made["metadata"][name]
    return made


def two_owners() -> Object:
    made = mirror()
    made["metadata"]["ownerReferences"] *= 2
    return made


@pytest.mark.parametrize(
    ("made", "complaint"),
    [
        (without("annotations"), f'pod does not have "{MIRROR}" annotation, node "n1" can only create mirror pods'),
        (mirror() | {"spec": {"nodeName": "n2"}}, 'node "n1" can only create pods with spec.nodeName set to itself'),
        (without("ownerReferences"), "with an owner reference set to itself"),
        (two_owners(), "with a single owner reference set to itself"),
        (owned(name="n2"), "with an owner reference set to itself"),
        (owned(controller=False), "with a controller owner reference set to itself"),
        (owned(blockOwnerDeletion=True), "must not set blockOwnerDeletion on an owner reference"),
        (owned(uid="other"), "node n1 UID mismatch: expected other got uid-n1"),
    ],
)
async def test_a_node_makes_no_other_pods(made: Object, complaint: str) -> None:
    assert complaint in str(await refused(plugin(), create(made, NODE_1)))


async def test_a_node_deletes_and_evicts_pods_bound_to_it() -> None:
    await admitted(plugin(), delete(pod(nodeName="n1"), NODE_1))
    error = await refused(plugin(), delete(pod(nodeName="n2"), NODE_1))
    assert 'node "n1" can only delete pods with spec.nodeName set to itself' in str(error)
    there = plugin(pod("mine", nodeName="n1"), pod("theirs", nodeName="n2"))
    for name in ("mine", "theirs", "nobody"):
        eviction = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"}}
        request = create(eviction, NODE_1, subresource="eviction")
        if name == "mine":
            await admitted(there, request)
        else:
            assert (await refused(there, request)).code == (404 if name == "nobody" else 403)


async def test_a_node_changes_no_pod_but_its_status() -> None:
    mine = pod(nodeName="n1")
    error = await refused(plugin(), update(mine, mine, NODE_1))
    assert 'unexpected operation "UPDATE", node "n1" can only create and delete mirror pods' in str(error)
    for subresource in ("exec", "binding", "ephemeralcontainers", "resize"):
        assert "unexpected pod subresource" in str(
            await refused(plugin(), update(mine, mine, NODE_1, subresource=subresource))
        )


async def test_a_status_is_of_a_pod_bound_to_it_and_changes_no_labels_or_claims() -> None:
    mine = pod(nodeName="n1")
    await admitted(plugin(), update({**mine, "status": {"phase": "Running"}}, mine, NODE_1, subresource="status"))
    theirs = pod(nodeName="n2")
    await refused(plugin(), update(theirs, theirs, NODE_1, subresource="status"))
    for change in (
        {"metadata": {**mine["metadata"], "labels": {"app": "db"}}},
        {"status": {"resourceClaimStatuses": [{"name": "gpu", "resourceClaimName": "other"}]}},
        {"status": {"extendedResourceClaimStatus": {"resourceClaimName": "other"}}},
    ):
        new = {**copy.deepcopy(mine), **change}
        assert "cannot update" in str(await refused(plugin(), update(new, mine, NODE_1, subresource="status")))

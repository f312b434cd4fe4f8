"""K17, A04: what a node asks with its own certificate."""

import copy

import pytest

from tests.unit.kube.apiserver.admission.asking import ALICE, NODE_1, admitted, create, delete, needs, refused, update
from wherry.kube.apiserver.admission.noderestriction import NodeRestriction
from wherry.kube.apiserver.model import User
from wherry.kube.machinery.model import Object


def node(name: str = "n1", **meta: object) -> Object:
    labels = {"kubernetes.io/hostname": name}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels, **meta}, "spec": {}}


def plugin() -> NodeRestriction:
    return NodeRestriction(needs())


async def test_a_node_registers_itself_and_updates_itself() -> None:
    await admitted(plugin(), create(node(), NODE_1))
    await admitted(plugin(), update(node(annotations={"a": "b"}), node(), NODE_1))
    await admitted(plugin(), update(node(), node(), NODE_1, subresource="status"))
    await admitted(plugin(), delete(node(), NODE_1))


async def test_a_node_touches_no_other_node() -> None:
    for request in (create(node("n2"), NODE_1), update(node("n2"), node("n2"), NODE_1), delete(node("n2"), NODE_1)):
        error = await refused(plugin(), request)
        assert str(error) == 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"'


def changed(**change: object) -> Object:
    obj = copy.deepcopy(node())
    for name, value in change.items():
        obj["spec" if name in ("taints", "configSource") else "metadata"][name] = value
    return obj


OWNER = [{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "u"}]


@pytest.mark.parametrize("subresource", ["", "status"])
@pytest.mark.parametrize(
    ("new", "complaint"),
    [
        (changed(ownerReferences=OWNER), 'node "n1" is not allowed to modify ownerReferences'),
        (changed(taints=[{"key": "a", "effect": "NoSchedule"}]), 'node "n1" is not allowed to modify taints'),
        (
            changed(labels={"kubernetes.io/hostname": "n1", "node-restriction.kubernetes.io/secure": "yes"}),
            "is not allowed to modify labels: node-restriction.kubernetes.io/secure",
        ),
        (
            changed(labels={"kubernetes.io/hostname": "n1", "node-role.kubernetes.io/control-plane": ""}),
            "is not allowed to modify labels: node-role.kubernetes.io/control-plane",
        ),
        (changed(configSource={"configMap": {}}), "to update configSource to a new non-nil configSource"),
    ],
)
async def test_a_node_does_not_make_itself_another(new: Object, complaint: str, subresource: str) -> None:
    assert complaint in str(await refused(plugin(), update(new, node(), NODE_1, subresource=subresource)))


async def test_the_way_back_is_closed_as_well() -> None:
    """Taking a taint or a restricted label away is a change, too."""
    for old in (
        changed(taints=[{"key": "a", "effect": "NoSchedule"}]),
        changed(labels={"kubernetes.io/hostname": "n1", "node-restriction.kubernetes.io/secure": "yes"}),
        changed(ownerReferences=OWNER),
    ):
        await refused(plugin(), update(node(), old, NODE_1))


async def test_a_node_does_not_come_with_what_it_may_not_have() -> None:
    for obj in (
        changed(labels={"node-restriction.kubernetes.io/a": "b"}),
        changed(ownerReferences=OWNER),
        changed(configSource={}),
    ):
        await refused(plugin(), create(obj, NODE_1))


async def test_others_are_not_restricted() -> None:
    await admitted(plugin(), update(changed(taints=[{"key": "a"}]), node(), ALICE))
    impostor = User("system:node:n1", ("system:authenticated",))
    await admitted(plugin(), update(changed(taints=[{"key": "a"}]), node(), impostor))


async def test_a_node_without_name_gets_nothing() -> None:
    error = await refused(plugin(), create(node(), User("system:node:", ("system:nodes",))))
    assert 'could not determine node from user "system:node:"' in str(error)


def claim(**status: object) -> Object:
    meta = {"name": "data", "namespace": "default"}
    base = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta, "spec": {"volumeName": "v"}}
    return {**base, "status": {"phase": "Bound", **status}}


async def test_a_node_says_how_large_a_claim_has_become_and_nothing_else() -> None:
    grown = claim(capacity={"storage": "2Gi"}, conditions=[{"type": "x"}], allocatedResources={"storage": "2Gi"})
    await admitted(plugin(), update(grown, claim(), NODE_1, subresource="status"))
    error = await refused(plugin(), update(claim(phase="Lost"), claim(), NODE_1, subresource="status"))
    assert "fields other than status.capacity and status.conditions" in str(error)
    labelled = claim()
    labelled["metadata"] = {**labelled["metadata"], "labels": {"a": "b"}}
    await refused(plugin(), update(labelled, claim(), NODE_1, subresource="status"))
    assert "may only update PVC status" in str(await refused(plugin(), update(grown, claim(), NODE_1)))


def lease(name: str = "n1", namespace: str = "kube-node-lease") -> Object:
    meta = {"name": name, "namespace": namespace}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": meta}


async def test_a_node_renews_its_own_lease() -> None:
    await admitted(plugin(), create(lease(), NODE_1))
    await admitted(plugin(), update(lease(), lease(), NODE_1))
    error = await refused(plugin(), create(lease("n2"), NODE_1))
    assert "can only access node lease with the same name as the requesting node" in str(error)
    error = await refused(plugin(), update(lease(namespace="kube-system"), lease(), NODE_1))
    assert 'can only access leases in the "kube-node-lease" system namespace' in str(error)


async def test_a_node_writes_its_own_storage_and_device_objects() -> None:
    csi = {"apiVersion": "storage.k8s.io/v1", "kind": "CSINode", "metadata": {"name": "n2"}}
    assert "CSINode with the same name" in str(await refused(plugin(), create(csi, NODE_1)))
    base = {"apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "s"}}
    await admitted(plugin(), create({**base, "spec": {"nodeName": "n1"}}, NODE_1))
    await refused(plugin(), create({**base, "spec": {"nodeName": "n2"}}, NODE_1))
    await refused(plugin(), delete({**base, "spec": {"nodeName": "n2"}}, NODE_1))

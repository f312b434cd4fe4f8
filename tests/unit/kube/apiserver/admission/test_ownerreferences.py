from tests.unit.kube.apiserver.admission.asking import Rights, admitted, create, needs, pod, refused, update
from wherry.kube.apiserver.admission.ownerreferences import OwnerReferencesPermissionEnforcement
from wherry.kube.machinery.model import GroupResource, GroupVersionKind, Object


class Known:
    def resource_of(self, kind: GroupVersionKind) -> tuple[GroupResource, bool] | None:
        known = {"ReplicaSet": (GroupResource("apps", "replicasets"), True)}
        return known.get(kind.kind)


def owned(kind: str = "ReplicaSet", blocks: bool = True, api: str = "apps/v1") -> Object:
    made = pod()
    owner = {"apiVersion": api, "kind": kind, "name": "rs", "uid": "u", "blockOwnerDeletion": blocks}
    made["metadata"]["ownerReferences"] = [owner]
    return made


def plugin(*rights: tuple[str, str, str]) -> OwnerReferencesPermissionEnforcement:
    return OwnerReferencesPermissionEnforcement(needs(rights=Rights(*rights)), Known())


FINALIZERS = ("update", "replicasets", "rs")
DELETE = ("delete", "pods", "web")


async def test_who_blocks_an_owner_must_be_able_to_hold_it_up_otherwise() -> None:
    error = await refused(plugin(), create(owned()))
    assert "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on" in str(
        error
    )
    await admitted(plugin(FINALIZERS), create(owned()))
    await admitted(plugin(), create(owned(blocks=False)))
    await admitted(plugin(), create(pod()))


async def test_who_changes_owners_must_be_able_to_delete() -> None:
    assert "you may not delete this object" in str(await refused(plugin(FINALIZERS), update(owned(), pod())))
    await admitted(plugin(FINALIZERS, DELETE), update(owned(), pod()))
    await admitted(plugin(), update(owned(), owned()))
    await admitted(plugin(DELETE), update(owned(), {**owned(), "spec": {}}))


async def test_an_owner_of_no_known_kind_cannot_be_blocked() -> None:
    await refused(plugin(FINALIZERS), create(owned("Thing")))
    await refused(plugin(FINALIZERS), create(owned(api="a/b/c")))

"""Whose a claim is: the set's, then it goes with the set; its pod's, then it goes with that; or nobody's: pure
(stateful_set_utils.go updateClaimOwnerRefForSetAndPod)."""

from wherry.kube.controllers.statefulset.view import ordinal_of, ordinals_of
from wherry.kube.machinery.model import Object


def _policy(owner: Object) -> tuple[bool, bool]:
    """Whether claims are deleted with the set, and with pods for which it has become too small."""
    policy = owner["spec"].get("persistentVolumeClaimRetentionPolicy") or {}
    return policy.get("whenDeleted") == "Delete", policy.get("whenScaled") == "Delete"


def owners_of(owner: Object, reference: Object, pod: Object | None, claim: Object) -> list[Object]:
    """The claim's owner references as they should be. ``reference`` is one to the set; ``pod`` the one that uses the
    claim, None where there is none yet."""
    with_set, with_pod = _policy(owner)
    is_surplus = pod is not None and ordinal_of(pod, owner) not in ordinals_of(owner)
    others = [each for each in _references(claim) if not _is_ours(each, owner, pod)]
    if any(each.get("controller") for each in others):
        return _references(claim)  # somebody else's
    if with_pod and is_surplus and pod is not None:
        return [*others, _to_pod(pod)]
    return [*others, reference] if with_set else others


def _references(claim: Object) -> list[Object]:
    return list(claim["metadata"].get("ownerReferences") or ())


def _is_ours(reference: Object, owner: Object, pod: Object | None) -> bool:
    """It is one to the set or the pod, or to a former one of either name."""
    kind, name = reference.get("kind"), reference.get("name")
    if kind == "StatefulSet":
        return bool(name == owner["metadata"]["name"])
    return kind == "Pod" and (pod is None or bool(name == pod["metadata"]["name"]))


def _to_pod(pod: Object) -> Object:
    meta = pod["metadata"]
    return {
        "apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"],
        "controller": True, "blockOwnerDeletion": True,
    }  # fmt: skip


def is_stale(owner: Object, pod_name: str, claim: Object) -> bool:
    """It goes with a pod that is gone: a new pod of that name must not begin with it."""
    if not _policy(owner)[1]:
        return False
    return any(each.get("kind") == "Pod" and each.get("name") == pod_name for each in _references(claim))

"""Makes the claims of pods' generic ephemeral volumes: they live as long as the pod (garbage collection sees to that).

(k8s.io/kubernetes pkg/controller/volume/ephemeral)
"""

from collections.abc import Iterable, Iterator

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

PODS = GroupVersionResource("", "v1", "pods")
CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")


class EphemeralVolumes:
    """A Reconciler; keys are pods."""

    name = "ephemeral-volume-controller"

    def __init__(self, needs: Needs) -> None:
        self._client = needs.client
        self._recorder = needs.recorder.by("persistentvolume-controller")
        self._pods = needs.informers.of(PODS)
        self._claims = needs.informers.of(CLAIMS)
        self.interests = (Interest(self._pods, _that_wait), Interest(self._claims, _owners))

    async def reconcile(self, key: Key) -> float | None:
        pod = self._pods.cache.get(key.name, key.namespace)
        if pod is None or not list(_that_wait(pod)):
            return None
        for volume in _ephemeral(pod):
            wanted = claim_of(pod, volume)
            found = self._claims.cache.get(wanted["metadata"]["name"], key.namespace)
            try:
                if found is None:
                    await self._client.create(CLAIMS, wanted, key.namespace)
                elif not _is_owned(found, pod):
                    raise _NotOurs(f"PVC {key.namespace}/{wanted['metadata']['name']} was not created for pod "
                                   f"{key.namespace}/{key.name} (pod is not owner)")  # fmt: skip
            except (StatusError, _NotOurs) as error:
                if isinstance(error, StatusError) and error.code == 409:
                    raise  # the cache does not know yet what is there
                what = f"ephemeral volume {volume['name']}: {error}"
                self._recorder.event(pod, "FailedBinding", what, type="Warning")
                raise
        return None


class _NotOurs(Exception):
    """Somebody else made a claim of that name."""


def claim_of(pod: Object, volume: Object) -> Object:
    """What is to be created. It has the template's labels and annotations, and the pod as its owner."""
    meta, template = pod["metadata"], volume["ephemeral"]["volumeClaimTemplate"]
    given = template.get("metadata") or {}
    owner = {
        "apiVersion": "v1", "kind": "Pod", "name": meta["name"], "uid": meta["uid"], "controller": True,
        "blockOwnerDeletion": True,
    }  # fmt: skip
    kept = {name: given[name] for name in ("labels", "annotations") if given.get(name)}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": f"{meta['name']}-{volume['name']}", "ownerReferences": [owner], **kept},
        "spec": template["spec"],
    }


def _ephemeral(pod: Object) -> Iterator[Object]:
    for volume in pod["spec"].get("volumes") or ():
        if (volume.get("ephemeral") or {}).get("volumeClaimTemplate"):
            yield volume


def _that_wait(pod: Object) -> Iterable[Key]:
    """The pod, if it may need a claim."""
    is_over = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
    if "deletionTimestamp" not in pod["metadata"] and not is_over and any(_ephemeral(pod)):
        yield Key(pod["metadata"]["namespace"], pod["metadata"]["name"])


def _owners(claim: Object) -> Iterable[Key]:
    """The pod that it was made for."""
    meta = claim["metadata"]
    for owner in meta.get("ownerReferences") or ():
        if owner.get("controller") and owner.get("kind") == "Pod":
            yield Key(meta["namespace"], owner["name"])


def _is_owned(claim: Object, pod: Object) -> bool:
    owners = claim["metadata"].get("ownerReferences") or ()
    return any(each.get("controller") and each.get("uid") == pod["metadata"]["uid"] for each in owners)

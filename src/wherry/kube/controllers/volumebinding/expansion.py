"""Claims that want more than their volumes have (pkg/controller/volume/expand): nobody here gives it to them, and that
is said."""

from wherry.kube.controllers.frame import Interest, Key, Needs
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.quantity import parse

CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")
_IGNORED = (
    "Ignoring the PVC: didn't find a plugin capable of expanding the volume; waiting for an external controller to "
    "process this PVC."
)


class VolumeExpansion:
    """A Reconciler; keys are claims. What provides a volume (an external resizer) makes it larger."""

    name = "volume_expand"

    def __init__(self, needs: Needs) -> None:
        self._recorder = needs.recorder.by(self.name)
        self._claims = needs.informers.of(CLAIMS)
        self._told: dict[Key, tuple[str, int]] = {}
        """By claim, its uid and the size that was told of: it is said once of each."""
        self.interests = (Interest(self._claims),)

    async def reconcile(self, key: Key) -> float | None:
        claim = self._claims.cache.get(key.name, key.namespace)
        if claim is None or not wants_more(claim):
            self._told.pop(key, None)
            return None
        wanted = claim["metadata"]["uid"], asked(claim)
        if self._told.get(key) != wanted:
            self._told[key] = wanted
            self._recorder.event(claim, "ExternalExpanding", _IGNORED, type="Warning")
        return None


def wants_more(claim: Object) -> bool:
    """It is bound, and asks for more than it has."""
    status = claim.get("status") or {}
    has = (status.get("capacity") or {}).get("storage")
    return status.get("phase") == "Bound" and has is not None and asked(claim) > parse(has).value


def asked(claim: Object) -> int:
    """Bytes."""
    requests = (claim["spec"].get("resources") or {}).get("requests") or {}
    return parse(requests.get("storage", "0")).value

"""DefaultStorageClass, StorageObjectInUseProtection, PersistentVolumeClaimResize
(k8s.io/kubernetes plugin/pkg/admission/storage)."""

from wherry.kube.apiserver.admission.plugin import CLAIMS, CREATE, VOLUMES, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Listers, Operation
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.quantity import parse

CLASSES = GroupResource("storage.k8s.io", "storageclasses")
PROTECTION = {CLAIMS: "kubernetes.io/pvc-protection", VOLUMES: "kubernetes.io/pv-protection"}
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_DEFAULT_BETA = "storageclass.beta.kubernetes.io/is-default-class"
_CLASS_BETA = "volume.beta.kubernetes.io/storage-class"


class DefaultStorageClass(Plugin):
    """A claim that names no class (not even the empty one) gets the default one: the youngest, if there are several."""

    name = "DefaultStorageClass"
    resources = frozenset({CLAIMS})
    operations = CREATE

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers

    def admit(self, request: AdmissionRequest) -> None:
        claim = new_object(request)
        annotations = claim["metadata"].get("annotations") or {}
        if _CLASS_BETA in annotations or claim.get("spec", {}).get("storageClassName") is not None:
            return
        name = default_class(self._listers)
        if name:
            claim.setdefault("spec", {})["storageClassName"] = name


def default_class(listers: Listers) -> str:
    """Its name; empty: there is none."""
    marked = [each for each in listers.of(CLASSES).list() if _is_default(each)]
    # The youngest first; of the same age, by name.
    marked.sort(key=lambda each: each["metadata"]["name"])
    marked.sort(key=lambda each: each["metadata"].get("creationTimestamp", ""), reverse=True)
    return marked[0]["metadata"]["name"] if marked else ""


def _is_default(storage_class: Object) -> bool:
    annotations = storage_class["metadata"].get("annotations") or {}
    return "true" in (annotations.get(_DEFAULT), annotations.get(_DEFAULT_BETA))


class StorageObjectInUseProtection(Plugin):
    """A controller takes the finalizer off when nothing uses the object any more."""

    name = "StorageObjectInUseProtection"
    resources = frozenset(PROTECTION)
    operations = CREATE

    def admit(self, request: AdmissionRequest) -> None:
        meta = new_object(request)["metadata"]
        finalizer = PROTECTION[request.resource]
        if finalizer not in (meta.get("finalizers") or ()):
            meta["finalizers"] = [*(meta.get("finalizers") or ()), finalizer]


class PersistentVolumeClaimResize(Plugin):
    """A claim grows only when it is bound and its class says that it may."""

    name = "PersistentVolumeClaimResize"
    resources = frozenset({CLAIMS})
    operations = frozenset({Operation.UPDATE})

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers

    def validate(self, request: AdmissionRequest) -> None:
        new, old = new_object(request), request.old or {}
        if _asked(new) <= _asked(old):
            return  # shrinking is for the strategy to refuse
        if old.get("status", {}).get("phase") != "Bound":
            raise refusal(request, "Only bound persistent volume claims can be expanded")
        name = (new["metadata"].get("annotations") or {}).get(_CLASS_BETA) or new["spec"].get("storageClassName") or ""
        found = self._listers.of(CLASSES).get(name) if name else None
        if not (found or {}).get("allowVolumeExpansion"):
            raise refusal(
                request,
                "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must "
                "support resize",
            )


def _asked(claim: Object) -> int:
    requests = (claim.get("spec", {}).get("resources") or {}).get("requests") or {}
    return parse(requests.get("storage", 0)).value

"""DefaultTolerationSeconds: pods stay five minutes on a node that is not ready or not reachable, unless they say
otherwise (k8s.io/kubernetes plugin/pkg/admission/defaulttolerationseconds)."""

from wherry.kube.apiserver.admission.plugin import CREATE_UPDATE, PODS, Plugin, new_object
from wherry.kube.apiserver.model import AdmissionRequest
from wherry.kube.machinery.model import Object

SECONDS = 300
NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"


class DefaultTolerationSeconds(Plugin):
    name = "DefaultTolerationSeconds"
    resources = frozenset({PODS})
    operations = CREATE_UPDATE

    def admit(self, request: AdmissionRequest) -> None:
        spec = new_object(request).setdefault("spec", {})
        tolerations = list(spec.get("tolerations") or ())
        missing = [key for key in (NOT_READY, UNREACHABLE) if not any(_tolerates(each, key) for each in tolerations)]
        if missing:
            added = [_toleration(key) for key in missing]
            spec["tolerations"] = tolerations + added


def _tolerates(toleration: Object, key: str) -> bool:
    if toleration.get("key", "") not in ("", key):
        return False
    return toleration.get("effect", "") in ("", "NoExecute")


def _toleration(key: str) -> Object:
    return {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": SECONDS}

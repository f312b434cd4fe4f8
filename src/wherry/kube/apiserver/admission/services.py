"""DenyServiceExternalIPs, DefaultIngressClass.

The first is off in upstream and on here, unless the setting ``api.external_ips`` says otherwise: whoever may write
Services could take over the traffic to any address (CVE-2020-8554).
"""

from wherry.kube.apiserver.admission.plugin import (
    CREATE,
    CREATE_UPDATE,
    SERVICES,
    Needs,
    Plugin,
    new_object,
    refusal,
)
from wherry.kube.apiserver.model import AdmissionRequest
from wherry.kube.machinery.model import GroupResource, Object

INGRESSES = GroupResource("networking.k8s.io", "ingresses")
INGRESS_CLASSES = GroupResource("networking.k8s.io", "ingressclasses")
_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_CLASS = "kubernetes.io/ingress.class"
_UNSERVED = "nothing serves this Ingress until a controller for it is installed"


class DenyServiceExternalIPs(Plugin):
    """Addresses may be taken away, not added
    (k8s.io/kubernetes plugin/pkg/admission/network/denyserviceexternalips)."""

    name = "DenyServiceExternalIPs"
    resources = frozenset({SERVICES})
    operations = CREATE_UPDATE

    def validate(self, request: AdmissionRequest) -> None:
        added = _external(new_object(request)) - _external(request.old or {})
        if added:
            raise refusal(request, "Use of external IPs is denied by admission control")


def _external(service: Object) -> set[str]:
    return set(service.get("spec", {}).get("externalIPs") or ())


class DefaultIngressClass(Plugin):
    """An Ingress that names no class gets the default one: the youngest, if there are several
    (k8s.io/kubernetes plugin/pkg/admission/network/defaultingressclass).

    Upstream says nothing of one that nobody serves. Here it is told: a cluster begins without a controller for them."""

    name = "DefaultIngressClass"
    resources = frozenset({INGRESSES})
    operations = CREATE

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers

    def admit(self, request: AdmissionRequest) -> None:
        ingress = new_object(request)
        annotations = ingress["metadata"].get("annotations") or {}
        classes = [*self._listers.of(INGRESS_CLASSES).list()]
        named = ingress.get("spec", {}).get("ingressClassName")
        if named is not None and named not in {each["metadata"]["name"] for each in classes}:
            request.warnings.append(f"there is no IngressClass {named}: {_UNSERVED}")
        if named is not None or _CLASS in annotations:
            return
        marked = [each for each in classes if _is_default(each)]
        marked.sort(key=lambda each: each["metadata"]["name"])
        marked.sort(key=lambda each: each["metadata"].get("creationTimestamp", ""), reverse=True)
        if marked:
            ingress.setdefault("spec", {})["ingressClassName"] = marked[0]["metadata"]["name"]
        elif not classes:
            request.warnings.append(f"there is no IngressClass: {_UNSERVED}")


def _is_default(ingress_class: Object) -> bool:
    return bool((ingress_class["metadata"].get("annotations") or {}).get(_DEFAULT) == "true")

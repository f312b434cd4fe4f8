"""NamespaceLifecycle: nothing is made in a namespace that is not there or is ending; three are never deleted
(apiserver pkg/admission/plugin/namespace/lifecycle)."""

from wherry.kube.apiserver.admission.plugin import NAMESPACES, Needs, Plugin, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import not_found

IMMORTAL = frozenset({"default", "kube-system", "kube-public"})
_REVIEWS = GroupResource("authorization.k8s.io", "localsubjectaccessreviews")


class NamespaceLifecycle(Plugin):
    name = "NamespaceLifecycle"

    def __init__(self, needs: Needs) -> None:
        self._namespaces = needs.listers.of(NAMESPACES)
        self._live = needs.live

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        if resource == NAMESPACES:
            return operation is Operation.DELETE
        return operation is not Operation.DELETE and resource != _REVIEWS

    def admit(self, request: AdmissionRequest) -> Waits:
        if request.kind.resource == NAMESPACES:
            if request.name in IMMORTAL:
                raise refusal(request, "this namespace may not be deleted")
            return None
        if not request.namespace:
            return None
        namespace = self._namespaces.get(request.namespace)
        if namespace is None:  # it may be younger than the cache
            return self._look_up(request)
        self._check(request, namespace)
        return None

    async def _look_up(self, request: AdmissionRequest) -> None:
        namespace = await self._live.get(NAMESPACES, request.namespace)
        if namespace is None:
            raise not_found(NAMESPACES, request.namespace)
        self._check(request, namespace)

    def _check(self, request: AdmissionRequest, namespace: Object) -> None:
        if request.operation is not Operation.CREATE or request.subresource:
            return
        if namespace.get("status", {}).get("phase") == "Terminating" or "deletionTimestamp" in namespace["metadata"]:
            raise self._ending(request)

    def _ending(self, request: AdmissionRequest) -> Exception:
        where = request.namespace
        error = refusal(request, f"unable to create new content in namespace {where} because it is being terminated")
        message = f"namespace {where} is being terminated"
        cause = {"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}
        error.details["causes"] = [cause]
        return error

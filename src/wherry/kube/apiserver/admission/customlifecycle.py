"""Nothing is made of a kind whose definition is being deleted: that waits until nothing is left of it
(k8s.io/apiextensions-apiserver pkg/apiserver/customresource_handler.go: ``forbidCreateAdmission``)."""

from wherry.kube.apiserver.admission.plugin import CREATE, Plugin, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.machinery.model import GroupResource


class CustomResourceLifecycle(Plugin):
    """Upstream has it around all plugins, not among them; the name is ours."""

    name = "CustomResourceLifecycle"

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        return operation in CREATE and not subresource and "." in resource.group  # no custom group is without

    def admit(self, request: AdmissionRequest) -> Waits:
        if request.kind.is_ending:
            raise refusal(request, "create not allowed while custom resource definition is terminating")
        return None

"""Which tokens and certificates a node may ask for: those of its own pods, for those they are meant for."""

from collections.abc import Iterator

from wherry.kube.apiserver.admission.plugin import ACCOUNTS, CLAIMS, PODS, VOLUMES, name_of, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Attributes, Authorizer, Decision, Listers, Operation
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import not_found

DRIVERS = GroupResource("storage.k8s.io", "csidrivers")
STORAGE_CLASSES = GroupResource("storage.k8s.io", "storageclasses")


class NodeTokens:
    """A part of NodeRestriction."""

    def __init__(self, listers: Listers, authorizer: Authorizer) -> None:
        self._listers = listers
        self._authorizer = authorizer

    def check_account(self, request: AdmissionRequest, node: str) -> None:
        """A TokenRequest, however it comes. Raises StatusError."""
        if request.subresource != "token":
            return
        spec = new_object(request).get("spec") or {}
        bound = spec.get("boundObjectRef") or {}
        if bound.get("apiVersion") != "v1" or bound.get("kind") != "Pod" or not bound.get("name"):
            raise refusal(request, "node requested token not bound to a pod")
        if not bound.get("uid"):
            raise refusal(request, "node requested token with a pod binding without a uid")
        pod = self._listers.of(PODS).get(bound["name"], request.namespace)
        if pod is None:
            raise not_found(PODS, bound["name"])
        if pod["metadata"].get("uid") != bound["uid"]:
            raise refusal(
                request,
                f"the UID in the bound object reference ({bound['uid']}) does not match the UID in record. The object "
                "might have been deleted and then recreated",
            )
        if (pod.get("spec") or {}).get("nodeName") != node:
            raise refusal(request, "node requested token bound to a pod scheduled on a different node")
        self._check_audiences(request, pod, spec.get("audiences") or [])

    def _check_audiences(self, request: AdmissionRequest, pod: Object, audiences: list[str]) -> None:
        """Of the pod's volumes, or given to nodes by a right of its own (KEP-4412)."""
        if len(audiences) > 1:
            raise refusal(request, "node may only request 0 or 1 audiences")
        audience = audiences[0] if audiences else ""
        if not audience or audience in set(self._audiences(pod, request.namespace)):
            return
        asked = Attributes(
            request.user, "request-serviceaccounts-token-audience", version="v1", resource=audience,
            namespace=request.namespace, name=name_of(request),
        )  # fmt: skip
        if self._authorizer.authorize(asked)[0] is not Decision.ALLOW:
            raise refusal(
                request,
                f'audience "{audience}" not found in pod spec volume, {request.user.name} is not authorized to request '
                "tokens for this audience",
            )

    def _audiences(self, pod: Object, namespace: str) -> Iterator[str]:
        for volume in (pod.get("spec") or {}).get("volumes") or ():
            for source in (volume.get("projected") or {}).get("sources") or ():
                yield (source.get("serviceAccountToken") or {}).get("audience", "")
            driver = (volume.get("csi") or {}).get("driver") or self._driver(pod, volume, namespace)
            found = self._listers.of(DRIVERS).get(driver) if driver else None
            for each in ((found or {}).get("spec") or {}).get("tokenRequests") or ():
                yield each.get("audience", "")

    def _driver(self, pod: Object, volume: Object, namespace: str) -> str:
        """Of a claim's persistent volume."""
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
        if volume.get("ephemeral") is not None:
            name = f"{pod['metadata']['name']}-{volume.get('name', '')}"
        claim = self._listers.of(CLAIMS).get(name, namespace) if name else None
        bound = ((claim or {}).get("spec") or {}).get("volumeName")
        persistent = self._listers.of(VOLUMES).get(bound) if bound else None
        return str((((persistent or {}).get("spec") or {}).get("csi") or {}).get("driver", ""))

    def check_certificate(self, request: AdmissionRequest, node: str) -> None:
        """A PodCertificateRequest: of a pod that runs here, as the account it runs as. Raises StatusError."""
        if request.operation is not Operation.CREATE:
            return
        spec = new_object(request).get("spec") or {}
        if spec.get("nodeName") != node:
            raise refusal(
                request, f'PodCertificateRequest.Spec.NodeName="{spec.get("nodeName", "")}", which is not the '
                f'requesting node "{node}"',
            )  # fmt: skip
        pod = self._listers.of(PODS).get(spec.get("podName", ""), request.namespace)
        if pod is None:
            raise not_found(PODS, spec.get("podName", ""))
        if pod["metadata"].get("uid") != spec.get("podUID") or (pod.get("spec") or {}).get("nodeName") != node:
            raise refusal(request, f"pod {spec.get('podName')} is not, or not any more, one of node {node}")
        account = self._listers.of(ACCOUNTS).get(spec.get("serviceAccountName", ""), request.namespace)
        runs_as = (pod.get("spec") or {}).get("serviceAccountName")
        if account is None or runs_as != spec.get("serviceAccountName"):
            raise refusal(request, f"pod {spec.get('podName')} does not run as {spec.get('serviceAccountName')}")
        if account["metadata"].get("uid") != spec.get("serviceAccountUID"):
            raise refusal(request, f"service account {spec.get('serviceAccountName')} is another one by now")

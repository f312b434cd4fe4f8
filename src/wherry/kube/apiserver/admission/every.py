"""All admission plugins, in upstream's order (k8s.io/kubernetes pkg/kubeapiserver/options/plugins.go)."""

from collections.abc import Iterable

from wherry.kube.apiserver.admission.certificates import (
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
    ClusterTrustBundleAttest,
)
from wherry.kube.apiserver.admission.limitranger import LimitRanger
from wherry.kube.apiserver.admission.namespacelifecycle import NamespaceLifecycle
from wherry.kube.apiserver.admission.noderestriction import NodeRestriction
from wherry.kube.apiserver.admission.nodetaint import TaintNodesByCondition
from wherry.kube.apiserver.admission.ownerreferences import OwnerReferencesPermissionEnforcement, Plurals
from wherry.kube.apiserver.admission.plugin import Needs
from wherry.kube.apiserver.admission.podsecurity.plugin import PodSecurity
from wherry.kube.apiserver.admission.podtopology import PodTopologyLabels
from wherry.kube.apiserver.admission.priority import Priority
from wherry.kube.apiserver.admission.resourcequota import ResourceQuota
from wherry.kube.apiserver.admission.runtimeclass import RuntimeClass
from wherry.kube.apiserver.admission.serviceaccount import ServiceAccount
from wherry.kube.apiserver.admission.services import DefaultIngressClass, DenyServiceExternalIPs
from wherry.kube.apiserver.admission.storage import (
    DefaultStorageClass,
    PersistentVolumeClaimResize,
    StorageObjectInUseProtection,
)
from wherry.kube.apiserver.admission.tolerations import DefaultTolerationSeconds
from wherry.kube.apiserver.model import AdmissionPlugin, AdmissionRequest, Operation
from wherry.kube.machinery.model import GroupResource

_REMEMBERED = 4096


def plugins(needs: Needs, plurals: Plurals | None = None, *, external_ips: bool = False) -> tuple[AdmissionPlugin, ...]:
    """In order. With ``plurals``, OwnerReferencesPermissionEnforcement is among them (off in upstream by default);
    without ``external_ips``, DenyServiceExternalIPs is (off there, too)."""
    return (
        NamespaceLifecycle(needs),
        LimitRanger(needs),
        ServiceAccount(needs),
        NodeRestriction(needs),
        TaintNodesByCondition(),
        PodSecurity(needs),
        Priority(needs),
        DefaultTolerationSeconds(),
        DefaultStorageClass(needs),
        StorageObjectInUseProtection(),
        *([OwnerReferencesPermissionEnforcement(needs, plurals)] if plurals else []),
        PersistentVolumeClaimResize(needs),
        RuntimeClass(needs),
        CertificateApproval(needs),
        CertificateSigning(needs),
        ClusterTrustBundleAttest(needs),
        CertificateSubjectRestriction(),
        DefaultIngressClass(needs),
        *([] if external_ips else [DenyServiceExternalIPs()]),
        PodTopologyLabels(needs),
        # MutatingAdmissionPolicy, MutatingAdmissionWebhook, ValidatingAdmissionPolicy and ValidatingAdmissionWebhook
        # come here, in this order, when they are built; a quota is charged for what they have left.
        ResourceQuota(needs),
    )


class Admission:
    """The plugins, asked in order; which of them care for a kind of write is worked out once."""

    def __init__(self, plugins: Iterable[AdmissionPlugin]) -> None:
        self._plugins = tuple(plugins)
        self._chosen: dict[tuple[GroupResource, Operation, str], tuple[AdmissionPlugin, ...]] = {}

    async def admit(self, request: AdmissionRequest) -> None:
        """Let them fill in. Raises StatusError."""
        for plugin in self.chosen(request.resource, request.operation, request.subresource):
            await plugin.admit(request)

    async def validate(self, request: AdmissionRequest) -> None:
        """Let them refuse. Raises StatusError; whoever called this then calls ``request.after``."""
        for plugin in self.chosen(request.resource, request.operation, request.subresource):
            await plugin.validate(request)

    def chosen(self, resource: GroupResource, operation: Operation, subresource: str) -> tuple[AdmissionPlugin, ...]:
        """Those that care for such a write, in order."""
        key = (resource, operation, subresource)
        found = self._chosen.get(key)
        if found is None:
            if len(self._chosen) >= _REMEMBERED:  # custom resources come and go
                self._chosen.clear()
            found = tuple(each for each in self._plugins if each.handles(*key))
            self._chosen[key] = found
        return found

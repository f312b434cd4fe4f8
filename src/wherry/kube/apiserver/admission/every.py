"""All admission plugins, in upstream's order (k8s.io/kubernetes pkg/kubeapiserver/options/plugins.go)."""

from collections.abc import Callable, Iterable

import msgspec

from wherry.kube.apiserver.admission.certificates import (
    CertificateApproval,
    CertificateSigning,
    CertificateSubjectRestriction,
    ClusterTrustBundleAttest,
)
from wherry.kube.apiserver.admission.customlifecycle import CustomResourceLifecycle
from wherry.kube.apiserver.admission.limitranger import LimitRanger
from wherry.kube.apiserver.admission.namespacelifecycle import NamespaceLifecycle
from wherry.kube.apiserver.admission.noderestriction import NodeRestriction
from wherry.kube.apiserver.admission.nodetaint import TaintNodesByCondition
from wherry.kube.apiserver.admission.ownerreferences import OwnerReferencesPermissionEnforcement, Plurals
from wherry.kube.apiserver.admission.plugin import Needs, Plugin
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
from wherry.kube.apiserver.model import AdmissionPlugin, AdmissionRequest, Operation, Waits
from wherry.kube.machinery.model import GroupResource

_REMEMBERED = 4096


def plugins(needs: Needs, plurals: Plurals | None = None, *, external_ips: bool = False) -> tuple[AdmissionPlugin, ...]:
    """In order. With ``plurals``, OwnerReferencesPermissionEnforcement is among them (off in upstream by default);
    without ``external_ips``, DenyServiceExternalIPs is (off there, too)."""
    return (
        CustomResourceLifecycle(),
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


Ask = Callable[[AdmissionRequest], Waits]
"""One plugin's ``admit`` or ``validate``."""


class Chosen(msgspec.Struct, frozen=True):
    """Who cares for one kind of write, in order, and what to ask of them: without what does nothing."""

    plugins: tuple[AdmissionPlugin, ...]
    admit: tuple[Ask, ...]
    """They fill in. They raise StatusError, as the others do: whoever asks then calls ``request.after``."""
    validate: tuple[Ask, ...]
    """They refuse."""

    @classmethod
    def of(cls, plugins: tuple[AdmissionPlugin, ...]) -> "Chosen":
        admit = tuple(each.admit for each in plugins if not _is_idle(each.admit, Plugin.admit))
        return cls(
            plugins, admit, tuple(each.validate for each in plugins if not _is_idle(each.validate, Plugin.validate))
        )


def _is_idle(ask: Ask, nothing: object) -> bool:
    """Whether it is the method of :class:`Plugin` that does nothing."""
    return getattr(ask, "__func__", None) is nothing


async def asked(asks: Iterable[Ask], request: AdmissionRequest) -> None:
    """Ask each in turn. Raises StatusError."""
    for ask in asks:
        if (waits := ask(request)) is not None:
            await waits


class Admission:
    """The plugins; which of them care for a kind of write is worked out once."""

    def __init__(self, plugins: Iterable[AdmissionPlugin]) -> None:
        self._plugins = tuple(plugins)
        self._chosen: dict[tuple[GroupResource, Operation, str], Chosen] = {}
        self._alike: dict[tuple[AdmissionPlugin, ...], Chosen] = {}
        """Most kinds of writes have the same in common with many."""

    def chosen(self, resource: GroupResource, operation: Operation, subresource: str) -> Chosen:
        """Those that care for such a write."""
        key = (resource, operation, subresource)
        found = self._chosen.get(key)
        if found is None:
            if len(self._chosen) >= _REMEMBERED:  # custom resources come and go
                self._chosen.clear()
            caring = tuple(each for each in self._plugins if each.handles(*key))
            found = self._chosen[key] = self._alike.setdefault(caring, Chosen.of(caring))
        return found

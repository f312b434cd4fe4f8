"""ResourceQuota: a namespace's quotas bear a new object, or it is refused
(k8s.io/apiserver pkg/admission/plugin/resourcequota).

A quota is charged before the object is stored, by a write of its status that fails when somebody else wrote it: so
creates at the same time, through several servers too, never exceed it. When the object is not stored after all, it is
given back; when that fails, the controller that counts again sets it right.
"""

from collections.abc import Sequence
from functools import partial

from wherry.kube.apiserver.admission.plugin import InNamespaces, Needs, Plugin
from wherry.kube.apiserver.admission.quotaaccount import QUOTAS, Account
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.kinds.quotausage.usage import CLAIMS, PODS, SERVICES, is_counted
from wherry.kube.machinery.model import GroupResource, Object

_UPDATED = frozenset({(SERVICES, ""), (CLAIMS, ""), (PODS, "resize")})


class ResourceQuota(Plugin):
    name = "ResourceQuota"

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._known = InNamespaces(needs.listers.of(QUOTAS))
        self._busy: dict[tuple[str, str], Account] = {}

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        if operation is Operation.UPDATE:
            return (resource, subresource) in _UPDATED
        return operation is Operation.CREATE and not subresource and is_counted(resource)

    def validate(self, request: AdmissionRequest) -> Waits:
        quotas = self._known.of(request.namespace)
        return self._charge(request, quotas) if quotas else None

    async def _charge(self, request: AdmissionRequest, quotas: Sequence[Object]) -> None:
        for quota in quotas:
            place = quota["metadata"]["name"], request.namespace
            account = self._busy.get(place)
            if account is None:
                account = self._busy[place] = Account(self._needs, *place, partial(self._busy.pop, place))
            await account.charge(request)

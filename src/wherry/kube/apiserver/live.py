"""What admission plugins ask of the server itself."""

from datetime import UTC, datetime

from msgspec.structs import replace

from wherry.kube.apiserver.api import Api
from wherry.kube.apiserver.caches import Caches
from wherry.kube.apiserver.call import Call
from wherry.kube.apiserver.entries import Entry
from wherry.kube.apiserver.model import MASTERS, User
from wherry.kube.apiserver.requestinfo import RequestInfo
from wherry.kube.apiserver.stored import copied
from wherry.kube.apiserver.writing import Part
from wherry.kube.machinery import status
from wherry.kube.machinery.model import GroupResource, Object

QUOTAS = GroupResource("", "resourcequotas")
_SELF = User("system:apiserver", (MASTERS,))
_STATUS = Part("status")


class LiveReads:
    """Objects as the store has them now."""

    def __init__(self, caches: Caches) -> None:
        self._caches = caches

    async def get(self, resource: GroupResource, name: str, namespace: str = "") -> Object | None:
        """See :class:`wherry.kube.apiserver.admission.plugin.Live`."""
        await self._caches.current()
        return self._caches.of(resource).get(name, namespace)


class QuotaCharges:
    """Writes what a quota has been charged, unless somebody else has in between."""

    api: Api

    def __init__(self, caches: Caches) -> None:
        self._caches = caches

    async def charge(self, quota: Object, status_: Object) -> Object:
        """See :class:`wherry.kube.apiserver.admission.plugin.QuotaStatuses`."""
        metadata = quota["metadata"]
        served = self.api.kinds.served("", "v1", QUOTAS.resource)
        if served is None:
            raise status.no_such_path()
        info = RequestInfo("update", "", "", "v1", QUOTAS.resource, metadata["namespace"], metadata["name"], "status")
        call = Call(info, served, _SELF, datetime.now(UTC), user_agent="kube-apiserver")

        def make(entry: Entry) -> Object:
            changed = entry.copy()
            changed["status"] = copied(status_)
            changed["metadata"]["resourceVersion"] = metadata["resourceVersion"]
            return changed

        await self.api.writes.change(replace(call), make, _STATUS)
        found = self._caches.of(QUOTAS).get(metadata["name"], metadata["namespace"])
        if found is None:
            raise status.not_found(QUOTAS, metadata["name"])
        return found

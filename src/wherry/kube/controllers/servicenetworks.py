"""The ServiceCIDR ``kubernetes``: it shows the networks that services get their addresses from.

As k8s.io/kubernetes pkg/controlplane/controller/defaultservicecidr: it is made of the cluster's settings, comes back
when somebody deletes it, and gets a second family when the settings have one more. It does not lose one again: that is
told.
"""

import logging
from collections.abc import Sequence
from datetime import datetime

from wherry.kit.errors import WherryError
from wherry.kube.controllers.frame import Needs
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.machinery.times import rfc3339

NETWORKS = GroupVersionResource("networking.k8s.io", "v1", "servicecidrs")
NAME, READY = "kubernetes", "Ready"
SECONDS = 10.0
logger = logging.getLogger(__name__)
_INCONSISTENT = "KubernetesDefaultServiceCIDRInconsistent"


def wanted(known: Object | None, ranges: Sequence[str], now: datetime) -> Object:
    """What is to be written in place of what is known: it itself where that is right."""
    if known is None:
        return {
            "apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR", "metadata": {"name": NAME},
            "spec": {"cidrs": list(ranges)},
        }  # fmt: skip
    cidrs, conditions = known["spec"]["cidrs"], (known.get("status") or {}).get("conditions") or []
    if len(cidrs) == 1 and len(ranges) == 2 and cidrs[0] == ranges[0]:
        return {**known, "spec": {**known["spec"], "cidrs": list(ranges)}}
    if cidrs != list(ranges) or any(each["type"] == READY for each in conditions):
        return known
    ready = {
        "type": READY, "status": "True", "reason": "", "message": "Kubernetes default Service CIDR is ready",
        "lastTransitionTime": rfc3339(now),
    }  # fmt: skip
    return {**known, "status": {"conditions": [*conditions, ready]}}


class ServiceNetworks:
    """A Runnable."""

    name = "kubernetes-service-cidr-controller"

    def __init__(self, needs: Needs, ranges: Sequence[str]) -> None:
        self._needs = needs
        self._ranges = ranges
        self._told = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while await self._sync():
                    pass
            except WherryError as error:
                if not isinstance(error, StatusError) or error.code not in (404, 409):  # somebody else was quicker
                    logger.warning("%s: %s; looking again", self.name, error)
            await self._needs.clock.sleep(SECONDS)

    async def _sync(self) -> bool:
        """One write, if one is due: whether there was."""
        client, known = self._needs.client, await self._known()
        obj = wanted(known, self._ranges, self._needs.clock.now())
        if known is None:
            await client.create(NETWORKS, obj)
        elif obj is known:
            self._compare(known)
            return False
        else:
            is_status = obj["spec"] == known["spec"]
            await client.update(NETWORKS, obj, subresource="status" if is_status else "")
        return True

    async def _known(self) -> Object | None:
        try:
            return await self._needs.client.get(NETWORKS, NAME)
        except StatusError as error:
            if error.code != 404:
                raise
            return None

    def _compare(self, known: Object) -> None:
        cidrs = known["spec"]["cidrs"]
        if cidrs != list(self._ranges) and not self._told:
            self._told = True
            shown, own = " ".join(cidrs), " ".join(self._ranges)
            said = f"The default ServiceCIDR [{shown}] does not match the controller flag configurations [{own}]"
            self._needs.recorder.event(known, _INCONSISTENT, said, type="Warning")

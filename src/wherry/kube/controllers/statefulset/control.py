"""Makes pods and claims of sets, and says so as upstream does (stateful_pod_control.go)."""

from wherry.kube.client.informer import Informer
from wherry.kube.client.model import PatchType
from wherry.kube.controllers.frame import Needs
from wherry.kube.controllers.podcontrol.control import PodControl, is_ending
from wherry.kube.controllers.podcontrol.expectations import Expectations
from wherry.kube.controllers.podcontrol.owners import Workload, key_of
from wherry.kube.controllers.statefulset.plan import Step
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError

SETS = GroupVersionResource("apps", "v1", "statefulsets")
STATEFUL_SET = Workload(SETS, "StatefulSet", "statefulset-controller")
CLAIMS = GroupVersionResource("", "v1", "persistentvolumeclaims")


class StatefulPods(PodControl):
    """Raises StatusError."""

    def __init__(self, needs: Needs, pods: Informer, claims: Informer, expectations: Expectations) -> None:
        super().__init__(needs, STATEFUL_SET, pods, expectations)
        self._claims = claims

    def _message(self, owner: Object, verb: str, name: str, error: StatusError | None) -> str:
        end = "successful" if error is None else f"failed error: {error}"
        return f"{verb} Pod {name} in StatefulSet {owner['metadata']['name']} {end}"

    async def follow(self, owner: Object, step: Step) -> None:
        """Do what a step says. It may be done again from the beginning."""
        for claim in step.claims:
            await self._create_claim(owner, claim)
        for claim in step.own:
            await self._write_claim(owner, claim)
        if step.create is not None:
            await self.create(owner, step.create)
        if step.change is not None:
            await self._update(owner, step.change)
        if step.delete is not None:
            await self.delete(owner, step.delete)

    async def _update(self, owner: Object, pod: Object) -> None:
        """Of its labels only, if it is still what it was: of a pod in memory not all is there to be sent back."""
        meta = pod["metadata"]
        name, namespace = meta["name"], meta["namespace"]
        patch = {"metadata": {each: meta[each] for each in ("uid", "resourceVersion", "labels")}}
        try:
            changed = await self._client.patch(
                self._informer.selection.resource, name, patch, namespace, type=PatchType.MERGE
            )
        except StatusError as error:
            if error.code != 409:
                self._say(owner, "update", name, error)
            raise
        self._expectations.expect(key_of(owner), self._informer, changed)
        self._say(owner, "update", name)

    async def _write_claim(self, owner: Object, claim: Object) -> None:
        changed = await self._client.update(CLAIMS, claim, claim["metadata"]["namespace"])
        self._expectations.expect(key_of(owner), self._claims, changed)

    async def _create_claim(self, owner: Object, claim: Object) -> None:
        meta, name = claim["metadata"], owner["metadata"]["name"]
        pod = f"{name}-{meta['name'].rpartition('-')[2]}"
        try:
            made = await self._client.create(CLAIMS, claim, meta["namespace"])
        except StatusError as error:
            if error.reason == "AlreadyExists" or is_ending(error):
                return
            why = f"create Claim {meta['name']} for Pod {pod} in StatefulSet {name} failed error: {error}"
            self.warn(owner, "FailedCreate", why)
            raise
        self._expectations.expect(key_of(owner), self._claims, made)
        self.tell(owner, "SuccessfulCreate", f"create Claim {meta['name']} Pod {pod} in StatefulSet {name} success")

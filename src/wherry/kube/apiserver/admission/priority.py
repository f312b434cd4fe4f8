"""Priority: the name of a pod's priority class becomes a number (k8s.io/kubernetes plugin/pkg/admission/priority)."""

from wherry.kube.apiserver.admission.plugin import CREATE, CREATE_UPDATE, PODS, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import StatusError

CLASSES = GroupResource("scheduling.k8s.io", "priorityclasses")
SYSTEM_CLASSES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}
"""Known before the objects are there."""
DEFAULT_POLICY = "PreemptLowerPriority"


class Priority(Plugin):
    name = "Priority"
    resources = frozenset({PODS, CLASSES})
    operations = CREATE_UPDATE

    def __init__(self, needs: Needs) -> None:
        self._classes = needs.listers.of(CLASSES)
        self._live = needs.live
        self._marked: Object | None = None
        self._marked_revision = -1

    def admit(self, request: AdmissionRequest) -> Waits:
        if request.resource != PODS:
            return None
        pod = new_object(request)
        spec = pod.setdefault("spec", {})
        if request.operation is Operation.UPDATE:
            old = (request.old or {}).get("spec", {})
            # Who sends back an older form of the object leaves it out; it is not to be cleared.
            if spec.get("priority") is None and old.get("priority") is not None:
                spec["priority"] = old["priority"]
            if spec.get("preemptionPolicy") is None and old.get("preemptionPolicy") is not None:
                spec["preemptionPolicy"] = old["preemptionPolicy"]
            return None
        name = spec.get("priorityClassName") or ""
        found = self._cached(name) if name else self._default()
        if name and found is None:
            return self._look_up(request, name)
        self._resolve(request, spec, found)
        return None

    async def _look_up(self, request: AdmissionRequest, name: str) -> None:
        found = await self._live.get(CLASSES, name)
        if found is None:
            raise refusal(request, f"no PriorityClass with name {name} was found")
        self._resolve(request, new_object(request)["spec"], found)

    def _resolve(self, request: AdmissionRequest, spec: Object, found: Object | None) -> None:
        priority, policy = 0, DEFAULT_POLICY
        if found is not None:
            name = found["metadata"]["name"]
            priority, policy = found.get("value", 0), found.get("preemptionPolicy") or DEFAULT_POLICY
            spec["priorityClassName"] = name
        given = spec.get("priority")
        if given is not None and given != priority:
            raise refusal(
                request,
                f"the integer value of priority ({given}) must not be provided in pod spec; priority admission "
                f"controller computed {priority} from the given PriorityClass name",
            )
        spec["priority"] = priority
        own = spec.get("preemptionPolicy")
        if own is not None and own != policy:
            raise refusal(
                request,
                f"the string value of PreemptionPolicy ({own}) must not be provided in pod spec; priority admission "
                f"controller computed {policy} from the given PriorityClass name",
            )
        spec["preemptionPolicy"] = policy

    def _cached(self, name: str) -> Object | None:
        found = self._classes.get(name)
        if found is None and name in SYSTEM_CLASSES:
            return {"metadata": {"name": name}, "value": SYSTEM_CLASSES[name]}
        return found

    def _default(self) -> Object | None:
        """Of several, the one that is least (there should be one). Looked for when any class has changed."""
        if self._classes.revision != self._marked_revision:
            self._marked_revision = self._classes.revision
            marked = [each for each in self._classes.list() if each.get("globalDefault")]
            self._marked = min(marked, key=lambda each: (each.get("value", 0), each["metadata"]["name"]), default=None)
        return self._marked

    def validate(self, request: AdmissionRequest) -> None:
        if request.resource == CLASSES:
            self._validate_class(request)

    def _validate_class(self, request: AdmissionRequest) -> None:
        """There is one default at most."""
        new = new_object(request)
        if not new.get("globalDefault"):
            return
        default = self._default()
        if default is None:
            return
        if request.operation in CREATE or default["metadata"]["name"] != new["metadata"]["name"]:
            raise _another_default(request, default["metadata"]["name"])


def _another_default(request: AdmissionRequest, name: str) -> StatusError:
    return refusal(request, f"PriorityClass {name} is already marked as default. Only one default can exist")

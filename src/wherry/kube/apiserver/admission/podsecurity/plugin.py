"""The plugin: which writes are checked by what."""

from collections.abc import Iterable

from wherry.kube.apiserver.admission.plugin import CREATE_UPDATE, NAMESPACES, PODS, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.admission.podsecurity import policy
from wherry.kube.apiserver.admission.podsecurity.checks import evaluate
from wherry.kube.apiserver.admission.podsecurity.policy import Level, LevelVersion
from wherry.kube.apiserver.admission.podspec import CONTAINER_FIELDS, TEMPLATES, template_of
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import GroupResource, Object
from wherry.kube.machinery.status import internal_error, invalid

PODS_CHECKED = 3000
"""Of a namespace whose level changes; more would take too long."""
_POD_SUBRESOURCES_IGNORED = frozenset({
    "exec", "attach", "binding", "eviction", "log", "portforward", "proxy", "status",
})  # fmt: skip
_SECCOMP = ("seccomp.security.alpha.kubernetes.io/pod", "container.seccomp.security.alpha.kubernetes.io/")


class PodSecurity(Plugin):
    name = "PodSecurity"
    resources = frozenset({NAMESPACES, *TEMPLATES})
    operations = CREATE_UPDATE

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers
        self._live = needs.live

    def handles(self, resource: GroupResource, operation: Operation, subresource: str) -> bool:
        if resource == PODS:
            # A subresource that is not known here may change a pod: it is looked at.
            return operation in CREATE_UPDATE and subresource not in _POD_SUBRESOURCES_IGNORED
        return super().handles(resource, operation, subresource)

    def validate(self, request: AdmissionRequest) -> Waits:
        if request.resource == NAMESPACES:
            self._validate_namespace(request)
            return None
        found = self._listers.of(NAMESPACES).get(request.namespace)
        if found is None:
            return self._look_up(request)
        self._judge(request, found)
        return None

    async def _look_up(self, request: AdmissionRequest) -> None:
        found = await self._live.get(NAMESPACES, request.namespace)
        if found is None:
            raise internal_error(f"failed to lookup namespace {request.namespace}")
        self._judge(request, found)

    def _judge(self, request: AdmissionRequest, namespace: Object) -> None:
        wanted = policy.of_labels(namespace["metadata"].get("labels"))[0]
        if wanted.is_privileged:
            return
        obj = new_object(request)
        template = template_of(request.resource, obj)
        if template is None:
            return
        is_pod = request.resource == PODS
        if is_pod and request.old is not None and not is_significant(obj, request.old):
            return
        if is_pod:
            _enforce(request, wanted.enforce, template)
        _audit(request, wanted.audit, template)
        _warn(request, wanted.warn, template)

    def _validate_namespace(self, request: AdmissionRequest) -> None:
        new = new_object(request)
        wanted, errors = policy.of_labels(new["metadata"].get("labels"))
        if request.operation is Operation.CREATE or request.old is None:
            _refuse(request, errors)
            return
        before, old_errors = policy.of_labels(request.old["metadata"].get("labels"))
        if errors != old_errors:
            _refuse(request, errors)
        enforce, was = wanted.enforce, before.enforce
        if enforce == was or enforce.level is Level.PRIVILEGED:
            return
        if enforce.minor == was.minor and enforce.level <= was.level:
            return
        pods = list(self._listers.of(PODS).list(new["metadata"]["name"]))
        request.warnings.extend(existing(new["metadata"]["name"], enforce, pods))


def _refuse(request: AdmissionRequest, errors: list[FieldError]) -> None:
    if errors:
        raise invalid(request.kind.group_kind, new_object(request)["metadata"].get("name", ""), errors)


def _enforce(request: AdmissionRequest, wanted: LevelVersion, pod: Object) -> None:
    request.notes[f"{policy.PREFIX}enforce-policy"] = str(wanted)
    found = evaluate(wanted, pod)
    if found:
        raise refusal(request, f'violates PodSecurity "{wanted}": {", ".join(map(str, found))}')


def _audit(request: AdmissionRequest, wanted: LevelVersion, pod: Object) -> None:
    found = evaluate(wanted, pod)
    if found:
        said = f'would violate PodSecurity "{wanted}": {", ".join(map(str, found))}'
        request.notes[f"{policy.PREFIX}audit-violations"] = said


def _warn(request: AdmissionRequest, wanted: LevelVersion, pod: Object) -> None:
    found = evaluate(wanted, pod)
    if found:
        request.warnings.append(f'would violate PodSecurity "{wanted}": {", ".join(map(str, found))}')


def existing(namespace: str, wanted: LevelVersion, pods: list[Object]) -> Iterable[str]:
    """Warnings about pods that were there before: one a reason, with the first pod's name and how many more."""
    groups: dict[str, list[str]] = {}
    for pod in pods[:PODS_CHECKED]:
        reasons = ", ".join(each.reason for each in evaluate(wanted, pod))
        if reasons:
            groups.setdefault(reasons, []).append(pod["metadata"]["name"])
    if len(pods) > PODS_CHECKED:
        yield (
            f"new PodSecurity enforce level only checked against the first {PODS_CHECKED} of {len(pods)} existing pods"
        )
    if groups:
        yield f'existing pods in namespace "{namespace}" violate the new PodSecurity enforce level "{wanted}"'
    yield from sorted(_counted(names, reasons) for reasons, names in groups.items())


def _counted(names: list[str], reasons: str) -> str:
    more = len(names) - 1
    others = "" if not more else f" (and {more} other {'pod' if more == 1 else 'pods'})"
    return f"{min(names)}{others}: {reasons}"


def is_significant(pod: Object, old: Object) -> bool:
    """Whether an update of a pod could change what the checks say: containers, their images, seccomp annotations."""
    if _seccomp(pod) != _seccomp(old):
        return True
    return any(_images(pod, field) != _images(old, field) for field in CONTAINER_FIELDS)


def _seccomp(pod: Object) -> dict[str, str]:
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    return {key: value for key, value in annotations.items() if key.startswith(_SECCOMP)}


def _images(pod: Object, field: str) -> list[tuple[str, str]]:
    given = (pod.get("spec") or {}).get(field) or ()
    return [(each.get("name", ""), each.get("image", "")) for each in given]

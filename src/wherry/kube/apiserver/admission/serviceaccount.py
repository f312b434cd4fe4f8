"""ServiceAccount: a pod runs as an account, with its token, unless it says otherwise
(k8s.io/kubernetes plugin/pkg/admission/serviceaccount)."""

from collections.abc import Callable, Iterator
from random import Random

from wherry.kube.apiserver.admission.plugin import ACCOUNTS, CREATE_UPDATE, PODS, Needs, Plugin, new_object, refusal
from wherry.kube.apiserver.admission.podspec import refers_to_secrets, secrets_of_containers
from wherry.kube.apiserver.model import AdmissionRequest, Operation, Waits
from wherry.kube.machinery.model import Object

DEFAULT = "default"
MIRROR = "kubernetes.io/config.mirror"
ENFORCE = "kubernetes.io/enforce-mountable-secrets"
PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
VOLUME_PREFIX = "kube-api-access-"
TOKEN_SECONDS = 3607
"""An hour, and seven seconds by which it is known as one that was asked for by this plugin."""
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_TRIES = 10
_TRY_SECONDS = 0.1
_KINDS = {"initContainers": "init container", "containers": "container", "ephemeralContainers": "ephemeral container"}


class ServiceAccount(Plugin):
    name = "ServiceAccount"
    resources = frozenset({PODS})
    operations = CREATE_UPDATE
    subresources = frozenset({"", "ephemeralcontainers"})

    def __init__(self, needs: Needs) -> None:
        self._listers = needs.listers
        self._live = needs.live
        self._random = needs.random
        self._sleep = needs.sleep

    def handles(self, resource: object, operation: Operation, subresource: str) -> bool:
        """A new pod, or new ephemeral containers in one."""
        if resource != PODS:
            return False
        return (operation, subresource) in ((Operation.CREATE, ""), (Operation.UPDATE, "ephemeralcontainers"))

    def admit(self, request: AdmissionRequest) -> Waits:
        pod = new_object(request)
        if request.subresource or MIRROR in (pod["metadata"].get("annotations") or {}):
            return None
        spec = pod.setdefault("spec", {})
        if not spec.get("serviceAccountName"):
            spec["serviceAccountName"] = DEFAULT
        spec["serviceAccount"] = spec["serviceAccountName"]
        return self._with_account(request, spec["serviceAccountName"], self._fill_in)

    def _fill_in(self, request: AdmissionRequest, account: Object) -> None:
        spec = new_object(request)["spec"]
        if _wants_token(spec, account):
            mount_token(spec, self._random)
        if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
            spec["imagePullSecrets"] = [{"name": each.get("name", "")} for each in account["imagePullSecrets"]]

    def validate(self, request: AdmissionRequest) -> Waits:
        pod = new_object(request)
        spec = pod.get("spec", {})
        if MIRROR in (pod["metadata"].get("annotations") or {}):
            _refuse_references(request, spec)
            return None
        return self._with_account(request, spec.get("serviceAccountName") or DEFAULT, _check_secrets)

    def _with_account(
        self, request: AdmissionRequest, name: str, then: Callable[[AdmissionRequest, Object], None]
    ) -> Waits:
        found = self._listers.of(ACCOUNTS).get(name, request.namespace)
        if found is None:
            return self._awaited(request, name, then)
        then(request, found)
        return None

    async def _awaited(
        self, request: AdmissionRequest, name: str, then: Callable[[AdmissionRequest, Object], None]
    ) -> None:
        """The default account of a new namespace may be on its way: wait for it a second."""
        for attempt in range(_TRIES if name == DEFAULT else 1):
            if attempt:
                await self._sleep(_TRY_SECONDS)
            found = self._listers.of(ACCOUNTS).get(name, request.namespace)
            found = found or await self._live.get(ACCOUNTS, name, request.namespace)
            if found is not None:
                then(request, found)
                return
        raise refusal(
            request, f'error looking up service account {request.namespace}/{name}: serviceaccount "{name}" not found'
        )


def _check_secrets(request: AdmissionRequest, account: Object) -> None:
    """What the pod uses, the account must list, if it says so."""
    if (account["metadata"].get("annotations") or {}).get(ENFORCE) != "true":
        return
    fields = ("ephemeralContainers",) if request.subresource else ("initContainers", "containers")
    for complaint in _beyond(new_object(request).get("spec", {}), account, fields):
        raise refusal(request, complaint)


def _wants_token(spec: Object, account: Object) -> bool:
    own = spec.get("automountServiceAccountToken")
    return bool(account.get("automountServiceAccountToken", True) if own is None else own)


def mount_token(spec: Object, random: Random) -> None:
    """Give every container that has nothing there the account's token, the authority to trust, and the namespace."""
    names = {each.get("name", "") for each in spec.get("volumes") or ()}
    present = next((name for name in sorted(names) if name.startswith(VOLUME_PREFIX)), "")
    volume = present or _unused(names, random)
    needed = False
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        mounts = container.get("volumeMounts") or []
        if not any(each.get("mountPath") == PATH for each in mounts):
            container["volumeMounts"] = [*mounts, {"name": volume, "readOnly": True, "mountPath": PATH}]
            needed = True
    if needed and not present:
        spec["volumes"] = [*(spec.get("volumes") or ()), {"name": volume, "projected": _projection()}]


def _unused(names: set[str], random: Random) -> str:
    while True:
        name = VOLUME_PREFIX + "".join(random.choices(_SUFFIX, k=5))
        if name not in names:
            return name


def _projection() -> Object:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    return {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [namespace]}},
        ],
        "defaultMode": 0o644,
    }


def _refuse_references(request: AdmissionRequest, spec: Object) -> None:
    """Nodes make mirror pods without asking anybody: they may refer to nothing of the API."""
    if spec.get("serviceAccountName"):
        raise refusal(request, "a mirror pod may not reference service accounts")
    if refers_to_secrets(spec):
        raise refusal(request, "a mirror pod may not reference secrets")
    for volume in spec.get("volumes") or ():
        sources = (volume.get("projected") or {}).get("sources") or ()
        if any(source.get("serviceAccountToken") for source in sources):
            raise refusal(request, "a mirror pod may not use ServiceAccountToken volume projections")


def _beyond(spec: Object, account: Object, fields: tuple[str, ...]) -> Iterator[str]:
    """What the pod uses that its account does not list: with :data:`ENFORCE`, it may not."""
    name = account["metadata"]["name"]
    secrets = {each.get("name") for each in account.get("secrets") or ()}
    unknown = f"is not allowed because service account {name} does not reference that"
    if "containers" in fields:
        for volume in spec.get("volumes") or ():
            used = (volume.get("secret") or {}).get("secretName")
            if used and used not in secrets:
                yield f'volume with secret.secretName="{used}" {unknown} secret'
            for source in (volume.get("projected") or {}).get("sources") or ():
                projected = (source.get("secret") or {}).get("name")
                if projected and projected not in secrets:
                    yield f'volume with projected secret.name="{projected}" {unknown} secret'
    for field in fields:
        for container, reference in secrets_of_containers(spec, (field,)):
            if reference.name not in secrets:
                yield (
                    f"{_KINDS[field]} {container.get('name', '')} with {_how(reference.how)} referencing "
                    f'secret.secretName="{reference.name}" {unknown} secret'
                )
    if "containers" in fields:
        pulling = {each.get("name") for each in account.get("imagePullSecrets") or ()}
        for position, each in enumerate(spec.get("imagePullSecrets") or ()):
            if each.get("name") not in pulling:
                yield f'imagePullSecrets[{position}].name="{each.get("name", "")}" {unknown} imagePullSecret'


def _how(field: str) -> str:
    return "envFrom" if field == "envFrom" else f"envVar {field.removeprefix('env[').removesuffix(']')}"

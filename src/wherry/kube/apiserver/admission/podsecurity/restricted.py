"""The checks that level restricted adds. See :mod:`.baseline`."""

from collections.abc import Callable

from wherry.kube.apiserver.admission.podsecurity.baseline import PROFILES
from wherry.kube.apiserver.admission.podsecurity.finding import (
    Finding,
    has_no_host_user,
    is_windows,
    name,
    number,
    quoted,
    security,
    setters,
    these,
)
from wherry.kube.apiserver.admission.podspec import containers
from wherry.kube.machinery.model import Object

VOLUMES = (
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret",
)  # fmt: skip
_NAMED = (
    "hostPath", "gcePersistentDisk", "awsElasticBlockStore", "gitRepo", "nfs", "iscsi", "glusterfs", "rbd",
    "flexVolume", "cinder", "cephfs", "flocker", "fc", "azureFile", "vsphereVolume", "quobyte", "azureDisk",
    "photonPersistentDisk", "portworxVolume", "scaleIO", "storageos",
)  # fmt: skip
"""Kinds of volume that upstream's text has a name for; others are "unknown" there."""
Check = Callable[[Object], Finding | None]


def but_for_windows(check: Check) -> Check:
    """The same, for pods that do not say they are for Windows (since 1.25)."""

    def checked(pod: Object) -> Finding | None:
        return None if is_windows(pod["spec"]) else check(pod)

    return checked


def but_for_user_namespaces(check: Check) -> Check:
    """The same, for pods with the host's users (since 1.35)."""

    def checked(pod: Object) -> Finding | None:
        return None if has_no_host_user(pod["spec"]) else check(pod)

    return checked


def allow_privilege_escalation(pod: Object) -> Finding | None:
    named = [
        name(each) for each in containers(pod["spec"]) if security(each).get("allowPrivilegeEscalation") is not False
    ]
    if not named:
        return None
    what = "must set securityContext.allowPrivilegeEscalation=false"
    return Finding("allowPrivilegeEscalation != false", f"{these(named)} {what}")


def capabilities(pod: Object) -> Finding | None:
    keeping, adding = [], []
    bad: set[str] = set()
    for container in containers(pod["spec"]):
        given = security(container).get("capabilities") or {}
        if "ALL" not in (given.get("drop") or ()):
            keeping.append(name(container))
        beyond = set(given.get("add") or ()) - {"NET_BIND_SERVICE"}
        if beyond:
            adding.append(name(container))
            bad |= beyond
    details = []
    if keeping:
        details.append(f'{these(keeping)} must set securityContext.capabilities.drop=["ALL"]')
    if adding:
        where = "in securityContext.capabilities.add"
        details.append(f"{these(adding)} must not include {quoted(sorted(bad))} {where}")
    return Finding("unrestricted capabilities", "; ".join(details)) if details else None


def restricted_volumes(pod: Object) -> Finding | None:
    named, kinds = [], set()
    for volume in pod["spec"].get("volumes") or ():
        if any(volume.get(kind) is not None for kind in VOLUMES):
            continue
        named.append(name(volume))
        kinds.add(next((kind for kind in _NAMED if volume.get(kind) is not None), "unknown"))
    if not named:
        return None
    uses = "uses" if len(named) == 1 else "use"
    what = f"{number('restricted volume type', kinds)} {quoted(sorted(kinds))}"
    return Finding("restricted volume types", f"{these(named, 'volume')} {uses} {what}")


def run_as_non_root(pod: Object) -> Finding | None:
    spec = pod["spec"]
    of_pod = security(spec).get("runAsNonRoot")
    explicit, implicit = [], []
    for container in containers(spec):
        own = security(container).get("runAsNonRoot")
        if own is False:
            explicit.append(name(container))
        elif own is None and not of_pod:
            implicit.append(name(container))
    who = setters(of_pod is False, explicit)
    if who:
        return Finding("runAsNonRoot != true", f"{who} must not set securityContext.runAsNonRoot=false")
    if implicit:
        return Finding("runAsNonRoot != true", f"pod or {these(implicit)} must set securityContext.runAsNonRoot=true")
    return None


def run_as_user(pod: Object) -> Finding | None:
    spec = pod["spec"]
    named = [name(each) for each in containers(spec) if security(each).get("runAsUser") == 0]
    who = setters(security(spec).get("runAsUser") == 0, named)
    return Finding("runAsUser=0", f"{who} must not set runAsUser=0") if who else None


def seccomp_profile(pod: Object) -> Finding | None:
    spec = pod["spec"]
    of_pod = security(spec).get("seccompProfile")
    bad: set[str] = set()
    explicit, implicit = [], []
    pod_is_bad = of_pod is not None and of_pod.get("type") not in PROFILES
    if of_pod is not None and pod_is_bad:
        bad.add(of_pod.get("type", ""))
    for container in containers(spec):
        own = security(container).get("seccompProfile")
        if own is not None and own.get("type") not in PROFILES:
            explicit.append(name(container))
            bad.add(own.get("type", ""))
        elif own is None and (of_pod is None or pod_is_bad):
            implicit.append(name(container))
    who = setters(pod_is_bad, explicit)
    if who:
        what = f"must not set securityContext.seccompProfile.type to {quoted(sorted(bad))}"
        return Finding("seccompProfile", f"{who} {what}")
    if implicit:
        what = 'must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"'
        return Finding("seccompProfile", f"pod or {these(implicit)} {what}")
    return None

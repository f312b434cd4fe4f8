"""What to warn a client of who writes a pod or a template (pkg/api/pod/warnings.go)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from wherry.kube.kinds.checking import read_quantity
from wherry.kube.kinds.nodelabels import DEPRECATED, affinity_warnings
from wherry.kube.kinds.podspec.annotations import APPARMOR, SECCOMP_CONTAINER, SECCOMP_POD
from wherry.kube.kinds.podspec.remembered import remembered
from wherry.kube.kinds.podspec.windows import containers_with_paths
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

_ANNOTATIONS = {
    "scheduler.alpha.kubernetes.io/critical-pod": 'non-functional in v1.16+; use the "priorityClassName" field instead',
    "security.alpha.kubernetes.io/sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
    "security.alpha.kubernetes.io/unsafe-sysctls": 'non-functional in v1.11+; use the "sysctls" field instead',
}
_VOLUMES = {
    "photonPersistentDisk": "deprecated in v1.11, non-functional in v1.16+",
    "gitRepo": "deprecated in v1.11, and disabled by default in v1.33+",
    "scaleIO": "deprecated in v1.16, non-functional in v1.22+",
    "flocker": "deprecated in v1.22, non-functional in v1.25+",
    "storageos": "deprecated in v1.22, non-functional in v1.25+",
    "quobyte": "deprecated in v1.22, non-functional in v1.25+",
    "glusterfs": "deprecated in v1.25, non-functional in v1.26+",
    "cephfs": "deprecated in v1.28, non-functional in v1.31+",
    "rbd": "deprecated in v1.28, non-functional in v1.31+",
}
_BYTES = ("memory", "ephemeral-storage")


@remembered
def _template_warnings(template: Object, path: Path) -> list[str]:
    return _warnings(template.get("spec") or {}, template.get("metadata") or {}, path)


def pod_template_warnings(template: Object, path: Path) -> list[str]:
    """Of a PodTemplateSpec; ``path``: ``spec.template``."""
    return _template_warnings(template, path)


def pod_spec_warnings(pod: Object) -> list[str]:
    """Of a pod."""
    return _warnings(pod.get("spec") or {}, pod.get("metadata") or {}, Path())


def _warnings(spec: Object, meta: Object, path: Path) -> list[str]:
    at, annotations = path.child("spec"), meta.get("annotations")
    found = _placement(spec, at)
    if annotations:
        for key, message in _ANNOTATIONS.items():
            if key in annotations:
                found.append(f"{path.child('metadata', 'annotations').key(key)}: {message}")
    for position, volume in enumerate(spec.get("volumes") or ()):
        if not _VOLUMES.keys().isdisjoint(volume):
            here = at.child("volumes").index(position)
            found += [f"{here.child(kind)}: {_VOLUMES[kind]}" for kind in volume if kind in _VOLUMES and volume[kind]]
    found += _repeated(spec, at)
    if overhead := spec.get("overhead"):
        found += _fractions(overhead, at.child("overhead"))
    if annotations:
        found += _profiles(spec, annotations, path)
    containers = containers_with_paths(spec, at)
    for container, here in containers:
        for kind, amounts in _amounts(container):
            found += _fractions(amounts, here.child("resources", kind))
        if variables := container.get("env"):
            found += _hidden_variables(variables, here)
    grace = spec.get("terminationGracePeriodSeconds")
    if grace is not None and grace < 0:
        negative = "must be >= 0; negative values are invalid and will be treated as 1"
        found.append(f"{at.child('terminationGracePeriodSeconds')}: {negative}")
    return found + _overlapping_ports(containers)


def _amounts(container: Object) -> list[tuple[str, Object]]:
    resources = container.get("resources") or {}
    return [(kind, amounts) for kind in ("limits", "requests") if (amounts := resources.get(kind))]


def _placement(spec: Object, path: Path) -> list[str]:
    found: list[str] = []
    if chosen := spec.get("nodeSelector"):
        selector = path.child("nodeSelector")
        found += [f"{selector.key(key)}: {DEPRECATED[key]}" for key in chosen if key in DEPRECATED]
    if affinity := (spec.get("affinity") or {}).get("nodeAffinity"):
        found += affinity_warnings(affinity, path.child("affinity", "nodeAffinity"))
    for position, constraint in enumerate(spec.get("topologySpreadConstraints") or ()):
        at, key = path.child("topologySpreadConstraints").index(position), constraint.get("topologyKey", "")
        if key in DEPRECATED:
            found.append(f"{at.child('topologyKey')}: {key} is {DEPRECATED[key]}")
        if constraint.get("labelSelector") is None:
            found.append(f"{at.child('labelSelector')}: a null labelSelector results in matching no pod")
    return found


def _repeated(spec: Object, path: Path) -> list[str]:
    found: list[str] = []
    for field, name in (("hostAliases", "ip"), ("imagePullSecrets", "name")):
        seen: set[str] = set()
        for position, each in enumerate(spec.get(field) or ()):
            value, at = each.get(name, ""), path.child(field).index(position).child(name)
            if value in seen:
                found.append(f'{at}: duplicate {name} "{value}"')
            seen.add(value)
            if field == "imagePullSecrets" and not value:
                found.append(f'{at}: invalid empty name "{value}"')
    return found


def _fractions(amounts: Object, path: Path) -> list[str]:
    found: list[str] = []
    for name in _BYTES:
        if name in amounts:
            amount, _ = read_quantity(path, amounts[name])
            if amount.milli % 1000:
                found.append(f'{path.key(name)}: fractional byte value "{amount}" is invalid, must be an integer')
    return found


def _profiles(spec: Object, annotations: Mapping[str, str], path: Path) -> list[str]:
    """Annotations that no field accompanies."""
    at = path.child("metadata", "annotations")
    dead = 'non-functional in v1.27+; use the "seccompProfile" field instead'
    context = spec.get("securityContext") or {}
    found: list[str] = []
    if SECCOMP_POD in annotations and not context.get("seccompProfile"):
        found.append(f"{at.key(SECCOMP_POD)}: {dead}")
    for container, _ in containers_with_paths(spec, path):
        own, name = container.get("securityContext") or {}, container.get("name", "")
        if SECCOMP_CONTAINER + name in annotations and not own.get("seccompProfile"):
            found.append(f"{at.key(SECCOMP_CONTAINER + name)}: {dead}")
        has_field = own.get("appArmorProfile") or context.get("appArmorProfile")
        if APPARMOR + name in annotations and not has_field:
            old = 'deprecated since v1.30; use the "appArmorProfile" field instead'
            found.append(f"{at.key(APPARMOR + name)}: {old}")
    return found


def _hidden_variables(variables: Sequence[Object], path: Path) -> list[str]:
    found: list[str] = []
    seen: set[str] = set()
    for position, variable in enumerate(variables):
        name = variable.get("name", "")
        if name not in seen:
            seen.add(name)
            continue
        value, refers = variable.get("value") or "", f"$({name})"
        if variable.get("valueFrom") or value == refers or refers not in value:
            hides = f'hides previous definition of "{name}", which may be dropped when using apply'
            found.append(f"{path.child('env').index(position)}: {hides}")
    return found


def _overlapping_ports(containers: Sequence[tuple[Object, Path]]) -> list[str]:
    """Not more than an answer has room for, in time that grows with the number of ports only."""
    if sum([len(container.get("ports") or ()) for container, _ in containers]) < 2:
        return []
    found: list[str] = []
    every: defaultdict[tuple[int, str], list[_Port]] = defaultdict(list)
    hostless: defaultdict[tuple[int, str], list[_Port]] = defaultdict(list)
    at_host: defaultdict[tuple[int, str, _Host], list[_Port]] = defaultdict(list)
    for container, path in containers:
        for position, port in enumerate(container.get("ports") or ()):
            number, protocol = port.get("containerPort", 0), port.get("protocol", "")
            host = port.get("hostIP") or "", port.get("hostPort") or 0
            mates = at_host[number, protocol, host]
            others = sorted([*hostless[number, protocol], *mates]) if host[1] else every[number, protocol]
            for _, there, index, its in others:
                how = "duplicate" if its == host else "overlapping"
                told = f"{how} port definition with {there.child('ports').index(index)}"
                found.append(f"{path.child('ports').index(position)}: {told}")
                if len(found) == _MOST_PORTS:
                    return found
            this = (len(every[number, protocol]), path, position, host)
            every[number, protocol].append(this)
            (mates if host[1] else hostless[number, protocol]).append(this)
    return found


_Host: TypeAlias = tuple[str, int]
_Port: TypeAlias = tuple[int, Path, int, _Host]
"""The how manieth of its number and protocol it is, its container's path, its place there, and where on the node."""
_MOST_PORTS = 64
"""An answer has 4096 letters of warnings at most, and each of these has more than 64."""

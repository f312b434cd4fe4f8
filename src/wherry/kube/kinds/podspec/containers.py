"""Containers: those that run, those that initialize, those that come later."""

from collections.abc import Collection, Sequence

import msgspec

from wherry.kube.kinds.checking import choice
from wherry.kube.kinds.podspec.environment import (
    validate_descending_path,
    validate_environment,
    validate_environment_sources,
    validate_no_backsteps,
)
from wherry.kube.kinds.podspec.probes import forbid_hooks, validate_lifecycle, validate_probes
from wherry.kube.kinds.podspec.remembered import remembered
from wherry.kube.kinds.podspec.resources import validate_container_resources
from wherry.kube.kinds.podspec.security import validate_security_context
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_found,
    not_supported,
    required,
    too_many,
)
from wherry.kube.machinery.model import Object

PROTOCOLS = ("SCTP", "TCP", "UDP")
PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_MESSAGE_POLICIES = ("FallbackToLogsOnError", "File")
_RESTART_POLICIES = ("Always", "Never", "OnFailure")
_PROPAGATIONS = ("Bidirectional", "HostToContainer", "None")
_RECURSIVE = ("Disabled", "Enabled", "IfPossible")
_RESIZED = ("cpu", "memory")
_RESIZE_POLICIES = ("NotRequired", "RestartContainer")
_MOST_RULES = 20
_MOST_EXIT_CODES = 255


class Surroundings(msgspec.Struct, frozen=True):
    """What a container is checked against: the pod's valid volumes by name, its claims, and a few of its fields."""

    volumes: dict[str, Object]
    claims: Collection[str]
    restart_policy: str
    host_users: bool
    grace_seconds: int | None
    os: str

    @property
    def empty_directories(self) -> Collection[str]:
        return [name for name, volume in self.volumes.items() if volume.get("emptyDir") is not None]


def validate_containers(containers: Sequence[Object], around: Surroundings, path: Path) -> list[FieldError]:
    """Of ``spec.containers``."""
    if not containers:
        return [required(path)]
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, container in enumerate(containers):
        at, name = path.index(position), container.get("name", "")
        errors += _validate_alone(container, around, at)
        if name in seen:
            errors.append(duplicate(at.child("name"), name))
        seen.add(name)
    return errors + _validate_host_ports(containers, path)


@remembered
def _validate_alone(container: Object, around: Surroundings, path: Path) -> list[FieldError]:
    """Of one that runs: whatever the others are."""
    errors = _validate_common(container, around, path)
    if container.get("lifecycle") is not None:
        lifecycle = container["lifecycle"]
        errors += validate_lifecycle(lifecycle, around.grace_seconds, around.os, path.child("lifecycle"))
    errors += validate_probes(container, path)
    return errors + _validate_restart(container, path)


def validate_init_containers(
    containers: Sequence[Object], regular: Sequence[Object], around: Surroundings, path: Path
) -> list[FieldError]:
    errors: list[FieldError] = []
    seen = {each.get("name", "") for each in regular}
    for position, container in enumerate(containers):
        at, name = path.index(position), container.get("name", "")
        errors += _validate_common(container, around, at)
        errors += _validate_restart(container, at)
        if name in seen:
            errors.append(duplicate(at.child("name"), name))
        elif name:
            seen.add(name)
        errors += _validate_host_ports([container], path)
        if container.get("restartPolicy") != "Always":
            errors += forbid_hooks(container, at)
            continue
        if container.get("lifecycle") is not None:
            lifecycle = container["lifecycle"]
            errors += validate_lifecycle(lifecycle, around.grace_seconds, around.os, at.child("lifecycle"))
        errors += validate_probes(container, at)
    return errors


_NOT_EPHEMERAL = (
    "ports", "resources", "livenessProbe", "readinessProbe", "startupProbe", "lifecycle", "resizePolicy",
    "restartPolicy", "restartPolicyRules",
)  # fmt: skip


def validate_ephemeral_containers(spec: Object, around: Surroundings, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    others = {each.get("name", "") for kind in ("containers", "initContainers") for each in spec.get(kind) or ()}
    seen = set(others)
    cannot = "cannot be set for an Ephemeral Container"
    for position, container in enumerate(spec.get("ephemeralContainers") or ()):
        at, name = path.index(position), container.get("name", "")
        errors += _validate_common(container, around, at)
        errors += validate_image_padding(container, at)
        if name in seen:
            errors.append(duplicate(at.child("name"), name))
        seen.add(name)
        target = container.get("targetContainerName", "")
        if target and target not in others:
            errors.append(not_found(at.child("targetContainerName"), target))
        errors += [forbidden(at.child(each), cannot) for each in _NOT_EPHEMERAL if container.get(each)]
        for index, mount in enumerate(container.get("volumeMounts") or ()):
            mounts = at.child("volumeMounts").index(index)
            errors += [forbidden(mounts.child(each), cannot) for each in ("subPath", "subPathExpr") if mount.get(each)]
    return errors


def validate_image_padding(container: Object, path: Path) -> list[FieldError]:
    """Of pods only: templates have always been allowed to."""
    image = container.get("image", "")
    if image == image.strip():
        return []
    return [invalid(path.child("image"), image, "must not have leading or trailing whitespace")]


def _validate_common(container: Object, around: Surroundings, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    name = container.get("name", "")
    if not name:
        errors.append(required(path.child("name")))
    elif complaints := names.dns1123_label(name):
        errors += names.complain(path.child("name"), name, complaints)
    if not container.get("image"):
        errors.append(required(path.child("image")))
    policy = container.get("terminationMessagePolicy", "")
    if policy not in _MESSAGE_POLICIES:
        errors += choice(path.child("terminationMessagePolicy"), policy, _MESSAGE_POLICIES)
    if ports := container.get("ports"):
        errors += _validate_ports(ports, path.child("ports"))
    if variables := container.get("env"):
        errors += validate_environment(variables, around.empty_directories, path.child("env"))
    if sources := container.get("envFrom"):
        errors += validate_environment_sources(sources, path.child("envFrom"))
    errors += _validate_mounts(container, around, path.child("volumeMounts"))
    errors += _validate_devices(container, around, path.child("volumeDevices"))
    policy = container.get("imagePullPolicy", "")
    if policy not in PULL_POLICIES:
        errors += choice(path.child("imagePullPolicy"), policy, PULL_POLICIES)
    if resources := container.get("resources"):
        errors += validate_container_resources(resources, around.claims, path.child("resources"))
    if policies := container.get("resizePolicy"):
        errors += _validate_resize(policies, around.restart_policy, path.child("resizePolicy"))
    if context := container.get("securityContext"):
        errors += validate_security_context(context, around.host_users, path.child("securityContext"))
    return errors


def _validate_ports(ports: Sequence[Object], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, port in enumerate(ports):
        at, name, number = path.index(position), port.get("name", ""), port.get("containerPort", 0)
        if name:
            if complaints := names.port_name(name):
                errors += names.complain(at.child("name"), name, complaints)
            elif name in seen:
                errors.append(duplicate(at.child("name"), name))
            seen.add(name)
        if not number:
            errors.append(required(at.child("containerPort")))
        else:
            errors += names.complain(at.child("containerPort"), number, names.port_number(number))
        if host := port.get("hostPort", 0):
            errors += names.complain(at.child("hostPort"), host, names.port_number(host))
        errors += choice(at.child("protocol"), port.get("protocol", ""), PROTOCOLS)
    return errors


def _validate_host_ports(containers: Sequence[Object], path: Path) -> list[FieldError]:
    """The same port of the node is asked for once."""
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, container in enumerate(containers):
        for index, port in enumerate(container.get("ports") or ()):
            if number := port.get("hostPort"):
                text = f"{port.get('protocol', '')}/{port.get('hostIP', '')}/{number}"
                if text in seen:
                    at = path.index(position).child("ports").index(index).child("hostPort")
                    errors.append(duplicate(at, text))
                seen.add(text)
    return errors


def _validate_mounts(container: Object, around: Surroundings, path: Path) -> list[FieldError]:
    mounts = container.get("volumeMounts") or ()
    devices = {each.get("name", ""): each.get("devicePath", "") for each in container.get("volumeDevices") or ()}
    paths = set(devices.values())
    errors: list[FieldError] = []
    points: set[str] = set()
    for position, mount in enumerate(mounts):
        at, name, point = path.index(position), mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            errors.append(required(at.child("name")))
        if name not in around.volumes:
            errors.append(not_found(at.child("name"), name))
        if not point:
            errors.append(required(at.child("mountPath")))
        if point in points:
            errors.append(invalid(at.child("mountPath"), point, "must be unique"))
        points.add(point)
        if name in devices:
            errors.append(invalid(at.child("name"), name, "must not already exist in volumeDevices"))
        if point in paths:
            already = "must not already exist as a path in volumeDevices"
            errors.append(invalid(at.child("mountPath"), point, already))
        errors += _validate_sub_path(mount, at, path)
        if mount.get("mountPropagation") is not None:
            errors += _validate_propagation(mount["mountPropagation"], container, path.child("mountPropagation"))
        if mount.get("recursiveReadOnly") is not None:
            errors += _validate_recursive(mount, path.child("recursiveReadOnly"))
    return errors


def _validate_sub_path(mount: Object, at: Path, path: Path) -> list[FieldError]:
    """``path`` is the list's: that is where upstream finds fault with these."""
    errors: list[FieldError] = []
    if below := mount.get("subPath"):
        errors += validate_descending_path(below, path.child("subPath"))
    if expression := mount.get("subPathExpr"):
        if mount.get("subPath"):
            both = "subPathExpr and subPath are mutually exclusive"
            errors.append(invalid(at.child("subPathExpr"), expression, both))
        errors += validate_descending_path(expression, path.child("subPathExpr"))
    return errors


def _validate_propagation(propagation: str, container: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    if propagation not in _PROPAGATIONS:
        errors.append(not_supported(path, propagation, _PROPAGATIONS))
    if propagation == "Bidirectional" and not (container.get("securityContext") or {}).get("privileged"):
        only = "Bidirectional mount propagation is available only to privileged containers"
        errors.append(forbidden(path, only))
    return errors


def _validate_recursive(mount: Object, path: Path) -> list[FieldError]:
    recursive = mount["recursiveReadOnly"]
    if recursive not in _RECURSIVE:
        return [not_supported(path, recursive, _RECURSIVE)]
    errors: list[FieldError] = []
    if recursive != "Disabled":
        if not mount.get("readOnly"):
            errors.append(forbidden(path, "may only be specified when readOnly is true"))
        if mount.get("mountPropagation") not in (None, "None"):
            errors.append(forbidden(path, "may only be specified when mountPropagation is None or not specified"))
    return errors


def _validate_devices(container: Object, around: Surroundings, path: Path) -> list[FieldError]:
    mounts = {each.get("name", ""): each.get("mountPath", "") for each in container.get("volumeMounts") or ()}
    points = set(mounts.values())
    errors: list[FieldError] = []
    seen: set[str] = set()
    paths: set[str] = set()
    for position, device in enumerate(container.get("volumeDevices") or ()):
        at, name, target = path.index(position), device.get("name", ""), device.get("devicePath", "")
        volume = around.volumes.get(name)
        if not name:
            errors.append(required(at.child("name")))
        if name in seen:
            errors.append(invalid(at.child("name"), name, "must be unique"))
        if volume is None:
            errors.append(not_found(at.child("name"), name))
        elif volume.get("persistentVolumeClaim") is None and volume.get("ephemeral") is None:
            only = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"
            errors.append(invalid(at.child("name"), name, only))
        if not target:
            errors.append(required(at.child("devicePath")))
        if target in paths:
            errors.append(invalid(at.child("devicePath"), target, "must be unique"))
        if target and validate_no_backsteps(target, path):
            errors.append(invalid(at.child("devicePath"), target, "can not contain backsteps ('..')"))
        else:
            paths.add(target)
        if name in mounts:
            errors.append(invalid(at.child("name"), name, "must not already exist in volumeMounts"))
        if target in points:
            already = "must not already exist as a path in volumeMounts"
            errors.append(invalid(at.child("devicePath"), target, already))
        seen.add(name)
    return errors


def _validate_resize(policies: Sequence[Object], restart_policy: str, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, policy in enumerate(policies):
        name, restart = policy.get("resourceName", ""), policy.get("restartPolicy", "")
        if name in seen:
            errors.append(duplicate(path.index(position), name))
        seen.add(name)
        errors += choice(path, name, _RESIZED)
        errors += choice(path, restart, _RESIZE_POLICIES)
        if restart_policy == "Never" and restart != "NotRequired":
            must = "must be 'NotRequired' when `restartPolicy` is 'Never'"
            errors.append(invalid(path, restart, must))
    return errors


def _validate_restart(container: Object, path: Path) -> list[FieldError]:
    """A restart policy of its own, and rules by exit code."""
    policy, rules = container.get("restartPolicy"), container.get("restartPolicyRules") or ()
    at = path.child("restartPolicy")
    errors: list[FieldError] = []
    if policy is None:
        if rules:
            errors.append(required(at, "must specify restartPolicy when restart rules are used"))
    elif policy not in _RESTART_POLICIES:
        errors.append(not_supported(at, policy, _RESTART_POLICIES))
    at = path.child("restartPolicyRules")
    if len(rules) > _MOST_RULES:
        errors.append(too_many(at, len(rules), _MOST_RULES))
    for position, rule in enumerate(rules):
        errors += _validate_rule(rule, at.index(position))
    return errors


def _validate_rule(rule: Object, path: Path) -> list[FieldError]:
    errors = choice(path.child("action"), rule.get("action", ""), ("Restart", "RestartAllContainers"))
    codes = rule.get("exitCodes")
    if codes is None:
        return [*errors, required(path.child("exitCodes"), "must be specified")]
    errors += choice(path.child("exitCodes", "operator"), codes.get("operator", ""), ("In", "NotIn"))
    values = codes.get("values") or []
    at = path.child("exitCodes", "values")
    if not values:
        errors.append(invalid(at, values, "must specify at least one value"))
    elif len(values) > _MOST_EXIT_CODES:
        errors.append(too_many(at, len(values), _MOST_EXIT_CODES))
    return errors

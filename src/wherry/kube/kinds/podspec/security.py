"""Security contexts of pods and containers."""

import re
from collections.abc import Iterable

from wherry.kube.kinds.checking import choice, optional_choice
from wherry.kube.kinds.podspec.environment import validate_descending_path
from wherry.kube.kinds.podspec.windows import validate_windows_options
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import (
    FieldError,
    Path,
    duplicate,
    forbidden,
    invalid,
    not_supported,
    required,
    too_long,
)
from wherry.kube.machinery.model import Object

_PROC_MOUNTS = ("Default", "Unmasked")
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")
_GROUP_CHANGES = ("Always", "OnRootMismatch")
_GROUP_POLICIES = ("Merge", "Strict")
_SELINUX_CHANGES = ("MountOption", "Recursive")
_SYSCTL_SEGMENT = "[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SYSCTL = rf"({_SYSCTL_SEGMENT}[\./])*{_SYSCTL_SEGMENT}"
_is_sysctl = re.compile(_SYSCTL).fullmatch
_SYSCTL_BYTES = 253
_PROFILE_BYTES = 4095  # PATH_MAX - 1
_IPC_SYSCTLS = ("kernel.shm", "kernel.msg", "fs.mqueue.")


def validate_security_context(context: Object, host_users: bool, path: Path) -> list[FieldError]:
    """Of a container. ``host_users``: the pod has the node's user namespace."""
    errors = _validate_ids(context, ("runAsUser", "runAsGroup"), path)
    mount = context.get("procMount")
    if mount is not None:
        errors += optional_choice(path.child("procMount"), mount, _PROC_MOUNTS)
        if host_users and mount == "Unmasked":
            errors.append(invalid(path.child("procMount"), mount, "`hostUsers` must be false to use `Unmasked`"))
    errors += _validate_profiles(context, path)
    if context.get("allowPrivilegeEscalation") is False:
        cannot = "cannot set `allowPrivilegeEscalation` to false and"
        if context.get("privileged"):
            errors.append(invalid(path, context, f"{cannot} `privileged` to true"))
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            errors.append(invalid(path, context, f"{cannot} `capabilities.Add` CAP_SYS_ADMIN"))
    return errors


def validate_pod_security_context(spec: Object, path: Path) -> list[FieldError]:
    """Of ``spec.securityContext``; ``path`` is its own."""
    errors: list[FieldError] = []
    context = spec.get("securityContext") or {}
    if context:
        errors += _validate_ids(context, ("fsGroup", "runAsUser", "runAsGroup"), path)
        for position, group in enumerate(context.get("supplementalGroups") or ()):
            errors += names.complain(path.child("supplementalGroups").index(position), group, names.user_id(group))
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        both = "ShareProcessNamespace and HostPID cannot both be enabled"
        errors.append(invalid(path.child("shareProcessNamespace"), True, both))
    return errors + _validate_other_context(spec, context, path) if context else errors


def _validate_other_context(spec: Object, context: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    if context.get("sysctls"):
        errors += _validate_sysctls(spec, context["sysctls"], path.child("sysctls"))
    errors += optional_choice(path.child("fsGroupChangePolicy"), context.get("fsGroupChangePolicy"), _GROUP_CHANGES)
    errors += _validate_profiles(context, path)
    policy = context.get("supplementalGroupsPolicy")
    errors += optional_choice(path.child("supplementalGroupsPolicy"), policy, _GROUP_POLICIES)
    change = context.get("seLinuxChangePolicy")
    return errors + optional_choice(path.child("seLinuxChangePolicy"), change, _SELINUX_CHANGES)


def _validate_ids(context: Object, fields: Iterable[str], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for name in fields:
        number = context.get(name)
        if number is not None and (complaints := names.user_id(number)):
            errors += names.complain(path.child(name), number, complaints)
    return errors


def _validate_profiles(context: Object, path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    if context.get("seccompProfile") is not None:
        errors += _validate_seccomp(context["seccompProfile"], path.child("seccompProfile"))
    if context.get("windowsOptions") is not None:
        errors += validate_windows_options(context["windowsOptions"], path.child("windowsOptions"))
    if context.get("appArmorProfile") is not None:
        errors += _validate_apparmor(context["appArmorProfile"], path.child("appArmorProfile"))
    return errors


def _validate_seccomp(profile: Object, path: Path) -> list[FieldError]:
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    errors: list[FieldError] = []
    if not kind:
        errors.append(required(path.child("type"), "type is required when seccompProfile is set"))
    elif kind not in _PROFILES:
        errors.append(not_supported(path.child("type"), kind, _PROFILES))
    at = path.child("localhostProfile")
    if kind != "Localhost":
        if local is not None:
            errors.append(invalid(at, profile, "can only be set when seccomp type is Localhost"))
    elif not local:  # an empty one would be no filter at all (CVE-2023-2431)
        errors.append(required(at, "must be set when seccomp type is Localhost"))
    else:
        errors += validate_descending_path(local, at)
    return errors


def _validate_apparmor(profile: Object, path: Path) -> list[FieldError]:
    kind, local = profile.get("type", ""), profile.get("localhostProfile")
    at = path.child("localhostProfile")
    if not kind:
        return [required(path.child("type"), "type is required when appArmorProfile is set")]
    if kind not in _PROFILES:
        return choice(path.child("type"), kind, _PROFILES)
    if kind != "Localhost":
        return [] if local is None else [invalid(at, local, "can only be set when AppArmor type is Localhost")]
    if local is None or not local:
        return [required(at, "must be set when AppArmor type is Localhost")]
    errors = [] if local == local.strip() else [invalid(at, local, "must not be padded with whitespace")]
    if len(local.encode()) > _PROFILE_BYTES:
        errors.append(too_long(at, "", _PROFILE_BYTES))
    return errors


def _validate_sysctls(spec: Object, sysctls: Iterable[Object], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for position, sysctl in enumerate(sysctls):
        at, name = path.index(position).child("name"), sysctl.get("name", "")
        if not name:
            errors.append(required(at))
        elif len(name) > _SYSCTL_BYTES or _is_sysctl(name) is None:
            must = f"must have at most {_SYSCTL_BYTES} characters and match regex ^{_SYSCTL}$"
            errors.append(invalid(at, name, must))
        elif name in seen:
            errors.append(duplicate(at, name))
        dotted = name.replace("/", ".")
        if spec.get("hostNetwork") and dotted.startswith("net."):
            errors.append(invalid(at, name, "may not be specified when 'hostNetwork' is true"))
        elif spec.get("hostIPC") and (dotted.startswith(_IPC_SYSCTLS) or dotted == "kernel.sem"):
            errors.append(invalid(at, name, "may not be specified when 'hostIPC' is true"))
        seen.add(name)
    return errors


def validate_host_users(spec: Object, path: Path) -> list[FieldError]:
    """A user namespace of its own goes with no other namespace of the node's. ``path`` is the spec's."""
    if spec.get("hostUsers") is not False:
        return []
    shared = (("hostNetwork", "hostNetwork"), ("hostPID", "HostPID"), ("hostIPC", "HostIPC"))
    why = "when `hostUsers` is false"
    return [forbidden(path.child(shown), why) for name, shown in shared if spec.get(name)]

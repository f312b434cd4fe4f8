"""Annotations of pods that once were fields, and must agree with the fields they became."""

import re
from collections.abc import Mapping

import msgspec

from wherry.kube.kinds.podspec.environment import validate_descending_path
from wherry.kube.kinds.podspec.scheduling import validate_tolerations
from wherry.kube.kinds.podspec.windows import containers_with_paths
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid
from wherry.kube.machinery.model import Object

MIRROR = "kubernetes.io/config.mirror"
APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
SECCOMP_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
_TOLERATIONS = "scheduler.alpha.kubernetes.io/tolerations"
_DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
_COST = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)


def validate_annotations(annotations: Mapping[str, str], spec: Object, path: Path) -> list[FieldError]:
    """``path`` is that of the annotations."""
    if not annotations:
        return []
    errors: list[FieldError] = []
    if MIRROR in annotations and not spec.get("nodeName"):
        must = "must set spec.nodeName if mirror pod annotation is set"
        errors.append(invalid(path.key(MIRROR), annotations[MIRROR], must))
    if annotations.get(_TOLERATIONS):
        errors += _validate_tolerations(annotations[_TOLERATIONS], path)
    cost = annotations.get(_DELETION_COST)
    if cost is not None and not _is_int32(cost):
        errors.append(invalid(path.key(_DELETION_COST), cost, "must be a 32bit integer"))
    for key, value in annotations.items():
        if key == SECCOMP_POD or key.startswith(SECCOMP_CONTAINER):
            errors += _validate_seccomp(value, path.child(key))
        elif key.startswith(APPARMOR):
            errors += _validate_apparmor(key, value, spec, path.key(key))
    return errors


def _is_int32(text: str) -> bool:
    return len(text) <= 11 and _COST.fullmatch(text) is not None and -(2**31) <= int(text) < 2**31


def _validate_tolerations(text: str, path: Path) -> list[FieldError]:
    try:
        tolerations = msgspec.json.decode(text, type=list[dict[str, str | int]])
    except msgspec.DecodeError as error:
        return [invalid(path, _TOLERATIONS, str(error))]
    return validate_tolerations(tolerations, path.child(_TOLERATIONS))


def _validate_seccomp(profile: str, path: Path) -> list[FieldError]:
    if profile in ("runtime/default", "docker/default", "unconfined"):
        return []
    if profile.startswith("localhost/"):
        return validate_descending_path(profile.removeprefix("localhost/"), path)
    return [invalid(path, profile, "must be a valid seccomp profile")]


def _validate_apparmor(key: str, profile: str, spec: Object, path: Path) -> list[FieldError]:
    name = key.removeprefix(APPARMOR)
    errors: list[FieldError] = []
    if not any(container.get("name") == name for container, _ in containers_with_paths(spec, path)):
        errors.append(invalid(path, name, "container not found"))
    if profile not in ("", "runtime/default", "unconfined") and not profile.startswith("localhost/"):
        errors.append(invalid(path, profile, f'invalid AppArmor profile name: "{profile}"'))
    return errors


_AS_ANNOTATED = {
    "Unconfined": ("unconfined",),
    "RuntimeDefault": ("runtime/default", "docker/default"),
}


def validate_agreement(annotations: Mapping[str, str], spec: Object, path: Path) -> list[FieldError]:
    """Profiles given twice are the same. ``path`` is the spec's."""
    if not annotations:
        return []
    errors: list[FieldError] = []
    context = spec.get("securityContext") or {}
    if context.get("seccompProfile") and SECCOMP_POD in annotations:
        at = path.child("securityContext", "seccompProfile")
        errors += _disagree(annotations[SECCOMP_POD], context["seccompProfile"], "seccomp", at)
    for container, below in containers_with_paths(spec, path):
        own, name = container.get("securityContext") or {}, container.get("name", "")
        if own.get("seccompProfile") and SECCOMP_CONTAINER + name in annotations:
            at = below.child("securityContext", "seccompProfile")
            errors += _disagree(annotations[SECCOMP_CONTAINER + name], own["seccompProfile"], "seccomp", at)
        profile = own.get("appArmorProfile") or context.get("appArmorProfile")
        if profile and APPARMOR + name in annotations and (spec.get("os") or {}).get("name") != "windows":
            at = below.child("securityContext", "appArmorProfile")
            errors += _disagree(annotations[APPARMOR + name], profile, "apparmor", at)
    return errors


def _disagree(annotation: str, profile: Object, what: str, path: Path) -> list[FieldError]:
    kind = profile.get("type", "")
    if kind == "Localhost" and annotation.startswith("localhost/"):
        if annotation.removeprefix("localhost/") == profile.get("localhostProfile"):
            return []
        return [forbidden(path.child("localhostProfile"), f"{what} profile in annotation and field must match")]
    if kind in ("Localhost", *_AS_ANNOTATED) and annotation not in _AS_ANNOTATED.get(kind, ()):
        return [forbidden(path.child("type"), f"{what} type in annotation and field must match")]
    return []


def validate_annotation_changes(obj: Object, old: Object, path: Path) -> list[FieldError]:
    """Of a pod: what was made with it stays. ``path`` is that of the annotations."""
    now = (obj.get("metadata") or {}).get("annotations") or {}
    then = (old.get("metadata") or {}).get("annotations") or {}
    errors: list[FieldError] = []
    for key in then.keys() | now.keys():
        if now.get(key) == then.get(key):
            continue
        done = "remove or update" if key in then else "add"
        if key.startswith(APPARMOR):
            errors.append(forbidden(path.key(key), f"may not {done} AppArmor annotations"))
        elif key == MIRROR:
            errors.append(forbidden(path.key(key), f"may not {done} mirror pod annotation"))
    return errors + validate_annotations(now, obj.get("spec") or {}, path)

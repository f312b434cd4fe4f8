"""As whom and with what rights a container runs (pkg/securitycontext, pkg/kubelet/kuberuntime/security_context.go)."""

import re
from pathlib import Path
from typing import Any

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.runtime import Security

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_MAX_ID = 2**31 - 1


def effective(pod: Object, container: Object, name: str) -> Any:  # Any: the field's own type
    """A field that both security contexts have: the container's counts, if it says anything."""
    for context in (container.get("securityContext"), pod["spec"].get("securityContext")):
        if context and context.get(name) is not None:
            return context[name]
    return None


def is_privileged(container: Object) -> bool:
    return bool((container.get("securityContext") or {}).get("privileged"))


def security(pod: Object, container: Object, seccomp_directory: Path) -> Security:
    """Raises Invalid for a profile that names no file (CVE-2023-2431: it would be none at all)."""
    own, whole = container.get("securityContext") or {}, pod["spec"].get("securityContext") or {}
    capabilities = own.get("capabilities") or {}
    groups = [*(whole.get("supplementalGroups") or ())]
    if whole.get("fsGroup") is not None and whole["fsGroup"] not in groups:
        groups.append(whole["fsGroup"])
    privileged, profile = is_privileged(container), effective(pod, container, "seccompProfile")
    return Security(
        privileged=privileged,
        run_as_user=effective(pod, container, "runAsUser"),
        run_as_group=effective(pod, container, "runAsGroup"),
        run_as_non_root=bool(effective(pod, container, "runAsNonRoot")),
        supplemental_groups=tuple(groups),
        image_groups=whole.get("supplementalGroupsPolicy") != "Strict",
        add_capabilities=_names(capabilities.get("add")),
        drop_capabilities=_names(capabilities.get("drop")),
        read_only_root=bool(own.get("readOnlyRootFilesystem")),
        no_new_privileges=own.get("allowPrivilegeEscalation") is False,
        seccomp="Unconfined" if privileged else _seccomp(profile, seccomp_directory),
        unmasked_proc=own.get("procMount") == "Unmasked",
    )


def _names(capabilities: list[str] | None) -> tuple[str, ...]:
    return tuple(each.upper().removeprefix("CAP_") for each in capabilities or ())


def _seccomp(profile: Object | None, directory: Path) -> str:
    """Without a profile the runtime's own: here containers are confined by default."""
    kind = (profile or {}).get("type") or "RuntimeDefault"
    if kind != "Localhost":
        return str(kind)
    name = str((profile or {}).get("localhostProfile") or "")
    if not name:
        raise Invalid("localhostProfile must be set if seccompProfile type is Localhost.")
    if name.startswith("/") or ".." in name.split("/"):
        raise Invalid(f"localhostProfile {name} must be a relative path below {directory}")
    return f"Localhost:{directory / name}"


def check_user(pod: Object, container: Object, image_user: str) -> None:
    """That ``runAsNonRoot`` holds, for the image as it is now: at every start. Raises Invalid."""
    if not effective(pod, container, "runAsNonRoot"):
        return
    about = f'(pod: "{view.full_name(pod)}", container: {container["name"]})'
    user = effective(pod, container, "runAsUser")
    if user is not None:
        if user == 0:
            raise Invalid(f"container's runAsUser breaks non-root policy {about}")
        return
    name = image_user.split(":", 1)[0]
    number = image_uid(name)
    if number is None:
        raise Invalid(
            f"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root "
            f"{about}"
        )
    if number == 0:
        raise Invalid(f"container has runAsNonRoot and image will run as root {about}")


def image_uid(user: str) -> int | None:
    """Of an image's ``USER`` without its group; nothing means root, None that it is a name. A number that no id can
    be is no number: programs differ in what they make of it (CVE-2026-46680)."""
    if not user:
        return 0
    if _DIGITS.fullmatch(user) is None or int(user) > _MAX_ID:
        return None
    return int(user)


def known_user(pod: Object, container: Object, image_user: str) -> Object | None:
    """``user.linux`` of a container's status, where it is said in numbers. None: a name, which the image alone can
    make a number of."""
    name, _, group = image_user.partition(":")
    uid, gid = effective(pod, container, "runAsUser"), effective(pod, container, "runAsGroup")
    uid = image_uid(name) if uid is None else uid
    gid = image_uid(group) if gid is None else gid
    if uid is None or gid is None:
        return None
    whole = pod["spec"].get("securityContext") or {}
    groups = {gid, *(whole.get("supplementalGroups") or ())}
    if whole.get("fsGroup") is not None:
        groups.add(whole["fsGroup"])
    return {"uid": uid, "gid": gid, "supplementalGroups": sorted(groups)}

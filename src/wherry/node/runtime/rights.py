"""As whom and with what rights a container runs, in the engine's words; pure but for reading a profile.

Users by CHECKS of the history of evasions: whatever is no plain number is a name, a name cannot be verified
(CVE-2019-11245, CVE-2024-40635, CVE-2026-46680).
"""

import re
from pathlib import Path

from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import Security

_NUMBER = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_PROFILE_BYTES = 1 << 20
_LOCALHOST = "Localhost:"


def user(security: Security, of_image: str) -> str:
    """Docker's ``user[:group]``; empty: root. The image's group goes with the image's user alone. Invalid where it may
    be root and must not."""
    if security.run_as_user is not None:
        name, group = str(security.run_as_user), ""
    else:
        name, _, group = of_image.partition(":")
    if security.run_as_non_root:
        _check_not_root(security, name)
    if security.run_as_user is None and security.run_as_group is None:
        return of_image  # as it is: the engine refuses what is no user
    if security.run_as_group is not None:
        group = str(security.run_as_group)
    return f"{name or '0'}:{group}" if group else name


def _check_not_root(security: Security, name: str) -> None:
    """In the kubelet's words (pkg/kubelet/kuberuntime/security_context.go: verifyRunAsNonRoot)."""
    if security.run_as_user is not None:
        if security.run_as_user == 0:
            raise Invalid("container's runAsUser breaks non-root policy")
    elif name and not _NUMBER.fullmatch(name):
        raise Invalid(
            f"container has runAsNonRoot and image has non-numeric user ({name}), cannot verify user is non-root"
        )
    elif name in ("", "0"):
        raise Invalid("container has runAsNonRoot and image will run as root")


def security_options(security: Security) -> list[str]:
    """Docker's ``--security-opt``. Raises Invalid for a profile that is not there or is none."""
    options = ["no-new-privileges"] if security.no_new_privileges else []
    profile = security.seccomp
    if security.privileged or profile == "Unconfined":
        return [*options, "seccomp=unconfined"]
    if profile in ("", "RuntimeDefault"):
        return options
    if not profile.startswith(_LOCALHOST):
        raise Invalid(f"unknown seccomp profile {profile}")
    return [*options, "seccomp=" + read_profile(profile.removeprefix(_LOCALHOST))]


def read_profile(path: str) -> str:
    """The text of a profile. No path is no profile, which must not mean none at all (CVE-2023-2431)."""
    if not path.startswith("/"):
        raise Invalid(f"the seccomp profile Localhost:{path} names no file: it must be an absolute path")
    try:
        with Path(path).open("rb") as file:
            content = file.read(_PROFILE_BYTES + 1)
        text = content.decode()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise Invalid(f"cannot load seccomp profile {path}: {why}") from error
    if len(content) > _PROFILE_BYTES or not text.strip():
        raise Invalid(
            f"cannot load seccomp profile {path}: it is {'empty' if not text.strip() else 'larger than 1 MiB'}"
        )
    return text

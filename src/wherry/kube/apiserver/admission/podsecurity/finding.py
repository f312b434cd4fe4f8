"""What a check finds, and how upstream words it."""

from collections.abc import Collection, Iterable

import msgspec

from wherry.kube.machinery.model import Object


class Finding(msgspec.Struct, frozen=True):
    """``reason`` is short and stands for all pods of a kind; ``detail`` names what is wrong with this one."""

    reason: str
    detail: str

    def __str__(self) -> str:
        return f"{self.reason} ({self.detail})" if self.detail else self.reason


def quoted(names: Iterable[str]) -> str:
    """``"a", "b"``"""
    return ", ".join(f'"{name}"' for name in names)


def number(word: str, things: Collection[object]) -> str:
    """The word, with an s when there is not exactly one."""
    return word if len(things) == 1 else f"{word}s"


def these(names: Collection[str], word: str = "container") -> str:
    """``container "a"``, ``containers "a", "b"``"""
    return f"{number(word, names)} {quoted(names)}"


def setters(pod: bool, names: Collection[str]) -> str:
    """``pod and container "a"``: who set something wrong."""
    return " and ".join([*(["pod"] if pod else []), *([these(names)] if names else [])])


def security(holder: Object) -> Object:
    """The ``securityContext`` of a pod's spec or of a container."""
    context: Object = holder.get("securityContext") or {}
    return context


def name(container: Object) -> str:
    return str(container.get("name", ""))


def has_no_host_user(spec: Object) -> bool:
    """The pod runs in a user namespace: its root is nobody outside."""
    return spec.get("hostUsers") is False


def is_windows(spec: Object) -> bool:
    return bool((spec.get("os") or {}).get("name") == "windows")

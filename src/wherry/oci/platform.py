"""Platforms: ``os/architecture[/variant]``, which of an index's manifests fits one, and what this machine is.

Spellings and compatibility are containerd's (github.com/containerd/platforms: database.go, compare.go), which docker,
buildx and compose share. Nothing here is read from outside but the machine's own name (uname(2)).
"""

import platform as machine
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from wherry.kit.errors import Invalid
from wherry.oci import model

LINUX = "linux"

_COMPONENT = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_ALIASES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
    "i386": ("386", ""),
}
_ARCHITECTURES = frozenset(
    {"386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64"}
    | {"s390x", "wasm"}
)
_MACHINES = {
    "x86_64": ("amd64", ""),
    "i386": ("386", ""),
    "i686": ("386", ""),
    "aarch64": ("arm64", ""),
    "armv8l": ("arm", "v8"),
    "armv7l": ("arm", "v7"),
    "armv6l": ("arm", "v6"),
    "loongarch64": ("loong64", ""),
}
"""What uname(2) calls a machine → what Go does (GOARCH)."""

_ARM_VARIANTS = ("v8", "v7", "v6", "v5")
_LEVELS = {"amd64": ("v4", "v3", "v2", ""), "arm64": ("v9", ""), "arm": _ARM_VARIANTS}
"""Variants of an architecture: one runs what is built for those behind it. ``""`` is the least (v1, v8)."""

_LEAST = {"amd64": ("v1", "1"), "arm64": ("v8", "8")}
_ALSO_RUNS = {"amd64": ("386", ("",)), "arm64": ("arm", _ARM_VARIANTS)}
_UNSAID = 1000
"""The rank of a manifest that does not say what it is for: behind all that do."""


class Platform(msgspec.Struct, frozen=True):
    """In normal form: make one with :meth:`parse`, :meth:`of` or :func:`host`. ``str()`` is ``linux/arm/v7``."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> "Platform":
        """``os[/architecture[/variant]]`` or a known architecture alone; what is not said is this machine's.

        Raises Invalid in containerd's words.
        """
        if not text:
            return host()
        parts = text.lower().split("/")
        if len(parts) > 3 or not all(_COMPONENT.fullmatch(part) for part in parts):
            raise Invalid(f'"{text}": cannot parse platform specifier: invalid argument')
        if len(parts) > 1:
            return _normal(*parts)
        architecture, variant = _ALIASES.get(parts[0], (parts[0], ""))
        if architecture in _ARCHITECTURES:
            return _normal(LINUX, architecture, variant)
        return replace(host(), os=parts[0])

    @classmethod
    def of(cls, said: "model.Platform | model.ImageConfig") -> "Platform":
        """What a descriptor or an image's configuration says; a system that is not said is Linux."""
        return _normal(said.os or LINUX, said.architecture, said.variant)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def wire(self) -> model.Platform:
        """As a descriptor says it."""
        return model.Platform(architecture=self.architecture, os=self.os, variant=self.variant)

    def accepts(self, found: "Platform") -> bool:
        """Whether what is built for ``found`` is right for whoever asks for this one."""
        return found in _accepted(self, False)

    def rank(self, descriptor: model.Descriptor, compatible: bool = False) -> int | None:
        """How well a manifest of an index fits, 0 best; None not at all. ``compatible``: see :meth:`best`."""
        if descriptor.platform is None:
            return _UNSAID
        found = Platform.of(descriptor.platform)
        accepted = _accepted(self, compatible)
        return accepted.index(found) if found in accepted else None

    def best(self, descriptors: Iterable[model.Descriptor], compatible: bool = False) -> model.Descriptor | None:
        """The manifest that fits best, the first of equals; None when none does.

        ``compatible``: also those of another architecture that such a machine runs (386 on amd64, arm on arm64).
        """
        ranked = ((self.rank(one, compatible), one) for one in descriptors)
        fitting = [(rank, one) for rank, one in ranked if rank is not None]
        return min(fitting, key=lambda pair: pair[0])[1] if fitting else None


@lru_cache(maxsize=1)
def host() -> Platform:
    """This machine."""
    name = machine.machine()
    return Platform(LINUX, *_MACHINES.get(name, (name, "")))


def _normal(os: str, architecture: str, variant: str = "") -> Platform:
    """One spelling for each (containerd/platforms normalizeArch); an arm that does not say its version is v7."""
    architecture, implied = _ALIASES.get(architecture.lower(), (architecture.lower(), ""))
    variant = variant.lower() or implied
    if variant in _LEAST.get(architecture, ()):
        variant = ""
    if architecture == "arm":
        variant = f"v{variant}" if variant.isdigit() else variant or "v7"
    return Platform(os.lower(), architecture, variant)


@lru_cache(maxsize=64)
def _accepted(wanted: Platform, compatible: bool) -> tuple[Platform, ...]:
    """What fits, the best first."""
    levels = _LEVELS.get(wanted.architecture, ())
    variants = levels[levels.index(wanted.variant) :] if wanted.variant in levels else (wanted.variant,)
    accepted = [replace(wanted, variant=variant) for variant in variants]
    if compatible and wanted.architecture in _ALSO_RUNS:
        architecture, others = _ALSO_RUNS[wanted.architecture]
        accepted += [Platform(wanted.os, architecture, variant) for variant in others]
    return tuple(accepted)

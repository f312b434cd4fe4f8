"""System call filters: Docker's default as a table of facts, any profile compiled to BPF, the filter installed.

``profile`` is the table, ``resolve`` applies its conditions, ``compiler`` draws the decisions, ``bpf`` lays them out,
``architectures`` knows the numbers, ``installing`` talks to the kernel. Standard library only, no libseccomp: that of a
stable distribution does not know the newest names, and a filter is made in milliseconds without it.

The spawner imports this package to install filters; it never compiles, so the rest is imported on first use.
"""

import os
from collections.abc import Collection, Mapping
from typing import Any

from wherry.linux.seccomp.installing import install

__all__ = ["compile_filter", "default_profile", "install", "oci_seccomp"]


def default_profile() -> dict[str, Any]:
    """The default profile in Docker's format; a new object every time."""
    from wherry.linux.seccomp import profile

    return profile.default_profile()


def compile_filter(
    profile: Mapping[str, Any], capabilities: Collection[str], machine: str = os.uname().machine
) -> bytes:
    """The filter for a container with this bounding set: an array of struct sock_filter, empty for "no filter".

    ``profile`` is in Docker's format or a plain OCI ``linux.seccomp`` section. Names of system calls that nobody knows
    are passed over, every other fault raises ValueError that names it. Takes some 10 ms: keep the result.
    """
    from wherry.linux.seccomp import compiler

    section = oci_seccomp(profile, capabilities, machine)
    return compiler.compile_rules(section) if section else b""


def oci_seccomp(
    profile: Mapping[str, Any], capabilities: Collection[str], machine: str = os.uname().machine
) -> dict[str, Any]:
    """The plain OCI ``linux.seccomp`` section that the profile comes to, for other runtimes; ``{}``: leave it out."""
    from wherry.linux.seccomp import resolve

    return resolve.resolve(profile, resolve.facts(capabilities, machine, os.uname().release))

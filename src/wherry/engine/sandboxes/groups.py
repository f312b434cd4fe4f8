"""Cgroups of sandboxes: which there are on this machine."""

import os
from collections.abc import Iterable

from wherry.linux.cgroup import Layout

TOP = "kubepods"
"""What all cgroups of sandboxes lie in, two levels down: ``kubepods/<class>/<pod>``."""


def there(parent: str, layout: Layout) -> list[str]:
    """Paths below ``parent`` (an instance's cgroup) of the cgroups of sandboxes, from every hierarchy."""
    found: set[str] = set()
    for hierarchy in layout.hierarchies:
        top = f"{hierarchy.mount}{parent}/{TOP}"
        for kind in _directories(top):
            found |= {f"{TOP}/{kind}/{name}" for name in _directories(f"{top}/{kind}")}
    return sorted(found)


def strangers(there: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those that no sandbox has."""
    return sorted(set(there) - set(known))


def _directories(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []

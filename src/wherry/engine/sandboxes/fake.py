"""Pins in memory: for tests of what stands above."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.linux.errors import KernelError


@dataclass(slots=True)
class FakePins:
    """Does what :class:`.needs.Pins` says; the fields are the state, for a test to set and to look at.

    ``pinned``: sandbox id → the namespaces that are; ``refuse`` names calls that fail with EPERM, once.
    """

    pinned: dict[str, set[str]] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    sysctls: dict[str, dict[str, str]] = field(default_factory=dict)
    processes: dict[str, int] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)

    def make(self, sandbox: PodSandbox, wanted: Wanted, pid: int | None) -> None:
        self._maybe_refuse("make")
        self.pinned[sandbox.id] = set(sandbox.kinds) - {"pid"}
        self.sysctls[sandbox.id] = dict(wanted.sysctls)

    def pin_processes(self, sandbox: PodSandbox, pid: int) -> None:
        self._maybe_refuse("pin_processes")
        self.pinned[sandbox.id].add("pid")
        self.processes[sandbox.id] = pid

    def write(self, sandbox: PodSandbox, texts: Mapping[str, str]) -> None:
        self._maybe_refuse("write")
        self.files[sandbox.id] = dict(texts)

    def is_whole(self, sandbox: PodSandbox) -> bool:
        return sandbox.id in self.pinned and self.pinned[sandbox.id] >= set(sandbox.kinds)

    def path(self, sandbox: PodSandbox, kind: str) -> Path:
        return Path("/pins") / sandbox.id / kind

    def open(self, sandbox: PodSandbox, kind: str) -> int:
        if kind not in self.pinned.get(sandbox.id, ()):
            raise KernelError(2, "open namespace", str(self.path(sandbox, kind)))
        return os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)

    def remove(self, sandbox_id: str) -> None:
        for state in (self.pinned, self.files, self.sysctls, self.processes):
            state.pop(sandbox_id, None)

    def there(self) -> list[str]:
        return sorted(self.pinned)

    def remove_all(self) -> None:
        for sandbox_id in self.there():
            self.remove(sandbox_id)

    def reboot(self) -> None:
        """The machine was switched off."""
        self.remove_all()

    def _maybe_refuse(self, call: str) -> None:
        if call in self.refuse:
            self.refuse.discard(call)
            raise KernelError(1, call)

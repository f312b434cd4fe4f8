"""A directory of manifests of static pods, and what is new in it (pkg/kubelet/config/file.go)."""

import logging
import os
import stat
from pathlib import Path

from wherry.kit.errors import WherryError
from wherry.kube.machinery.model import Object
from wherry.node.pods.staticpods import parse

CHECK_SECONDS = 1.0
"""Between two looks at the directory. The kubelet is told by the kernel, and looks every 20 s besides."""
_LARGEST_BYTES = 10 << 20
_SUFFIXES = (".yaml", ".yml", ".json")
_State = tuple[tuple[str, int, int, int], ...]
logger = logging.getLogger(__name__)


class Manifests:
    """Of one node."""

    def __init__(self, directory: Path, node: str) -> None:
        self._directory = directory
        self._node = node
        self._seen: _State | None = None
        self._read: _State | None = None

    def read(self, now: str) -> tuple[list[Object], list[str]]:
        """The pods of the directory, sorted by their files; and what is wrong with files that give none. Blocks."""
        self._read = self._seen = self._state()
        found: dict[tuple[str, str], Object] = {}
        faults: list[str] = []
        for name, *_ in self._read:
            path = self._directory / name
            try:
                pod = parse(path.read_bytes(), self._node, now)
                meta = pod["metadata"]
                if found.setdefault((meta["namespace"], meta["name"]), pod) is not pod:
                    raise ValueError(f"another file has the pod {meta['namespace']}/{meta['name']}")
            except (OSError, ValueError, WherryError) as error:
                faults.append(f"Could not process manifest file {path}: {error}")
                logger.warning("static pods: %s", faults[-1])
        return list(found.values()), faults

    def has_changed(self) -> bool:
        """Since it was read; and not since the last look, so that nobody is writing right now."""
        state, before = self._state(), self._seen
        self._seen = state
        return state != self._read and state == before

    def _state(self) -> _State:
        """What would be another if a file were. A directory that is not there is an empty one."""
        try:
            names = os.listdir(self._directory)
        except OSError:
            return ()
        found: list[tuple[str, int, int, int]] = []
        for name in sorted(names):
            if name.startswith(".") or not name.endswith(_SUFFIXES):
                continue
            try:
                it = os.stat(self._directory / name)
            except OSError:
                continue  # gone since; or a link that leads nowhere
            if stat.S_ISREG(it.st_mode) and it.st_size <= _LARGEST_BYTES:
                found.append((name, it.st_ino, it.st_size, it.st_mtime_ns))
        return tuple(found)

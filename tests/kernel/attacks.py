"""What the attack tests have in common: hostile images, programs to run in them, and a canary on the host.

An image is busybox, and with :func:`python_image` the host's own interpreter with the few modules that the programs of
``probes/`` use: so a container can make any system call, and nothing has to be compiled.
"""

import functools
import hashlib
import io
import json
import os
import posixpath
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.kernel.rig import Rig, busybox_tar

PROBES = Path(__file__).parent / "probes"
PYTHON = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
_MODULES = "import _socket, ctypes, errno, json, mmap, os, signal, struct, sys, time"
_LIST = f"""
{_MODULES}
files = {{getattr(module, "__file__", None) for module in sys.modules.values()}}
files |= {{line.split()[-1] for line in open("/proc/self/maps") if line.split()[-1].startswith("/")}}
print(json.dumps(sorted(file for file in files if file and os.path.isfile(file))))
"""


class Image:
    """A root file system in the making: busybox, changed. Paths are relative, without a leading slash."""

    def __init__(self, base: bytes | None = None) -> None:
        self._entries: dict[str, tuple[tarfile.TarInfo, bytes]] = {}
        with tarfile.open(fileobj=io.BytesIO(base or _busybox())) as tar:
            for entry in tar:
                content = tar.extractfile(entry)
                self._entries[entry.name.rstrip("/")] = (entry, content.read() if content else b"")

    def without(self, path: str) -> "Image":
        for name in [name for name in self._entries if name == path or name.startswith(f"{path}/")]:
            del self._entries[name]
        return self

    def directory(self, path: str) -> "Image":
        return self._put(path, tarfile.DIRTYPE)

    def file(self, path: str, content: bytes = b"", mode: int = 0o755) -> "Image":
        return self._put(path, tarfile.REGTYPE, content, mode=mode)

    def link(self, path: str, target: str) -> "Image":
        return self._put(path, tarfile.SYMTYPE, linkname=target)

    def fifo(self, path: str) -> "Image":
        return self._put(path, tarfile.FIFOTYPE)

    def device(self, path: str, kind: bytes, major: int, minor: int) -> "Image":
        return self._put(path, kind, devmajor=major, devminor=minor, mode=0o666)

    def tar(self) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            for entry, content in self._entries.values():
                tar.addfile(entry, io.BytesIO(content))
        return buffer.getvalue()

    def load(self, rig: Rig, changes: list[str] | None = None) -> str:
        """Import it under a name of its own; the name."""
        repository = f"attack-{uuid4().hex[:12]}"
        answer = rig.docker.api.import_image_from_data(self.tar(), repository=repository, tag="1", changes=changes)
        assert '"error"' not in answer, answer
        return f"{repository}:1"

    def _put(self, path: str, kind: bytes, content: bytes = b"", mode: int = 0o755, **fields: Any) -> "Image":
        self.without(path)
        parent = posixpath.dirname(path)
        if parent and parent not in self._entries:
            self.directory(parent)
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode, entry.size = kind, mode, len(content)
        for name, value in fields.items():
            setattr(entry, name, value)
        self._entries[path] = (entry, content)
        return self


@functools.cache
def _busybox() -> bytes:
    return busybox_tar()


@functools.cache
def _python_files() -> list[str]:
    listing = subprocess.run([PYTHON, "-I", "-S", "-c", _LIST], capture_output=True, text=True, check=True)
    return [PYTHON, *json.loads(listing.stdout)]


def with_python(image: Image) -> Image:
    """The host's interpreter at the host's own path, and the probes in /probes."""
    for path in _python_files():
        image.file(path.lstrip("/"), Path(path).read_bytes())
        if ".so" in path:
            for name in _other_names(path):
                image.link(name.lstrip("/"), path)
    interpreter = _program_interpreter()
    image.file(interpreter.lstrip("/"), Path(interpreter).read_bytes())
    for probe in PROBES.glob("*.py"):
        image.file(f"probes/{probe.name}", probe.read_bytes())
    return image


def _other_names(library: str) -> list[str]:
    """The names that the loader looks for: libffi.so.8 where the file is libffi.so.8.1.2."""
    beside = [os.path.join(os.path.dirname(library), name) for name in os.listdir(os.path.dirname(library))]
    return [name for name in beside if os.path.islink(name) and os.path.realpath(name) == library]


def _program_interpreter() -> str:
    """The dynamic loader that the interpreter's ELF header names."""
    data = Path(PYTHON).read_bytes()[:4096]
    start = data.index(b"/lib", 64)
    return data[start : data.index(b"\0", start)].decode()


def probe(name: str, *arguments: str) -> list[str]:
    """The command that runs a program of ``probes/`` in an image with Python."""
    return [PYTHON, "-I", "-S", f"/probes/{name}.py", *arguments]


def output(rig: Rig, image: str, command: list[str], **options: Any) -> str:
    """Run a container to its end; what it wrote. A refusal raises docker's APIError, a failure ContainerError."""
    options.setdefault("network_mode", "none")
    text: bytes = rig.docker.containers.run(image, command, remove=True, stderr=True, **options)
    return text.decode(errors="replace")


def attempt(rig: Rig, image: str, command: list[str], **options: Any) -> str:
    """What a container has said; "refused: …" when it was not made or not started. It is removed, with its volumes."""
    from docker.errors import APIError

    options.setdefault("network_mode", "none")
    try:
        container = rig.docker.containers.create(image, command, **options)
    except APIError as error:
        return f"refused: {error}"
    try:
        container.start()
        container.wait()
        text: bytes = container.logs()
        return text.decode(errors="replace")
    except APIError as error:
        return f"refused: {error}"
    finally:
        container.remove(force=True, v=True)


# Says where the working directory is: "inside" when its parents lead to the root.
WALK = """
place() { stat -c %d:%i $1; }
while test $(place .) != $(place /); do
    if test $(place .) = $(place ..); then echo outside; exit; fi
    cd -P ..
done
echo inside
"""


class Canary:
    """A directory on the host that no container was given: nothing in it may change, although everybody may change it.

    Below an instance's root it is where the process that prepares a container could still reach it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "inner").mkdir(parents=True)
        (path / "file").write_text("untouched\n")
        (path / "ptmx").write_text("untouched\n")
        (path / "inner/file").write_text("untouched\n")
        for each in (path, *path.rglob("*")):
            each.chmod(0o777)
        self._before = self._look()

    def _look(self) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = []
        for parent, folders, names in os.walk(self.path):
            for name in [".", *folders, *names]:
                path = os.path.join(parent, name)
                status = os.lstat(path)
                content = Path(path).read_bytes() if stat.S_ISREG(status.st_mode) else b""
                facts = (
                    status.st_ino,
                    status.st_mode,
                    status.st_uid,
                    status.st_gid,
                    status.st_nlink,
                    status.st_mtime_ns,
                )
                found.append((path, *facts, content))
        return sorted(found)

    def check(self) -> None:
        assert self._look() == self._before, "the canary on the host has changed"
        mounts = Path("/proc/self/mountinfo").read_text()
        assert str(self.path) not in mounts, "something is mounted on the canary"


@contextmanager
def canary(parent: Path) -> Iterator[Canary]:
    """A canary, looked at again at the end."""
    bird = Canary(parent / "canary")
    yield bird
    bird.check()


def fingerprints(*roots: Path) -> dict[str, str]:
    """The SHA-256 of every file of the roots, by path."""
    files = [path for root in roots for path in ([root] if root.is_file() else root.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.suffix != ".pyc"}

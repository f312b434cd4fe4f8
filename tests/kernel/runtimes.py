"""A runtime on its own, without engine or API: what the tests of the runtime start containers with."""

import asyncio
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

from tests.kernel import census
from wherry.engine.instance import Instance
from wherry.engine.runtime.client import ShimRuntime
from wherry.engine.runtime.model import Attachment, Exit, IdRange, Isolation, LogFile, Rootfs, TaskSpec
from wherry.engine.runtime.tasks import ShimTask
from wherry.linux import capabilities, seccomp

CAPABILITIES = list(capabilities.DEFAULT)
_ALLOWED = ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2))
_DEVICES = [{"allow": True, "type": "c", "major": a, "minor": b, "access": "rwm"} for a, b in _ALLOWED]

BASE: dict[str, Any] = {
    "mounts": [
        {"destination": "/proc", "type": "proc", "options": ["nosuid", "noexec", "nodev"]},
        {"destination": "/dev", "type": "tmpfs", "options": ["nosuid", "mode=755", "size=65536k"]},
        {
            "destination": "/dev/pts",
            "type": "devpts",
            "options": ["newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        {"destination": "/sys", "type": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/sys/fs/cgroup", "type": "cgroup", "options": ["nosuid", "noexec", "nodev", "ro"]},
        {"destination": "/dev/shm", "type": "tmpfs", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=64m"]},
    ],
    "linux": {"maskedPaths": ["/proc/kcore", "/sys/firmware"], "readonlyPaths": ["/proc/sys"]},
}


IDS = IdRange(100_000)


class Bench:
    """An instance's directories with one layer (busybox) and a runtime; :meth:`close` finds what was left."""

    def __init__(self) -> None:
        self.instance = Instance.at(Path(tempfile.mkdtemp(prefix="wherry-t")))
        self.layer = self.instance.snapshots / "busybox"
        make_layer(self.layer)
        self.before = census.take(self.instance)
        self.runtime = ShimRuntime(self.instance, BASE)
        self._number = 0

    async def renew(self) -> None:
        """A daemon that was killed and started again: everything it knew is gone."""
        await self.runtime.close()
        self.runtime = ShimRuntime(self.instance, BASE)

    def config(self, name: str, arguments: list[str], **process: Any) -> dict[str, Any]:
        sets = dict.fromkeys(("bounding", "effective", "permitted"), CAPABILITIES)
        return {
            "ociVersion": "1.0.2",
            "process": {
                "args": arguments,
                "env": ["PATH=/bin"],
                "cwd": "/",
                "user": {"username": ""},
                "capabilities": sets,
                **process,
            },
            "root": {"path": "rootfs"},
            "hostname": "box",
            "mounts": list(BASE["mounts"]),
            "linux": {
                **BASE["linux"],
                "cgroupsPath": f"{self.instance.cgroup_parent}/{name}",
                "resources": {"pids": {"limit": 64}, "devices": [{"allow": False, "access": "rwm"}, *_DEVICES]},
            },
        }

    def spec(self, arguments: list[str], ids: IdRange | None, **options: Any) -> TaskSpec:
        """A task in a directory of its own; ``options`` are TaskSpec's, or ``process`` and ``mounts`` of the config."""
        self._number += 1
        name = f"c{self._number}"
        directory = self.instance.containers / name
        for part in ("upper", "work"):
            (directory / part).mkdir(parents=True)
            os.chown(directory / part, ids.first if ids else 0, ids.first if ids else 0)
        config = self.config(name, arguments, **options.pop("process", {}))
        config["mounts"] += options.pop("mounts", [])
        rootfs = Rootfs([options.pop("layer", self.layer)], directory / "upper", directory / "work")
        filter_ = seccomp.compile_filter(seccomp.default_profile(), CAPABILITIES)
        log = LogFile(directory / "log")
        return TaskSpec(name, config, rootfs, directory, log, seccomp=filter_, **options)

    async def start(self, arguments: list[str], ids: IdRange | None = IDS, **options: Any) -> ShimTask:
        sandbox = await self.runtime.spawn(options.pop("isolation", None) or Isolation(ids=ids))
        return await sandbox.start(self.spec(arguments, ids, **options))

    async def run(self, arguments: list[str], ids: IdRange | None = IDS, **options: Any) -> tuple[Exit, str]:
        """Run to the end; the output is the log's text."""
        task = await self.start(arguments, ids, **options)
        ended = await task.wait()
        return ended, self.log(task.id)

    def log(self, name: str) -> str:
        path = self.instance.containers / name / "log"
        return "\n".join(line.split(" ", 3)[3] for line in path.read_text(errors="replace").splitlines())

    async def until(self, name: str, text: str) -> None:
        """Until the log has the text."""
        path = self.instance.containers / name / "log"
        while not (path.exists() and text in path.read_text(errors="replace")):  # noqa: ASYNC110  # another writes it
            await asyncio.sleep(0.01)

    async def recover(self, name: str) -> Any:
        directory = self.instance.containers / name
        return await self.runtime.recover(name, directory, f"{self.instance.cgroup_parent}/{name}")

    async def _settled(self) -> list[str]:
        """What is left, once what is on its way out has gone."""
        for _ in range(3000):
            left = census.take(self.instance).since(self.before)
            if not left:
                break
            await asyncio.sleep(0.02)
        return left

    async def close(self) -> list[str]:
        for directory in self.instance.containers.glob("*"):
            await self.runtime.clean(directory.name, directory, f"{self.instance.cgroup_parent}/{directory.name}")
        await self.runtime.remove_cgroups()
        await self.runtime.close()
        shutil.rmtree(self.instance.containers, ignore_errors=True)
        left = await self._settled()
        shutil.rmtree(self.instance.root)
        return left


def make_layer(path: Path) -> None:
    for name in ("bin", "etc", "tmp"):
        (path / name).mkdir(parents=True)
    (path / "tmp").chmod(0o1777)
    shutil.copy(shutil.which("busybox") or "/bin/busybox", path / "bin/busybox")
    for applet in (
        "sh",
        "cat",
        "id",
        "ls",
        "sleep",
        "true",
        "tty",
        "stty",
        "sha256sum",
        "mount",
        "hostname",
        "touch",
        "stat",
    ):
        (path / "bin" / applet).symlink_to("busybox")
    (path / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1000::/home/bob:/bin/sh\n")
    (path / "etc/group").write_text("root:x:0:\nbob:x:1000:\nstaff:x:50:bob\n")


def attachment(**wants: Any) -> tuple[socket.socket, Attachment]:
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    return ours, Attachment(theirs.detach(), **wants)


def read_all(sock: socket.socket) -> bytes:
    data = b""
    while chunk := sock.recv(65536):
        data += chunk
    return data

"""An engine in this process, with the runtime of pods on it: what the tests of pods are made with."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.kernel import census
from tests.kernel.rig import busybox_tar
from wherry.app import wiring
from wherry.app.config import load
from wherry.kit.errors import NotFound
from wherry.linux.cgroup import layout
from wherry.linux.cgroup.cpu import weight
from wherry.node.pods.runtime import Container, ContainerSpec, Limits, Sandbox, SandboxSpec, Security, State
from wherry.node.runtime import EngineRuntime

IMAGE = "busybox:test"


class PodBench:
    """``pods`` is the runtime; :meth:`again` is a daemon after another; :meth:`close` finds what was left."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(tempfile.mkdtemp(prefix="wherry-p"))
        self.root.chmod(0o755)
        self.settings = load({"root": str(self.root)}, {})  # WHERRY_… are the tests' own
        self.instance = self.settings.instance
        self.before = census.take(self.instance)
        self.image = ""

    async def up(self) -> "PodBench":
        self.engine = wiring.build(self.settings)
        await self.engine.start()
        services = self.engine.services
        self.pods = EngineRuntime(self.engine.containers.pods, self.engine.images, services.registries, services.events)
        found = self.pods.image(IMAGE)
        if found is None:
            await self.engine.images.import_(_one(busybox_tar()), "busybox", "test")
            found = self.pods.image(IMAGE)
        assert found is not None
        self.image = found.id
        return self

    async def down(self) -> None:
        """Let go: what runs goes on."""
        await self.pods.close()
        await self.engine.stop()

    async def again(self) -> None:
        await self.down()
        await self.up()

    async def image_with(self, *changes: str, name: str = "other:1") -> str:
        """The id of an image like busybox, changed by Dockerfile instructions."""
        repository, _, tag = name.partition(":")
        return (await self.engine.images.import_(_one(busybox_tar()), repository, tag, changes)).id

    # Pods

    async def sandbox(self, uid: str = "u1", **fields: Any) -> Sandbox:
        given = {"namespace": "default", "name": f"pod-{uid}", "hostname": f"host-{uid}", **fields}
        return await self.pods.start_sandbox(SandboxSpec(uid=uid, **given))

    async def container(self, sandbox: Sandbox, *command: str, **fields: Any) -> str:
        """The id of one that was started. Fields of ContainerSpec, or with ``security_`` before them of Security."""
        security = {key.removeprefix("security_"): fields.pop(key) for key in list(fields) if "security_" in key}
        given = {"name": "main", "image": self.image, "security": Security(**security), **fields}
        made = await self.pods.create_container(sandbox.id, ContainerSpec(command=command, **given))
        await self.pods.start_container(made)
        return made

    def state(self, container: str) -> Container:
        return next(one for one in self.pods.containers() if one.id == container)

    async def ended(self, container: str) -> Container:
        await settled(lambda: self.state(container).state is State.EXITED)
        return self.state(container)

    async def output(self, sandbox: Sandbox, *command: str, **fields: Any) -> str:
        """What a container says until its end; it is removed."""
        fields.setdefault("name", f"c{os.urandom(4).hex()}")
        container = await self.container(sandbox, *command, **fields)
        text = self.log((await self.ended(container)).log)
        await self.pods.remove_container(container)
        return text

    @staticmethod
    def log(path: str) -> str:
        return "".join(line.split(" ", 3)[3] for line in Path(path).read_text().splitlines(keepends=True))

    async def shell(self, container: str, script: str) -> str:
        done = await self.pods.execute(container, ["sh", "-c", script], 60)
        assert done.exit_code == 0, done
        return done.output.decode()

    async def until(self, container: str, words: str) -> None:
        """Wait for words in a container's log."""
        path = Path(self.state(container).log)
        await settled(lambda: path.exists() and words in path.read_text())

    def cgroup(self, controller: str, path: str) -> Path:
        """Directory of a cgroup below the instance's."""
        hierarchy = layout().find(controller)
        assert hierarchy is not None
        return Path(f"{hierarchy.mount}{self.instance.cgroup_parent}/{path}")

    def limits(self, path: str) -> Limits:
        """What is set of a cgroup, in either version. No limit is None; shares of version 2 are its weight."""

        def value(controller: str, name: str) -> str:
            return (self.cgroup(controller, path) / name).read_text().split()[0]

        found = layout().find("memory")
        if found is not None and found.version == 2:
            texts = [value("memory", "memory.max"), value("cpu", "cpu.weight"), value("cpu", "cpu.max")]
        else:
            files = (("memory", "memory.limit_in_bytes"), ("cpu", "cpu.shares"), ("cpu", "cpu.cfs_quota_us"))
            texts = [value(*file) for file in files]
        numbers = [None if text in ("max", "-1") or int(text) > 1 << 60 else int(text) for text in texts]
        pids = value("pids", "pids.max")
        return Limits(numbers[0], numbers[1], numbers[2], pids=None if pids == "max" else int(pids))

    @staticmethod
    def wanted(limits: Limits) -> Limits:
        """As :meth:`limits` has them."""
        found, shares = layout().find("cpu"), limits.cpu_shares or 1024
        is_second = found is not None and found.version == 2
        return replace(limits, cpu_shares=weight(shares) if is_second else shares, oom_score_adj=0)

    async def close(self) -> list[str]:
        """End all, and say what stays in the kernel; the directory is removed."""
        for sandbox in self.pods.sandboxes():
            with suppress(NotFound):
                await self.pods.remove_sandbox(sandbox.id)
        await self.pods.close()
        await self.engine.tear_down()
        left = await self.left()
        shutil.rmtree(self.root, ignore_errors=True)
        return left

    async def left(self) -> list[str]:
        """What stays in the kernel, once what is on its way out has gone."""
        left: list[str] = []
        for _ in range(2000):
            left = census.take(self.instance).since(self.before)
            if not left:
                break
            await asyncio.sleep(0.03)
        return left


async def settled(predicate: Callable[[], object]) -> None:
    """When it is true."""
    for _ in range(6000):
        if predicate():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("waited in vain")


async def _one(data: bytes) -> AsyncIterator[bytes]:
    yield data

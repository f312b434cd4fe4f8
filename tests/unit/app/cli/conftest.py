"""The command line against a daemon in a thread: the real API over real containers on an imagined machine."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace

from tests.unit.dockerapi import fakes
from tests.unit.engine.containers import harness
from wherry.app.cli.entry import run
from wherry.dockerapi.app import create_app, serve
from wherry.http.server import UnixServer

T = TypeVar("T")


class Daemon:
    """It answers at ``socket``. Its parts are for :meth:`do`, which runs in its thread."""

    def __init__(self, root: Path) -> None:
        self.socket = root / "run" / "docker.sock"
        self.images = fakes.FakeImages({"demo:1": harness.image(env=["PATH=/bin"], cmd=["wait"])})
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self.machine, self.engine, self._server = self.do(self._start(root))

    async def _start(self, root: Path) -> tuple[harness.Machine, harness.Daemon, UnixServer]:
        machine = harness.Machine(root, *self.images.images.values())
        engine = await machine.up()
        services = replace(
            fakes.Engine().services,
            instance=machine.instance,
            containers=engine.containers,
            images=self.images,
            networks=engine.networks,
            volumes=engine.volumes,
            events=engine.events,
        )
        return machine, engine, await serve(create_app(services), self.socket)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of ``work`` on the daemon's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def call(self, function: Callable[..., T], *arguments: Any) -> T:
        """The same for what is no coroutine."""

        async def work() -> T:
            return function(*arguments)

        return self.do(work())

    def create(self, *command: str, **options: Any) -> str:
        """The id of a container; see the harness."""
        return self.do(self.engine.create(*command, **options))

    def start(self, *command: str, **options: Any) -> str:
        return self.do(self.engine.run(*command, **options))

    def status(self, container: str) -> str:
        return self.call(self.engine.status, container)

    def close(self) -> None:
        async def end() -> None:
            await self._server.stop(0.2)
            await self.engine.close()
            self.machine.tasks.reboot()

        self.do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    daemon = Daemon(tmp_path)
    yield daemon
    daemon.close()


@dataclass
class Result:
    """How a command line ended."""

    code: int
    out: str
    err: str


Wherry = Callable[..., Result]


@pytest.fixture
def wherry(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command line as a shell would; ``stdin`` is what comes in on descriptor 0."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/run/docker.sock")
    monkeypatch.delenv("WHERRY_ROOT", raising=False)

    def wherry(*arguments: str, stdin: bytes = b"") -> Result:
        capfd.readouterr()
        with _input(stdin, monkeypatch), pytest.raises(SystemExit) as ended:
            run(arguments=list(arguments))
        out, err = capfd.readouterr()
        code = ended.value.code
        return Result(code if isinstance(code, int) else int(bool(code)), out, err)

    return wherry


class _input:
    """Descriptor 0, and sys.stdin on it, have these bytes."""

    def __init__(self, data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
        self._data = data
        self._monkeypatch = monkeypatch

    def __enter__(self) -> None:
        self._kept = os.dup(0)
        content = os.memfd_create("stdin")
        os.write(content, self._data)
        os.lseek(content, 0, os.SEEK_SET)
        os.dup2(content, 0)
        os.close(content)
        self._file = os.fdopen(os.dup(0))
        self._monkeypatch.setattr("sys.stdin", self._file)

    def __exit__(self, *_: object) -> None:
        self._file.close()
        os.dup2(self._kept, 0)
        os.close(self._kept)


@pytest.fixture(autouse=True)
def what_a_command_tells_the_loggers_ends_with_its_test() -> Iterator[None]:
    """A command is a process of its own, and here it is not."""
    quiet = logging.getLogger("wherry.node.pods")  # `wherry simulate`: thousands would say the same
    level = quiet.level
    yield
    quiet.setLevel(level)

"""Commands inside a container, and its own streams: opened, used, ended."""

import asyncio
from collections.abc import Sequence

from wherry.engine.containers.model import ExecConfig
from wherry.kit.errors import Invalid, WherryError
from wherry.node.pods.runtime import Executed
from wherry.node.runtime.failures import translated
from wherry.node.runtime.needs import EngineContainers
from wherry.node.runtime.streams import Process, SocketStreams, pair

OUTPUT_BYTES = 10 << 10
"""Of a probe's or hook's output that are kept (kubernetes' pkg/probe/exec: maxReadLength)."""
_KILLED, _CANNOT_RUN = 137, 126


class Execution:
    """A command in a container, for as long as the block lasts: what still runs at its end is killed."""

    def __init__(self, containers: EngineContainers, container: str, config: ExecConfig) -> None:
        self._containers = containers
        self._container = container
        self._config = config
        self._streams: SocketStreams | None = None
        self._id = ""
        self._ended = False

    async def __aenter__(self) -> SocketStreams:
        ours, theirs = pair()
        try:
            with translated():
                self._id = await self._containers.execute(self._container, self._config, theirs)
        except BaseException:
            ours.close()
            raise
        self._streams = SocketStreams(ours, Process(self._config.Tty, True, self._resize, self._wait))
        return self._streams

    async def _resize(self, height: int, width: int) -> None:
        if not self._ended:
            try:
                with translated():
                    await self._containers.exec_resize(self._id, height, width)
            except WherryError:
                pass  # it has just ended

    async def _wait(self) -> int:
        with translated():
            code = await self._containers.exec_ended(self._id)
        self._ended = True
        return code

    async def __aexit__(self, *error: object) -> None:
        if self._streams is not None:
            self._streams.close()
        if not self._ended:
            await self._containers.exec_kill(self._id)


class Attached:
    """A container's own streams, for as long as the block lasts. The container goes on."""

    def __init__(self, containers: EngineContainers, container: str, stdin: bool) -> None:
        self._containers = containers
        self._container = container
        self._stdin = stdin
        self._streams: SocketStreams | None = None

    async def __aenter__(self) -> SocketStreams:
        config = self._containers.get(self._container).config
        ours, theirs = pair()
        try:
            with translated():
                await self._containers.attach(self._container, theirs, self._stdin)
        except BaseException:
            ours.close()
            raise
        process = Process(config.Tty, config.StdinOnce, self._resize, self._ended)
        self._streams = SocketStreams(ours, process)
        return self._streams

    async def _ended(self) -> int:
        return await self._containers.ended(self._container)

    async def _resize(self, height: int, width: int) -> None:
        await self._containers.resize(self._container, height, width)

    async def __aexit__(self, *error: object) -> None:
        if self._streams is not None:
            self._streams.close()


async def execute(containers: EngineContainers, container: str, command: Sequence[str], seconds: float) -> Executed:
    """Run it to its end, or until the time is over (0: there is no limit), and then kill it.

    What cannot be run has failed, with the reason as its output. NotFound and Unavailable: the container is not there,
    does not run.
    """
    config = ExecConfig(Cmd=list(command), AttachStdout=True, AttachStderr=True)
    kept = bytearray()
    try:
        async with asyncio.timeout(seconds or None), Execution(containers, container, config) as streams:
            async for _, data in streams.output():
                kept += data[: OUTPUT_BYTES - len(kept)]
            return Executed(await streams.exit_code(), bytes(kept))
    except TimeoutError:
        return Executed(_KILLED, bytes(kept), timed_out=True)
    except Invalid as error:
        return Executed(_CANNOT_RUN, error.message.encode()[:OUTPUT_BYTES])

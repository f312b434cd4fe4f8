"""Lead a client and a process together until one of them ends."""

import asyncio

from wherry.kit.errors import WherryError
from wherry.kube.machinery.model import Object
from wherry.node.api.caller import FAREWELL_SECONDS, FINISH_SECONDS, Caller, exited, failed, success
from wherry.node.pods.runtime import AsyncContextManagerOfStreams, Streams


async def attend(
    caller: Caller, process: AsyncContextManagerOfStreams, stdin: bool, verb: str, attached: bool = False
) -> None:
    """Until the process has ended and the client has heard it, or the client has gone: then the process ends too,
    if it was opened for it. One whose client has said goodbye may read its input to the end and end by itself: many
    programs send a file to ``tar``, close, and are done (client-python's examples, Ansible's ``k8s_cp``).

    ``verb``: what is being done, for a failure. ``attached``: the process is a container's own, and nothing is said of
    its exit code."""
    result: Object | None
    try:
        async with process as streams:
            code = await _converse(caller, streams, stdin, attached)
            result = None if code is None else success() if attached else exited(code)
    except WherryError as error:
        result = failed(f"error {verb} container: {error.message}")
    if result is None:
        return
    try:
        async with asyncio.timeout(FINISH_SECONDS):
            await caller.finish(result)
    except (ConnectionError, TimeoutError):
        pass  # who has gone hears nothing


async def _converse(caller: Caller, streams: Streams, stdin: bool, attached: bool) -> int | None:
    """The process's exit code; None: nobody wants to know any more."""
    output = asyncio.create_task(_output(caller, streams))
    gone = asyncio.create_task(caller.gone())
    sizes = asyncio.create_task(_sizes(caller, streams))
    feeding = asyncio.create_task(_input(caller, streams) if stdin else asyncio.sleep(0))
    try:
        await asyncio.wait({output, gone}, return_when=asyncio.FIRST_COMPLETED)
        if caller.has_left():
            await asyncio.wait({feeding if attached else output}, timeout=FAREWELL_SECONDS)
            return None
        return output.result() if output.done() else None
    except ConnectionError:
        return None
    finally:
        tasks = (output, gone, sizes, feeding)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _output(caller: Caller, streams: Streams) -> int:
    async for stream, data in streams.output():
        await caller.say(stream, data)
    return await streams.exit_code()


async def _input(caller: Caller, streams: Streams) -> None:
    """Who hears that the client has gone is :meth:`Caller.gone`."""
    try:
        while data := await caller.input():
            await streams.write(data)
    except ConnectionError:
        return
    await streams.close_input()


async def _sizes(caller: Caller, streams: Streams) -> None:
    while True:
        size = await caller.size()
        await streams.resize(size.width, size.height)

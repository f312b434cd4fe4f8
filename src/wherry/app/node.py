"""The daemon: ``python -m wherry.app.node --root=DIR …``, started by the supervisor.

SIGTERM and SIGINT let go of everything, containers go on; so does the end of the lifeline, which is the supervisor's.
SIGUSR2 ends the containers too.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from enum import Enum
from typing import TYPE_CHECKING

from wherry.app.config import Settings
from wherry.app.daemon import HOPELESS, begin
from wherry.engine.runtime.spawning import Launched, launch
from wherry.http import certificates
from wherry.linux.processes import give_back_memory

if TYPE_CHECKING:
    from wherry.app.nodeagent import NodeAgent
    from wherry.app.wiring import Engine

_TIDY_SECONDS = 0.5
_OFTEN = gc.get_threshold()[0]
_SETTINGS = (
    "root",
    "config",
    "log_level",
    "registry_mirror",
    "insecure_registry",
    "registry",
    "plain_http",
    "static_pods",
    "ip_family",
)
log = logging.getLogger("wherry")


class Ending(Enum):
    """What is to become of the containers."""

    KEEP = "keep"
    TEAR_DOWN = "tear down"


def main() -> int:
    """Run until told to stop; the process's exit status."""
    arguments = _arguments()
    settings = begin(arguments, _SETTINGS)
    if settings is None:
        return HOPELESS
    spawner = launch(settings.instance)  # it loads while we do
    import uvloop  # 50 ms; not for a configuration that is wrong

    return uvloop.run(_live(settings, spawner, arguments))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wherry-node")
    parser.add_argument("--root")
    parser.add_argument("--config")
    parser.add_argument("--log-level")
    parser.add_argument("--registry-mirror", action="append")
    parser.add_argument("--insecure-registry", action="append")
    parser.add_argument("--registry")
    parser.add_argument("--static-pods")
    parser.add_argument("--ip-family")
    parser.add_argument("--plain-http", action="store_const", const=True)
    parser.add_argument("--lock-fd", type=int)
    parser.add_argument("--lifeline-fd", type=int)
    parser.add_argument("--tear-down", action="store_true")
    parser.add_argument("--cluster", action="store_true", help="be a node of the instance's own cluster")
    return parser.parse_args()


async def _live(settings: Settings, spawner: Launched, arguments: argparse.Namespace) -> int:
    tear_down = arguments.tear_down
    ending = _told_to_end(arguments.lifeline_fd)
    with certificates.deferred():
        from wherry.app import wiring

    engine = wiring.build(settings, spawner)
    if tear_down:
        engine.serve_registry = None
    try:
        await engine.start()
    except wiring.NotServed as error:
        print(f"wherry: {error.message}", file=sys.stderr)
        return HOPELESS
    asyncio.get_running_loop().call_later(_TIDY_SECONDS, _tidy)
    log.info("answering at unix://%s", settings.instance.socket)
    agent = _agent(engine, settings) if arguments.cluster and not tear_down else None
    running = asyncio.get_running_loop().create_task(agent.run(), name="agent") if agent is not None else None
    how = Ending.TEAR_DOWN if tear_down else await ending
    if how is Ending.TEAR_DOWN:
        log.info("ending the containers and what the instance made in the kernel")
        if agent is not None:
            await agent.end_pods()
    if running is not None:
        running.cancel()
        await asyncio.wait([running])
    if how is Ending.TEAR_DOWN:
        await engine.tear_down()
    else:
        log.info("leaving; containers go on")
        await engine.stop()
    return 0


def _agent(engine: "Engine", settings: Settings) -> "NodeAgent":
    from wherry.app.nodeagent import NodeAgent

    return NodeAgent(engine, settings)


def _tidy() -> None:
    """What is there after the start stays: the collector need not look at it again. Not while a client waits for us."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OFTEN, *gc.get_threshold()[1:])
    give_back_memory()


def _told_to_end(lifeline: int | None) -> asyncio.Future[Ending]:
    """Resolves with the first reason to end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Ending] = loop.create_future()

    def end(how: Ending) -> None:
        if not future.done():
            future.set_result(how)

    loop.add_signal_handler(signal.SIGTERM, end, Ending.KEEP)
    loop.add_signal_handler(signal.SIGINT, end, Ending.KEEP)
    loop.add_signal_handler(signal.SIGUSR2, end, Ending.TEAR_DOWN)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    if lifeline is not None:

        def supervisor_gone() -> None:
            loop.remove_reader(lifeline)
            log.warning("the supervisor is gone")
            end(Ending.KEEP)

        loop.add_reader(lifeline, supervisor_gone)
    return future


if __name__ == "__main__":
    sys.exit(main())

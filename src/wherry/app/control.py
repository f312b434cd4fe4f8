"""The cluster's process: ``python -m wherry.app.control --root=DIR …``, started by the supervisor beside node.

Store, API server and what the API itself needs of controllers. SIGTERM and SIGINT end it, and so does the end of the
lifeline, which is the supervisor's. Whatever is acknowledged is on the disk: it may be killed at any time.
"""

import argparse
import asyncio
import gc
import logging
import signal
import sys

from wherry.app.config import Settings
from wherry.app.cycles import Seldom
from wherry.app.daemon import HOPELESS, begin
from wherry.http import certificates
from wherry.kit.errors import Conflict, Forbidden, Invalid
from wherry.linux.processes import give_back_memory

_TIDY_SECONDS = 0.5
# Later. Ten thousand pods are millions of containers without a cycle among them: to look at them all stops everybody
# for a tenth of a second. With Python's own numbers a fifth of the time that pods are created in went there.
THRESHOLDS = (10_000, 20, 50)
# Until it has started: what is loaded stays, and each look at it costs a start more than the one before.
_SELDOM = 1_000_000
_SETTINGS = ("root", "config", "log_level", "api", "store", "ip_family")
log = logging.getLogger("wherry")


def main() -> int:
    """Run until told to stop; the process's exit status."""
    arguments = _arguments()
    settings = begin(arguments, _SETTINGS)
    if settings is None:
        return HOPELESS
    gc.set_threshold(_SELDOM)
    import uvloop  # 50 ms; not for a configuration that is wrong

    return uvloop.run(_live(settings, arguments.lifeline_fd))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="wherry-control")
    for name in ("--root", "--config", "--log-level", "--api", "--store", "--ip-family"):
        parser.add_argument(name)
    parser.add_argument("--lock-fd", type=int)
    parser.add_argument("--lifeline-fd", type=int)
    return parser.parse_args()


async def _live(settings: Settings, lifeline: int | None) -> int:
    ending = _told_to_end(lifeline)
    with certificates.deferred():
        from wherry.app.cluster import Cluster
    try:
        cluster = await Cluster.start(settings)
    except (Conflict, Forbidden, Invalid) as error:
        print(f"wherry: {error.message}", file=sys.stderr)
        return HOPELESS
    asyncio.get_running_loop().call_later(_TIDY_SECONDS, _tidy)
    log.info("Kubernetes API at %s; kubeconfig %s", cluster.address, cluster.kubeconfig)
    await ending.wait()
    await cluster.stop()
    return 0


def _tidy() -> None:
    """What is there after the start stays: the collector need not look at it again. Not while a client waits for us."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
    gc.callbacks.append(Seldom(THRESHOLDS[0]))
    give_back_memory()


def _told_to_end(lifeline: int | None) -> asyncio.Event:
    """Set by the first reason to end."""
    loop = asyncio.get_running_loop()
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    if lifeline is not None:

        def supervisor_gone() -> None:
            loop.remove_reader(lifeline)
            ending.set()

        loop.add_reader(lifeline, supervisor_gone)
    return ending


if __name__ == "__main__":
    sys.exit(main())

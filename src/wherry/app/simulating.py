"""``wherry simulate``: the process that has the nodes, from its first request to the last."""

import asyncio
import gc
import signal
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from wherry.kit.errors import Conflict
from wherry.kube.client.clock import SystemClock
from wherry.kube.client.connection import of_kubeconfig
from wherry.kube.client.http import Asked, HttpApiClient, path_of
from wherry.kube.pki.kubeconfig import parse
from wherry.node.pods.machine.nodes import NODES
from wherry.node.simulation.counts import Progress
from wherry.node.simulation.lanes import Lanes
from wherry.node.simulation.simulation import Plan, Simulation, running

_AGENT = "wherry-simulate"
_AT_ONCE = 64
"""Requests of each lane. A busy server takes a while for each, and leases have to be renewed then, too. Each waits for
the server's disk, and those that wait together share a commit."""
_LOOK_SECONDS = 0.2
_SELDOM = 50_000
"""Objects made between two looks of the collector: most of what is made here stays."""


@dataclass(frozen=True, slots=True)
class Console:
    """``say`` is given what has come to be; ``show`` how far it is, again and again."""

    say: Callable[[str], None]
    show: Callable[[Progress], None]


async def simulate(kubeconfig: Path, plan: Plan, keep: bool, console: Console) -> None:
    """Until SIGINT or SIGTERM; then the nodes are removed, unless they are to be kept. A second signal ends that.

    Raises StatusError, Unavailable or Invalid before there is any node, Conflict for a name that is taken, or when
    somebody else takes the nodes over."""
    gc.set_threshold(_SELDOM, 50, 100)
    ending, leaving = _signals()
    clock = SystemClock()
    connection = of_kubeconfig(parse(kubeconfig.read_text()), directory=kubeconfig.parent)
    async with AsyncExitStack() as stack:
        client, pods = [
            await stack.enter_async_context(HttpApiClient(connection, clock, _AGENT, at_once=_AT_ONCE))
            for _ in range(2)
        ]
        found = await stack.enter_async_context(running(Lanes(client, pods), clock, plan))
        await client.ask(Asked("POST", path_of(NODES), {"dryRun": "All", "fieldValidation": "Strict"}, found.sample()))
        showing = asyncio.create_task(_show(found, console, plan, clock.monotonic()))
        try:
            await found.begin()
            await _first(ending, found.was_displaced)
        finally:
            showing.cancel()
        await found.end()
        if found.was_displaced.is_set():
            raise Conflict(f"another simulation has taken over nodes of the prefix {plan.prefix}: they are left to it")
        if keep:
            console.say(f"{_nodes(plan.count)} stay in the API, and are not ready soon")
        else:
            await _remove(found, console, leaving)


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Set by the first and by the second of them."""
    loop = asyncio.get_running_loop()
    ending, leaving = asyncio.Event(), asyncio.Event()

    def told() -> None:
        (leaving if ending.is_set() else ending).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    return ending, leaving


async def _show(found: Simulation, console: Console, plan: Plan, begun: float) -> None:
    """Until cancelled."""
    clock, is_said = SystemClock(), False
    while True:
        progress = found.progress
        if progress.ready >= plan.count and not is_said:
            is_said = True
            console.say(f"{_nodes(plan.count)} ready after {clock.monotonic() - begun:.1f} s")
            gc.freeze()
        console.show(progress)
        await clock.sleep(_LOOK_SECONDS)


async def _first(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(each.wait()) for each in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()


async def _remove(found: Simulation, console: Console, leaving: asyncio.Event) -> None:
    count = found.progress.nodes
    console.say(f"removing {_nodes(count)} and the pods on them")
    removing, left = asyncio.create_task(found.remove()), asyncio.create_task(leaving.wait())
    try:
        await asyncio.wait({removing, left}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (removing, left):
            task.cancel()
    with suppress(asyncio.CancelledError):
        pods = await removing
        console.say(f"{_nodes(count)} and {pods} {'pod' if pods == 1 else 'pods'} are gone")
        return
    console.say("left before all were removed")


def _nodes(count: int) -> str:
    return f"{count} {'node' if count == 1 else 'nodes'}"

"""Ending what runs of a pod, and nothing else of it: for a pod that runs again when the instance does."""

import asyncio

from wherry.node.pods import view
from wherry.node.pods.life.ending import LEAST_SECONDS
from wherry.node.pods.life.model import StopContainer
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.view import Role
from wherry.node.pods.workers.case import Case
from wherry.node.pods.workers.starting import ips
from wherry.node.pods.workers.stopping import stop


async def halt(case: Case, most_seconds: float) -> None:
    """In the order and with the hooks of a pod's end, within its grace period, but at most that time. The API is told
    nothing, and nothing is removed. What cannot be stopped is left to who comes next."""
    begun, grace = case.tools.clock.monotonic(), min(float(view.grace_seconds(case.pod)), most_seconds)
    for together in _rounds(case):
        left = max(begun + grace - case.tools.clock.monotonic(), LEAST_SECONDS)
        await asyncio.gather(*(_stop(case, each, left) for each in together), return_exceptions=True)


def _rounds(case: Case) -> list[list[Container]]:
    """Sidecars after the others, in the reverse of their order."""
    running = [each for each in case.containers() if each.state is State.RUNNING]
    sidecars = [member.name for member in view.of_role(case.pod, Role.SIDECAR)]
    found = [[each for each in running if each.name not in sidecars]]
    return found + [[each for each in running if each.name == name] for name in reversed(sidecars)]


async def _stop(case: Case, run: Container, seconds: float) -> None:
    action = StopContainer(run.id, run.name, seconds, f"Stopping container {run.name}")
    address = next(iter(ips(case.tools, case.pod, case.sandbox)), "")
    await stop(case.tools, case.voice, view.member(case.pod, run.name), action, ip=address, drain=False)

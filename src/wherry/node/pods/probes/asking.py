"""Asking a container once, in the way that its probe says (pkg/probe)."""

import asyncio
from collections.abc import Sequence

from wherry.kit.errors import Invalid, WherryError
from wherry.kube.machinery.model import Object
from wherry.node.pods.probes import grpchealth, httpget, targets
from wherry.node.pods.probes.counting import Timing
from wherry.node.pods.probes.model import PASSED, Outcome, Result, Target
from wherry.node.pods.runtime import PodRuntime

_REDIRECTS = 10
_MARGIN_SECONDS = 5.0
"""For how much longer than its timeout a command is waited for: to end it takes a moment, too."""


class NetworkProber:
    """The real one: over the network, and by commands inside the container."""

    def __init__(self, runtime: PodRuntime) -> None:
        self._runtime = runtime

    async def ask(self, probe: Object, target: Target) -> Outcome:
        timing = Timing.of(probe)
        try:
            if probe.get("exec") is not None:
                return await self._execute(probe["exec"].get("command") or (), target, timing)
            if probe.get("httpGet") is not None:
                return await _get(targets.request(probe["httpGet"], target.container, target.ip), timing)
            if probe.get("tcpSocket") is not None:
                return await _connect(probe["tcpSocket"], target, timing)
            if probe.get("grpc") is not None:
                return await _call(probe["grpc"], target, timing)
            return Outcome(Result.UNKNOWN, "missing probe handler")
        except Invalid as error:
            return Outcome(Result.UNKNOWN, error.message)

    async def _execute(self, command: Sequence[str], target: Target, timing: Timing) -> Outcome:
        try:
            async with asyncio.timeout(timing.timeout + _MARGIN_SECONDS):
                done = await self._runtime.execute(target.id, tuple(command), timing.timeout)
        except TimeoutError:
            return _timed_out(command, timing)
        except (WherryError, OSError) as error:
            return Outcome(Result.UNKNOWN, str(error))
        if done.timed_out:
            return _timed_out(command, timing)
        text = done.output.decode("utf-8", "replace")
        return Outcome(Result.FAILURE, text) if done.exit_code else PASSED


def _timed_out(command: Sequence[str], timing: Timing) -> Outcome:
    shown = " ".join(command)
    return Outcome(Result.FAILURE, f'command timed out: "{shown}" timed out after {timing.timeout:g}s')


async def _get(request: targets.Request, timing: Timing) -> Outcome:
    """Passes with 200 to 399. A redirect is followed on the same host; to another it is enough that it answers."""
    for _ in range(_REDIRECTS):
        try:
            answer = await httpget.get(request, timing.timeout)
        except httpget.Unanswered as error:
            return Outcome(Result.FAILURE, f'Get "{request.url}": {error}')
        if not (300 <= answer.status < 400 and answer.location):
            break
        following = targets.redirected(request, answer.location)
        if following is None:
            said = "Probe terminated redirects, Response body: "
            return Outcome(Result.WARNING, said)
        request = following
    else:
        return Outcome(Result.FAILURE, f'Get "{request.url}": stopped after {_REDIRECTS} redirects')
    if 200 <= answer.status < 400:
        return PASSED
    return Outcome(Result.FAILURE, f"HTTP probe failed with statuscode: {answer.status}")


async def _connect(action: Object, target: Target, timing: Timing) -> Outcome:
    host, port = str(action.get("host") or target.ip), targets.port_number(action.get("port"), target.container)
    where = targets.authority(host, port)
    try:
        async with asyncio.timeout(timing.timeout):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return Outcome(Result.FAILURE, f"dial tcp {where}: i/o timeout")
    except OSError as error:
        return Outcome(Result.FAILURE, f"dial tcp {where}: {httpget.reason(error)}")
    writer.transport.abort()
    return PASSED


async def _call(action: Object, target: Target, timing: Timing) -> Outcome:
    port = targets.port_number(action.get("port"), target.container)
    try:
        await grpchealth.check(target.ip, port, str(action.get("service") or ""), timing.timeout)
    except grpchealth.Unhealthy as error:
        return Outcome(Result.FAILURE, str(error))
    return PASSED

"""Ending a container: no new connections, preStop, the signal, and in the end the kill."""

import asyncio

from wherry.kube.machinery.model import Object
from wherry.node.pods.life.ending import LEAST_SECONDS
from wherry.node.pods.life.model import StopContainer
from wherry.node.pods.probes.model import Target
from wherry.node.pods.view import Member
from wherry.node.pods.voice import Voice
from wherry.node.pods.workers import hooks
from wherry.node.pods.workers.tools import Tools


async def stop(
    tools: Tools, voice: Voice, member: Member | None, action: StopContainer, *, ip: str, drain: bool
) -> None:
    """``member`` None: nobody knows its spec any more. ``drain``: the whole pod ends, and nobody is to be led to it
    any more before it is told so. Raises what the runtime does."""
    begun = tools.clock.monotonic()
    tools.probes.stop_killing(action.id)
    voice.say("Killing", action.message, member)
    leaving = [_drain(tools, voice.pod)] if drain else []
    hook = ((member.container if member else {}).get("lifecycle") or {}).get("preStop")
    if hook and member is not None and action.hook:
        leaving.append(_part(tools, voice, member, action, hook, ip))
    if leaving:
        await asyncio.gather(*leaving)
    left = max(action.grace_seconds - (tools.clock.monotonic() - begun), LEAST_SECONDS)
    signal = ((member.container if member else {}).get("lifecycle") or {}).get("stopSignal") or ""
    await tools.runtime.stop_container(action.id, left, signal)


async def _drain(tools: Tools, pod: Object) -> None:
    await tools.drain(pod)


async def _part(tools: Tools, voice: Voice, member: Member, action: StopContainer, hook: Object, ip: str) -> None:
    """preStop, for as long as the grace period is."""
    target = Target(action.id, member.container, ip)
    hooked = asyncio.ensure_future(hooks.run(tools.runtime, tools.clock, hook, target, action.grace_seconds))
    over = asyncio.Event()
    timer = tools.clock.call_later(action.grace_seconds, over.set)
    waiting = asyncio.ensure_future(over.wait())
    try:
        await asyncio.wait({hooked, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if hooked.done() and hooked.exception() is None:
            return
        voice.warn("FailedPreStopHook", "PreStopHook failed", member)
    finally:
        timer.cancel()
        for each in (hooked, waiting):
            each.cancel()

"""Lifecycle hooks: a command inside, a request, a pause (pkg/kubelet/lifecycle/handlers.go)."""

from wherry.kit.errors import Invalid, WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.machinery.model import Object
from wherry.node.pods.probes import httpget, targets
from wherry.node.pods.probes.model import Target
from wherry.node.pods.runtime import PodRuntime

_LONGEST_SECONDS = 24 * 3600.0


class HookFailed(WherryError):
    """The message says how."""


async def run(runtime: PodRuntime, clock: Clock, hook: Object, target: Target, limit_seconds: float | None) -> None:
    """None: as long as it takes. Raises HookFailed; a hook that takes too long has failed."""
    seconds = _LONGEST_SECONDS if limit_seconds is None else limit_seconds
    if hook.get("exec") is not None:
        await _execute(runtime, hook["exec"].get("command") or [], target, seconds)
    elif hook.get("httpGet") is not None:
        await _get(hook["httpGet"], target, seconds)
    elif hook.get("sleep") is not None:
        await clock.sleep(min(float(hook["sleep"].get("seconds") or 0), seconds))
    else:
        raise HookFailed(f"invalid handler: {', '.join(hook) or 'none'}")


async def _execute(runtime: PodRuntime, command: list[str], target: Target, seconds: float) -> None:
    try:
        done = await runtime.execute(target.id, tuple(command), seconds)
    except (WherryError, OSError) as error:
        raise HookFailed(str(error)) from error
    if done.timed_out:
        raise HookFailed(f"command '{' '.join(command)}' did not end within {seconds:g} seconds")
    if done.exit_code:
        said = done.output.decode("utf-8", "replace")
        raise HookFailed(f"command '{' '.join(command)}' exited with {done.exit_code}: {said}")


async def _get(action: Object, target: Target, seconds: float) -> None:
    """Any answer will do."""
    try:
        request = targets.request(action, target.container, target.ip, targets.LIFECYCLE_AGENT)
        await httpget.get(request, seconds)
    except (httpget.Unanswered, Invalid) as error:
        raise HookFailed(str(error)) from error

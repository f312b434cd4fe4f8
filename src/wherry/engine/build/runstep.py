"""From a RUN of a Dockerfile to a program, its mounts and its environment; found in the cache or run."""

from contextlib import AsyncExitStack

from wherry.engine.build.cache import CachedLayer, key
from wherry.engine.build.layers import Target
from wherry.engine.build.model import BuildFailed, Output
from wherry.engine.build.mounts import SecretFile
from wherry.engine.build.runmounts import Mounted, mounted, still_holds
from wherry.engine.build.running import Command, Outcome
from wherry.engine.build.stepping import Step
from wherry.engine.dockerfile.model import Run
from wherry.engine.dockerfile.running import Script, script
from wherry.engine.dockerfile.scope import proxy_environment
from wherry.engine.dockerfile.words import quoted
from wherry.kit.errors import Forbidden

_EPOCH = "SOURCE_DATE_EPOCH"
_DEFAULT_NETWORK = "default"


async def run_run(step: Step, one: Run) -> CachedLayer:
    """The layer of a resolved RUN. BuildFailed when the program fails."""
    _check_allowed(step, one)
    what = script(one, step.state.config.shell)
    async with AsyncExitStack() as stack:
        mounts = await mounted(step, one, stack)
        return await step.made(
            _key(step, one, what, mounts),
            lambda target: _run(step, one, what, mounts, target),
            lambda: still_holds(step, mounts),
        )


def _check_allowed(step: Step, one: Run) -> None:
    """What goes beyond a container's usual rights must be allowed by whoever asks for the build."""
    allowed = step.job.options.allow
    if one.security == "insecure" and "security.insecure" not in allowed:
        raise Forbidden("security.insecure is not allowed: give --allow security.insecure")
    if one.network == "host" and step.job.options.network != "host" and "network.host" not in allowed:
        raise Forbidden("network.host is not allowed: give --allow network.host")
    if one.devices:
        raise Forbidden("RUN --device is not available in this version of Wherry")


def _network(step: Step, one: Run) -> str:
    return step.job.options.network if one.network == _DEFAULT_NETWORK else one.network


def _key(step: Step, one: Run, what: Script, mounts: Mounted) -> str:
    """Everything that may change what the program does; never secrets, proxies, or what is in a cache."""
    state = step.state
    return key(
        "run",
        step.target.parent,
        list(what.arguments),
        what.file_content,
        dict(state.scope.values),
        state.config.working_dir,
        state.config.user,
        _network(step, one),
        one.security,
        list(mounts.marks),
        list(step.job.options.extra_hosts),
        state.epoch_seconds,
        str(state.platform),
    )


def _environment(step: Step, mounts: Mounted) -> list[str]:
    values = dict(step.state.scope.values)
    for name, value in proxy_environment(step.job.options.build_args).items():
        values.setdefault(name, value)
    if step.state.epoch_seconds is not None:
        values.setdefault(_EPOCH, str(step.state.epoch_seconds))
    values |= mounts.environment
    return [f"{name}={value}" for name, value in values.items()]


async def _run(step: Step, one: Run, what: Script, mounts: Mounted, target: Target) -> CachedLayer:
    state, options = step.state, step.job.options
    trees = mounts.trees
    points = list(mounts.points)
    if what.file_name:
        file = SecretFile(what.file_name, what.file_content.encode(), mode=0o755)
        trees, points = trees.with_file(file), [*points, file.point]
    command = Command(
        arguments=what.arguments,
        environment=_environment(step, mounts),
        directory=state.config.working_dir or "/",
        user=state.config.user,
        network=_network(step, one),
        insecure=one.security == "insecure",
        limits=options.limits,
        extra_hosts=options.extra_hosts,
        mounts=points,
        trees=trees.make if trees else None,
    )
    tell, vertex = step.job.tell, step.telling.vertex
    outcome = await step.job.engine.runner.run(command, target, lambda stream, data: tell(Output(vertex, stream, data)))
    if outcome.layer is None:
        raise _failure(what, outcome)
    return outcome.layer


def _failure(what: Script, outcome: Outcome) -> BuildFailed:
    shown = " ".join(what.arguments)
    if outcome.message:
        return BuildFailed(f"process {quoted(shown)} could not be started: {outcome.message}", "", shown, outcome.code)
    reason = f"exit code: {outcome.code}" + (": out of memory" if outcome.oom_killed else "")
    return BuildFailed(f"process {quoted(shown)} did not complete successfully: {reason}", "", shown, outcome.code)

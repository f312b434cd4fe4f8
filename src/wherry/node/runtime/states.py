"""The engine's rows in the agent's words: pure."""

from wherry.engine.containers.model import State as EngineState
from wherry.engine.containers.row import Container as Row
from wherry.engine.sandboxes import PodSandbox
from wherry.node.pods.runtime import Container, Sandbox, SandboxSpec, State

_STATES = {
    EngineState.CREATED: State.CREATED,
    EngineState.RUNNING: State.RUNNING,
    EngineState.PAUSED: State.RUNNING,
    EngineState.RESTARTING: State.RUNNING,
}
CANNOT_RUN, OOM_KILLED, COMPLETED, ERROR = "StartError", "OOMKilled", "Completed", "Error"
UNKNOWN = "Unknown"
"""Nobody saw its end: the machine was started again, or its shim was killed (as containerd says it)."""
_UNSEEN = 255
_NOT_STARTED = 128
"""Exit code of what never ran (containerd's errorStartExitCode); the engine has Docker's 126 and 127 for it."""


def sandbox(row: PodSandbox, spec: SandboxSpec, addresses: tuple[str, ...], ready: bool) -> Sandbox:
    return Sandbox(row.id, spec, row.created, addresses, ready)


def container(row: Row, image_reference: str, log: str, layer: str = "") -> Container:
    """One that could not be started has ended: there is no second start."""
    part = row.pod
    assert part is not None
    failed = row.state is EngineState.CREATED and bool(row.finished)
    state = State.EXITED if failed else _STATES.get(row.state, State.EXITED)
    ended = state is State.EXITED
    return Container(
        id=row.id,
        sandbox=part.sandbox,
        name=part.name,
        attempt=part.attempt,
        state=state,
        image=row.image,
        image_reference=image_reference,
        created_ns=row.created,
        started_ns=row.started,
        finished_ns=row.finished if ended else 0,
        exit_code=_NOT_STARTED if failed else row.exit_code if ended else 0,
        reason=_reason(row, failed) if ended else "",
        message=row.error if ended else "",
        pid=row.pid,
        log=log,
        layer=layer,
        labels=part.labels,
        annotations=part.annotations,
    )


def _reason(row: Row, failed: bool) -> str:
    if failed:
        return CANNOT_RUN
    if row.oom_killed:
        return OOM_KILLED
    if row.exit_code == _UNSEEN and row.error:
        return UNKNOWN
    return ERROR if row.exit_code else COMPLETED

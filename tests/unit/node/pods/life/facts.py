"""Facts about pods, for tests of plans."""

from dataclasses import replace

from tests.unit.node.pods.rig import container, pod
from wherry.kube.machinery.model import Object
from wherry.node.pods.composing.containers import BACKOFF, IMAGE
from wherry.node.pods.life.model import Ending, Facts
from wherry.node.pods.runtime import Container, Sandbox, SandboxSpec, State

SECOND = 1_000_000_000


def sandbox(attempt: int = 0, ready: bool = True) -> Sandbox:
    return Sandbox(f"s{attempt}", SandboxSpec("uid-web", "default", "web", "web", attempt), 1, ("10.0.0.2",), ready)


def run(
    name: str = "web", attempt: int = 0, state: State = State.RUNNING, *, code: int = 0, backoff: float = 0.0,
    ran_seconds: float = 1.0, home: str = "s0", image: str = "demo:1",
) -> Container:  # fmt: skip
    annotations = {IMAGE: image, **({BACKOFF: f"{backoff:g}"} if backoff else {})}
    created = (attempt + 1) * 1000 * SECOND
    ended = created + int(ran_seconds * SECOND) if state is State.EXITED else 0
    return Container(
        f"{name}-{attempt}-{home}", home, name, attempt, state, "sha256:1", "demo@1", created,
        started_ns=0 if state is State.CREATED else created, finished_ns=ended, exit_code=code,
        annotations=annotations,
    )  # fmt: skip


def ended(name: str = "web", attempt: int = 0, code: int = 0, **more: object) -> Container:
    return run(name, attempt, State.EXITED, code=code, **more)  # type: ignore[arg-type]


def facts(made: Object | None = None, *runs: Container, **more: object) -> Facts:
    """Of a pod with a sandbox and volumes, whose containers ended a moment ago."""
    usual: dict[str, object] = {
        "sandboxes": (sandbox(),), "has_volumes": True,
        "ended_seconds": {each.id: 0.0 for each in runs if each.state is State.EXITED},
    }  # fmt: skip
    return replace(Facts(made or pod(), 1000.0, containers=runs), **{**usual, **more})  # type: ignore[arg-type]


def ending(grace: float = 30.0, since: float = 1000.0) -> Ending:
    return Ending(grace, since)


__all__ = ["container", "ended", "ending", "facts", "pod", "run", "sandbox"]

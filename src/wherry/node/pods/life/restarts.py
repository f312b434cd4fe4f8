"""Whether and when a container that has ended starts again (pkg/kubelet/container/helpers.go, client-go Backoff)."""

from wherry.kube.kinds.pod import restarting
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing.containers import BACKOFF, is_changed
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.view import Member, Role

FIRST_SECONDS = 10.0
LONGEST_SECONDS = 300.0
_FORGIVEN_SECONDS = 2 * LONGEST_SECONDS
"""Who ran for longer begins anew."""


def restarts(pod: Object, member: Member, exit_code: int) -> bool:
    """Whether a container that ended so is started again. An ephemeral one never is."""
    return member.role is not Role.EPHEMERAL and restarting.restarts(pod["spec"], member.container, exit_code)


def should_start(pod: Object, member: Member, last: Container) -> bool:
    """``last``: its newest run, which has ended."""
    return is_changed(member, last.annotations) or restarts(pod, member, last.exit_code)


def wait_seconds(last: Container | None) -> float:
    """How long after the end of ``last`` the next start is due. The first time it is due at once."""
    if last is None or _is_forgiven(last):
        return 0.0
    return _backoff(last)


def grown_seconds(last: Container | None) -> float:
    """What the run after ``last`` is marked with; 0 for the very first."""
    if last is None:
        return 0.0
    if last.state is State.CREATED:
        return _backoff(last)  # that was no run: the next one is the same
    before = 0.0 if _is_forgiven(last) else _backoff(last)
    return min(max(before * 2, FIRST_SECONDS), LONGEST_SECONDS)


def _backoff(last: Container) -> float:
    try:
        return min(float(last.annotations.get(BACKOFF, "0")), LONGEST_SECONDS)
    except ValueError:
        return 0.0


def _is_forgiven(last: Container) -> bool:
    begun = last.started_ns or last.created_ns
    return last.finished_ns - begun > _FORGIVEN_SECONDS * 1e9


def crash_loop(pod: Object, name: str, seconds: float) -> tuple[str, str]:
    """Reason and message of who waits for ``seconds`` altogether."""
    shown = duration(seconds)
    said = f"back-off {shown} restarting failed container={name} pod={view.full_name(pod)}"
    return "CrashLoopBackOff", said


def duration(seconds: float) -> str:
    """As Go writes it, of whole seconds: ``10s``, ``2m40s``, ``5m0s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"

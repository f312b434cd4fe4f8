"""Probes of what runs, and words about what waits."""

from collections.abc import Callable

from wherry.node.pods import view
from wherry.node.pods.life.model import Facts, Plan, StartContainer
from wherry.node.pods.probes.model import Target
from wherry.node.pods.probes.watching import Listener, Subject
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.view import Member, Role
from wherry.node.pods.workers.case import Case
from wherry.node.pods.workers.memory import recalled
from wherry.node.pods.workers.starting import ips

_PROBED = (Role.SIDECAR, Role.REGULAR)


def watch(case: Case, facts: Facts, listener: Listener) -> None:
    """Begin to probe what has come to run, and leave alone what does not run any more."""
    probes = case.tools.probes
    for run in facts.containers:
        if run.state is not State.RUNNING:
            probes.stop(run.id)
        elif facts.ending is not None:
            probes.stop_killing(run.id)
        elif not probes.is_watched(run.id) and StartContainer(run.name, 0).key not in facts.busy:
            member = view.member(facts.pod, run.name)
            if member is not None and member.role in _PROBED:
                probes.watch(_subject(case, facts, member, run), listener)


def _subject(case: Case, facts: Facts, member: Member, run: Container) -> Subject:
    address = next(iter(ips(case.tools, facts.pod, case.sandbox)), "")
    age = max(case.tools.clock.now().timestamp() - run.started_ns / 1e9, 0.0)
    return Subject(Target(run.id, member.container, address), age, recalled(facts.pod, run))


def announce(case: Case, facts: Facts, plan: Plan) -> None:
    """Each wait once."""
    for name, (reason, message) in plan.waiting.items():
        say = _WORDS.get(reason)
        if say is None:
            continue
        what = facts.newest().get(name)
        about = (reason, what.id if what else "", message)
        if case.memory.announced.get(name) != about:
            case.memory.announced[name] = about
            say(case, view.member(facts.pod, name), message)


def _crash_loop(case: Case, member: Member | None, message: str) -> None:
    name = member.name if member else ""
    said = f"Back-off restarting failed container {name} in pod {view.full_name(case.pod)}"
    case.voice.warn("BackOff", said, member)


def _pull(case: Case, member: Member | None, message: str) -> None:
    image = (member.container.get("image") or "") if member else ""
    case.voice.say("BackOff", f'Back-off pulling image "{image}"', member)
    case.voice.warn("Failed", "Error: ImagePullBackOff", member)


def _no_image(case: Case, member: Member | None, message: str) -> None:
    case.voice.warn("Failed", "Error: ErrImagePull", member)


def _other(reason: str) -> Callable[[Case, Member | None, str], None]:
    return lambda case, member, message: case.voice.warn("Failed", f"Error: {reason}", member)


_WORDS: dict[str, Callable[[Case, Member | None, str], None]] = {
    "CrashLoopBackOff": _crash_loop,
    "ImagePullBackOff": _pull,
    "ErrImagePull": _no_image,
    "ErrImageNeverPull": _other("ErrImageNeverPull"),
    "InvalidImageName": _other("InvalidImageName"),
}

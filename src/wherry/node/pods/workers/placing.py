"""A pod as the kubelet's API asks for it."""

from collections.abc import Sequence

from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.life.model import Plan
from wherry.node.pods.lookup import ContainerPlace, PodPlace
from wherry.node.pods.runtime import Container, State
from wherry.node.pods.workers.case import Case


def place(case: Case, shown: Object, plan: Plan) -> PodPlace:
    """``shown``: the pod with its newest status."""
    runs: dict[str, list[Container]] = {}
    for run in case.containers():
        runs.setdefault(run.name, []).append(run)
    sandbox = case.sandbox
    found = {each.name: _container(each.name, runs.get(each.name, []), plan) for each in view.members(case.pod)}
    return PodPlace(shown, case.uid, sandbox.id if sandbox else "", found)


def _container(name: str, runs: Sequence[Container], plan: Plan) -> ContainerPlace:
    waiting = plan.waiting.get(name, ("", ""))[0]
    made = [run for run in runs if run.state is not State.CREATED]
    if not made:
        return ContainerPlace(name, waiting=waiting or "ContainerCreating")
    run = made[-1]
    before = made[-2] if len(made) > 1 else None
    return ContainerPlace(
        name=name,
        id=run.id,
        running=run.state is State.RUNNING,
        log=run.log,
        previous_id=before.id if before else "",
        previous_log=before.log if before else "",
        waiting=waiting,
    )

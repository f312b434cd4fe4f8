"""All containers of a pod begin anew."""

from collections.abc import Mapping

import pytest

from tests.unit.node.pods.life.facts import ended, facts, run, sandbox
from tests.unit.node.pods.rig import container, pod
from wherry.kube.kinds.pod.restarting import ALL
from wherry.kube.machinery.model import Object
from wherry.node.pods.life import anew
from wherry.node.pods.life.model import (
    Abort,
    Facts,
    MountVolumes,
    RemoveContainer,
    StartContainer,
    StartSandbox,
    StopContainer,
)
from wherry.node.pods.life.running import plan
from wherry.node.pods.runtime import Container

RULES = [{"action": ALL, "exitCodes": {"operator": "In", "values": [42]}}]
TOLD = {"type": anew.CONDITION, "status": "True"}


def made(*told: Object, known: Mapping[str, Container] | None = None, **more: object) -> Object:
    """Setup, sidecar, web and helper; web asks for it with 42. ``known``: runs that the API knows."""
    found = pod("web", container(restartPolicyRules=RULES), container("helper"), restartPolicy="Never", **more)
    sidecar = {**container("side"), "restartPolicy": "Always"}
    found["spec"]["initContainers"] = [container("setup"), sidecar]
    found["status"]["conditions"] = list(told)
    found["status"]["containerStatuses"] = [
        {"name": name, "containerID": f"wherry://{each.id}", "restartCount": each.attempt}
        for name, each in (known or {}).items()
    ]
    return found


RUNS = (ended("setup"), run("side"), run("helper"), ended("web", code=42))
DONE = (ended("setup"), ended("side", code=137), ended("helper", code=137), ended("web", code=42))


def names(found: Facts) -> list[str]:
    """What is done to which container."""
    return [f"{type(each).__name__} {each.id}" for each in plan(found).actions]  # type: ignore[union-attr]


def test_all_that_runs_ends_at_once() -> None:
    found = plan(facts(made(), *RUNS))
    stops = [each for each in found.actions if isinstance(each, StopContainer)]
    assert [(each.name, each.grace_seconds, each.hook) for each in stops] == [("side", 0, False), ("helper", 0, False)]
    assert len(stops) == len(found.actions) and not found.has_ended
    assert anew.is_under_way(facts(made(), *RUNS))


def test_what_is_being_started_is_given_up_and_waited_for() -> None:
    found = facts(made(TOLD), *DONE, busy=frozenset({"start helper", "volumes"}))
    assert plan(found).actions == (Abort("start helper"),)


def test_nothing_is_removed_before_the_api_has_heard_of_it() -> None:
    every = {each.name: each for each in DONE}
    assert names(facts(made(known=every), *DONE)) == []
    assert names(facts(made(TOLD, known=every), *DONE)) == [
        "RemoveContainer setup-0-s0", "RemoveContainer side-0-s0", "RemoveContainer helper-0-s0",
    ]  # fmt: skip
    del every["helper"]
    assert "RemoveContainer helper-0-s0" not in names(facts(made(TOLD, known=every), *DONE))


def test_who_asked_for_it_goes_last_and_may_have_to_wait() -> None:
    last = ended("web", attempt=2, code=42, backoff=20.0)
    of_pod = made(TOLD, known={"web": last})
    waiting = plan(facts(of_pod, last, ended_seconds={last.id: 5.0}))
    assert (waiting.actions, waiting.again_seconds) == ((), 15.0)
    assert waiting.waiting["web"][0] == "CrashLoopBackOff"
    due = plan(facts(of_pod, last, ended_seconds={last.id: 20.0}))
    assert due.actions == (RemoveContainer(last.id, "web", 40.0),)


def test_then_the_pod_starts_as_a_new_one_whose_counts_go_on() -> None:
    every = {each.name: each for each in DONE}
    found = facts(made(TOLD, known=every), backoffs={"web": 10.0})
    assert not anew.is_under_way(found) and plan(found).actions == (), "the API is told first"
    begun = facts(made(known=every), backoffs={"web": 10.0})
    assert plan(begun).actions == (StartContainer("setup", 1),)
    ready = facts(made(known=every), ended("setup", attempt=1), run("side", attempt=1), backoffs={"web": 10.0})
    assert set(plan(ready).actions) == {StartContainer("web", 1, 10.0), StartContainer("helper", 1)}


def test_runs_of_a_sandbox_that_was_lost_are_not_counted_on_from() -> None:
    older, newer = ended("web", attempt=1, code=42), ended("web", attempt=2, code=42, home="s1")
    found = facts(made(TOLD, known={"web": newer}), older, newer, sandboxes=(sandbox(0), sandbox(1)))
    assert names(found) == ["RemoveContainer web-1-s0"]
    assert names(facts(made(TOLD, known={"web": newer}), newer, sandboxes=(sandbox(1),))) == [
        "RemoveContainer web-2-s1",
    ]  # fmt: skip


def test_a_sandbox_that_is_lost_meanwhile_is_made_again() -> None:
    found = plan(facts(made(), *DONE, sandboxes=(sandbox(ready=False),), has_volumes=False))
    assert found.actions == (StartSandbox(1), MountVolumes()) and not found.has_ended


def test_pods_of_the_machine_s_own_wait_for_nobody() -> None:
    own = made()
    own["metadata"]["annotations"] = {"kubernetes.io/config.source": "file"}
    assert len(names(facts(own, *DONE))) == 3
    assert names(facts(own, DONE[-1])) == ["RemoveContainer web-0-s0"]


@pytest.mark.parametrize("code", [0, 41])
def test_other_ends_are_as_ever(code: int) -> None:
    found = facts(made(), *RUNS[:-1], ended("web", code=code))
    assert plan(found).actions == () and not anew.is_under_way(found)


def test_ephemeral_containers_have_no_part_in_it() -> None:
    of_pod = made()
    of_pod["spec"]["ephemeralContainers"] = [{**container("debug"), "restartPolicyRules": RULES}]
    assert not anew.is_under_way(facts(of_pod, ended("debug", code=42)))
    assert [each.name for each in plan(facts(of_pod, *RUNS, run("debug"))).actions] == ["side", "helper"]  # type: ignore[union-attr]
    assert not anew.is_wanted(of_pod, ended("gone", code=42)) and not anew.is_wanted(of_pod, run())

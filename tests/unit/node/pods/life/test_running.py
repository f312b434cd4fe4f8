"""What a pod needs next to run."""

from dataclasses import replace

from tests.unit.node.pods.life.facts import ended, facts, run, sandbox
from tests.unit.node.pods.rig import container, pod
from wherry.node.pods.life.model import (
    Facts,
    MountVolumes,
    Probed,
    RemoveContainer,
    RemoveSandbox,
    Resize,
    StartContainer,
    StartSandbox,
    StopContainer,
    Trouble,
)
from wherry.node.pods.life.running import plan
from wherry.node.pods.runtime import Limits, State


def test_first_a_sandbox_and_volumes() -> None:
    assert plan(Facts(pod(), 0.0)).actions == (StartSandbox(0), MountVolumes())


def test_without_volumes_nothing_starts() -> None:
    assert plan(facts(has_volumes=False)).actions == (MountVolumes(),)


def test_then_all_containers_at_once() -> None:
    made = pod("web", container(), container("b"))
    assert plan(facts(made)).actions == (StartContainer("web", 0), StartContainer("b", 0))


def test_what_runs_is_left_alone() -> None:
    assert plan(facts(None, run())).actions == ()


def test_what_is_under_way_is_not_begun_again() -> None:
    found = plan(facts(busy=frozenset({"start web"})))
    assert (found.actions, found.has_ended) == ((), False)


def test_what_was_made_and_not_started_is_begun_again_with_its_number() -> None:
    made = run(attempt=2, state=State.CREATED, backoff=20.0)
    assert plan(facts(None, made)).actions == (StartContainer("web", 2, 20.0),)


def test_who_ended_starts_again_and_is_marked() -> None:
    assert plan(facts(None, ended(code=1))).actions == (StartContainer("web", 1, 10.0),)


def test_and_then_has_to_wait() -> None:
    last = ended(attempt=3, code=1, backoff=40.0)
    found = plan(facts(None, last, ended_seconds={last.id: 15.0}))
    assert (found.actions, found.again_seconds) == ((), 25.0)
    assert found.waiting["web"][0] == "CrashLoopBackOff"
    due = plan(facts(None, last, ended_seconds={last.id: 40.0}))
    assert due.actions == (StartContainer("web", 4, 80.0),)


def test_troubles_are_shown_until_they_are_over() -> None:
    trouble = Trouble("CreateContainerConfigError", "no map", until=1004.0)
    found = plan(facts(troubles={"start web": trouble}))
    assert (found.actions, found.again_seconds) == ((), 4.0)
    assert found.waiting == {"web": ("CreateContainerConfigError", "no map")}
    again = plan(facts(troubles={"start web": replace(trouble, until=1000.0)}))
    assert again.actions == (StartContainer("web", 0),)
    assert again.waiting == found.waiting


def test_the_count_goes_on_where_the_api_remembers_it() -> None:
    made = pod()
    made["status"]["containerStatuses"] = [{"name": "web", "restartCount": 4, "containerID": "wherry://gone"}]
    assert plan(facts(made)).actions == (StartContainer("web", 5),)


def test_a_pod_whose_containers_are_done_has_ended() -> None:
    never = pod("web", container(), restartPolicy="Never")
    assert plan(facts(never, ended(code=1))).has_ended
    assert not plan(facts(never, run())).has_ended
    assert not plan(facts(never)).has_ended
    failing = pod("web", container(), restartPolicy="OnFailure")
    assert plan(facts(failing, ended())).has_ended
    assert not plan(facts(failing, ended(code=1))).has_ended


# Init containers and sidecars

INIT = [container("one"), container("two")]
WITH_INIT = pod("web", container(), initContainers=INIT)
SIDECAR = container("proxy", restartPolicy="Always")
WITH_SIDECAR = pod("web", container(), initContainers=[SIDECAR, container("two")])


def names(found: object) -> list[str]:
    return [each.name for each in found.actions]  # type: ignore[attr-defined]


def test_one_after_the_other() -> None:
    assert names(plan(facts(WITH_INIT))) == ["one"]
    assert names(plan(facts(WITH_INIT, run("one")))) == []
    assert names(plan(facts(WITH_INIT, ended("one")))) == ["two"]
    assert names(plan(facts(WITH_INIT, ended("one"), ended("two")))) == ["web"]


def test_one_that_failed_starts_again_or_ends_the_pod() -> None:
    assert names(plan(facts(WITH_INIT, ended("one", code=1)))) == ["one"]
    never = pod("web", container(), initContainers=INIT, restartPolicy="Never")
    assert plan(facts(never, ended("one", code=1))).has_ended


def test_they_are_done_for_good_once_others_have_run() -> None:
    assert names(plan(facts(WITH_INIT, run()))) == []


def test_a_sidecar_lets_pass_as_soon_as_it_has_started() -> None:
    assert names(plan(facts(WITH_SIDECAR))) == ["proxy"]
    up = run("proxy")
    assert names(plan(facts(WITH_SIDECAR, up))) == ["two"]
    assert names(plan(facts(WITH_SIDECAR, up, probed={up.id: Probed(started=False)}))) == []
    assert names(plan(facts(WITH_SIDECAR, up, busy=frozenset({"start proxy"})))) == []  # its postStart is not over


def test_a_sidecar_starts_again_while_others_run() -> None:
    found = plan(facts(WITH_SIDECAR, run("proxy", 0, State.EXITED), ended("two"), run()))
    assert names(found) == ["proxy"]


# Why something that runs is ended


def test_a_probe_that_failed_too_often() -> None:
    up = run()
    found = plan(facts(None, up, probed={up.id: Probed(failed="liveness")}))
    said = "Container web failed liveness probe, will be restarted"
    assert found.actions == (StopContainer(up.id, "web", 30.0, said),)
    never = pod("web", container(livenessProbe={"terminationGracePeriodSeconds": 3}), restartPolicy="Never")
    found = plan(facts(never, up, probed={up.id: Probed(failed="liveness")}))
    assert found.actions == (StopContainer(up.id, "web", 3.0, "Container web failed liveness probe"),)


def test_another_image() -> None:
    (action,) = plan(facts(pod("web", container(image="demo:2")), run())).actions
    assert isinstance(action, StopContainer)
    assert action.message == "Container web definition changed, will be restarted"


def test_other_limits() -> None:
    up = run()
    assert plan(facts(None, up, limits={up.id: Limits(memory_bytes=1)})).actions == (
        Resize(up.id, "web", Limits(memory_bytes=1)),
    )
    (action,) = plan(facts(None, up, outdated=frozenset({up.id}))).actions
    assert isinstance(action, StopContainer)


# What is let go


def test_only_the_newest_two_runs_are_kept() -> None:
    runs = [ended(attempt=each, code=1) for each in range(3)]
    found = plan(facts(None, *runs, run(attempt=3)))
    assert found.actions == (RemoveContainer(runs[0].id), RemoveContainer(runs[1].id))


def test_a_lost_sandbox_is_replaced_and_then_let_go() -> None:
    lost = facts(None, ended(code=255), sandboxes=(sandbox(0, False),))
    assert plan(lost).actions == (StartSandbox(1),)
    both = (sandbox(0, False), sandbox(1))
    waiting = facts(None, ended(code=255), sandboxes=both)
    assert plan(waiting).actions == (StartContainer("web", 1),)
    done = facts(None, ended(code=255), run(attempt=1, home="s1"), sandboxes=both)
    assert plan(done).actions == (RemoveSandbox("s0"),)


def test_what_still_runs_in_a_lost_sandbox_ends_first() -> None:
    (action,) = plan(facts(None, run(), sandboxes=(sandbox(0, False),))).actions
    assert isinstance(action, StopContainer)


def test_what_must_not_run_again_does_not_get_another_sandbox() -> None:
    never = pod("web", container(), restartPolicy="Never")
    assert plan(facts(never, ended(code=255), sandboxes=(sandbox(0, False),))).has_ended


def test_volumes_that_are_out_of_date_are_made_again_beside_all_else() -> None:
    assert plan(facts(None, run(), has_stale_volumes=True)).actions == (MountVolumes(),)


def test_an_ephemeral_container_starts_once() -> None:
    made = pod("web", container(), ephemeralContainers=[container("debug")])
    assert names(plan(facts(made, run()))) == ["debug"]
    assert names(plan(facts(made, run(), ended("debug")))) == []

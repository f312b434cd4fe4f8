"""How a pod ends."""

from tests.unit.node.pods.life.facts import ended, ending, facts, run, sandbox
from tests.unit.node.pods.rig import container, pod
from wherry.node.pods.life.ending import plan
from wherry.node.pods.life.model import (
    Abort,
    DeletePod,
    Facts,
    RemoveSandbox,
    StopContainer,
    StopSandbox,
    UnmountVolumes,
)

DELETED = pod()
DELETED["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
STOPPED = (sandbox(0, ready=False),)


def test_containers_are_asked_to_end_in_the_time_that_is_left() -> None:
    (action,) = plan(facts(None, run(), ending=ending(30.0, since=990.0))).actions
    assert isinstance(action, StopContainer)
    assert (action.name, action.grace_seconds, action.message) == ("web", 20.0, "Stopping container web")


def test_there_are_always_two_seconds() -> None:
    (action,) = plan(facts(None, run(), ending=ending(0.0, since=0.0))).actions
    assert isinstance(action, StopContainer)
    assert action.grace_seconds == 2.0


def test_what_was_begun_is_given_up() -> None:
    busy = frozenset({"start web", "volumes", "sandbox", "status", "resize web"})
    found = plan(facts(busy=busy, ending=ending()))
    assert found.actions == (Abort("resize web"), Abort("sandbox"), Abort("start web"), Abort("volumes"))


def test_sidecars_go_last_and_the_last_of_them_first() -> None:
    sidecars = [container("a", restartPolicy="Always"), container("b", restartPolicy="Always")]
    made = pod("web", container(), initContainers=sidecars)
    runs = [run("a"), run("b"), run()]

    def next_of(*left: int) -> list[str]:
        found = plan(facts(made, *(runs[each] for each in left), ending=ending()))
        return [each.name for each in found.actions if isinstance(each, StopContainer)]

    assert next_of(0, 1, 2) == ["web"]
    assert next_of(0, 1) == ["b"]
    assert next_of(0) == ["a"]


def test_then_network_and_volumes() -> None:
    found = plan(facts(None, ended(), ending=ending()))
    assert found.actions == (StopSandbox("s0"), UnmountVolumes())
    assert plan(facts(None, ended(), ending=ending(), sandboxes=STOPPED, is_unmounted=True)).actions == ()


def test_what_nobody_deletes_stays_to_be_looked_at() -> None:
    done = facts(None, ended(), ending=ending(), sandboxes=STOPPED, is_unmounted=True, is_written=True)
    assert plan(done).actions == ()


def test_nothing_is_removed_before_the_api_knows_how_it_ended() -> None:
    known = {"ending": ending(), "sandboxes": STOPPED, "is_unmounted": True}
    assert plan(facts(DELETED, ended(), **known)).actions == ()
    assert plan(facts(DELETED, ended(), is_written=True, **known)).actions == (RemoveSandbox("s0"),)


def test_the_api_may_forget_it_when_nothing_is_left() -> None:
    done = {"sandboxes": (), "is_unmounted": True, "is_written": True, "ending": ending()}
    assert plan(facts(DELETED, **done)).actions == (DeletePod(),)
    assert plan(facts(DELETED, is_deleted=True, **done)).actions == ()


def test_what_the_api_does_not_know_goes_without_its_word() -> None:
    gone = Facts(pod(), 0.0, is_gone=True, is_unmounted=True)
    assert plan(gone).is_over
    left = facts(None, ended(), sandboxes=STOPPED, is_unmounted=True, is_gone=True, ending=ending())
    assert plan(left).actions == (RemoveSandbox("s0"),)

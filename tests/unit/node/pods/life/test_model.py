"""Facts, and plans in the making."""

from dataclasses import replace

from tests.unit.node.pods.life.facts import ended, facts, run, sandbox
from wherry.node.pods.life.model import Abort, Draft, MountVolumes, StartContainer, Trouble


def test_current_runs_are_those_of_the_newest_sandbox() -> None:
    found = facts(None, ended(), run(attempt=1, home="s1"), sandboxes=(sandbox(0, False), sandbox(1)))
    assert found.current() == {"web": run(attempt=1, home="s1")}
    assert found.newest()["web"].attempt == 1
    assert [each.attempt for each in found.running()] == [1]


def test_a_draft_leaves_out_what_is_under_way() -> None:
    draft = Draft(facts(busy=frozenset({"volumes"})))
    assert not draft.add(MountVolumes())
    assert draft.add(StartContainer("web", 0))
    assert draft.add(Abort("volumes"))
    assert draft.plan().actions == (StartContainer("web", 0), Abort("volumes"))


def test_a_draft_waits_for_what_has_failed() -> None:
    trouble = Trouble("Error", "no", until=1005.0)
    draft = Draft(facts(troubles={"volumes": trouble}))
    assert not draft.add(MountVolumes())
    assert draft.plan().again_seconds == 5.0
    over = Draft(facts(troubles={"volumes": replace(trouble, until=999.0)}))
    assert over.add(MountVolumes())


def test_a_trouble_is_called_by_what_is_waited_for_after_a_while() -> None:
    trouble = Trouble("ErrImagePull", "404", 1010.0, turns_at=1001.0, later=("ImagePullBackOff", "Back-off"))
    assert trouble.shown(1000.5) == ("ErrImagePull", "404")
    assert trouble.shown(1001.0) == ("ImagePullBackOff", "Back-off")
    assert Draft(facts(troubles={"start web": trouble})).plan().again_seconds == 1.0


def test_the_shortest_wait_counts() -> None:
    draft = Draft(facts())
    draft.again(5)
    draft.again(2)
    draft.again(9)
    assert draft.plan().again_seconds == 2

"""Who is told of what."""

import pytest

from wherry.engine.events import Events
from wherry.node.runtime.changes import Changes

LABEL = "io.kubernetes.sandbox.id"


def test_changes_of_containers_are_of_their_sandbox() -> None:
    events, told = Events(), list[str]()
    Changes(events).subscribe(told.append)
    for action in ("create", "start", "die", "oom", "destroy"):
        events.publish("container", action, "c", {LABEL: action})
    assert told == ["create", "start", "die", "oom", "destroy"]


@pytest.mark.parametrize(
    ("kind", "action", "attributes"),
    [("container", "exec_start: x", {LABEL: "a"}), ("container", "start", {}), ("image", "create", {LABEL: "a"})],
)
def test_the_rest_is_not_told(kind: str, action: str, attributes: dict[str, str]) -> None:
    events, told = Events(), list[str]()
    Changes(events).subscribe(told.append)
    events.publish(kind, action, "c", attributes)
    assert not told


def test_one_that_fails_is_nobody_elses_trouble_and_who_has_enough_is_left_alone() -> None:
    events, told = Events(), list[str]()
    changes = Changes(events)

    def broken(_: str) -> None:
        raise ZeroDivisionError

    ends = [changes.subscribe(broken), changes.subscribe(told.append)]
    changes.tell("a")
    for end in (*ends, *ends):
        end()
    changes.tell("b")
    events.publish("container", "start", "c", {LABEL: "c"})
    assert told == ["a"]
    changes.subscribe(told.append)
    events.publish("container", "start", "c", {LABEL: "d"})
    assert told == ["a", "d"]

"""Rows in the agent's words."""

from typing import Any

import pytest

from tests.unit.engine.containers.rows import row
from tests.unit.node.runtime.world import pod
from wherry.engine.containers.model import State as EngineState
from wherry.engine.containers.row import PodPart
from wherry.engine.sandboxes import PodSandbox
from wherry.node.pods.runtime import Container, State
from wherry.node.runtime.states import container, sandbox

PART = PodPart(sandbox="box", name="main", attempt=3, labels={"a": "b"}, annotations={"c": "d"})


def shown(**fields: Any) -> Container:
    return container(row(**{"pod": PART, "created": 5, **fields}), "ref@sha256:1", "/log")


def test_what_was_said_is_given_back() -> None:
    found = shown()
    assert (found.sandbox, found.name, found.attempt) == ("box", "main", 3)
    assert (found.labels, found.annotations) == ({"a": "b"}, {"c": "d"})
    assert (found.image_reference, found.log) == ("ref@sha256:1", "/log")
    assert (found.created_ns, found.state) == (5, State.CREATED)
    assert (found.reason, found.message, found.finished_ns) == ("", "", 0)


@pytest.mark.parametrize(
    ("state", "wanted"),
    [
        (EngineState.RUNNING, State.RUNNING),
        (EngineState.PAUSED, State.RUNNING),
        (EngineState.EXITED, State.EXITED),
        (EngineState.REMOVING, State.EXITED),
        (EngineState.DEAD, State.EXITED),
    ],
)
def test_states_are_three(state: EngineState, wanted: State) -> None:
    assert shown(state=state).state is wanted


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"exit_code": 0}, "Completed"),
        ({"exit_code": 1}, "Error"),
        ({"exit_code": 137, "oom_killed": True}, "OOMKilled"),
        ({"exit_code": 255}, "Error"),
        ({"exit_code": 255, "error": "lost"}, "Unknown"),
    ],
)
def test_ends_have_upstreams_reasons(fields: dict[str, Any], reason: str) -> None:
    found = shown(state=EngineState.EXITED, started=6, finished=7, **fields)
    assert (found.reason, found.exit_code, found.finished_ns) == (reason, fields["exit_code"], 7)
    assert found.message == fields.get("error", "")


def test_one_that_could_not_be_started_has_ended() -> None:
    found = shown(state=EngineState.CREATED, exit_code=127, error="no such file", finished=9)
    assert (found.state, found.reason, found.exit_code) == (State.EXITED, "StartError", 128)
    assert (found.message, found.finished_ns, found.started_ns) == ("no such file", 9, 0)


def test_one_that_runs_has_no_end_of_before() -> None:
    assert shown(state=EngineState.RUNNING, finished=9, exit_code=3).finished_ns == 0


def test_a_sandbox_has_an_address_or_none() -> None:
    made = PodSandbox(id="a", name="n", created=3, hostname="h", cgroup="c")
    assert sandbox(made, pod(), ("10.0.0.1", "fd00::1"), True).ips == ("10.0.0.1", "fd00::1")
    none = sandbox(made, pod(), (), False)
    assert (none.ips, none.ready, none.created_ns, none.spec) == ((), False, 3, pod())

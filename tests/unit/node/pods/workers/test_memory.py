"""What a worker remembers."""

from dataclasses import replace
from pathlib import Path

from tests.unit.node.pods.life.facts import ended, run
from tests.unit.node.pods.rig import pod
from wherry.kube.client.clock import FakeClock
from wherry.node.pods.composing.containers import MESSAGE_PATH
from wherry.node.pods.life.model import Probed
from wherry.node.pods.runtime import Container
from wherry.node.pods.workers.memory import Memory, recalled


def at(clock: FakeClock, one: Container, seconds_ago: float) -> Container:
    return replace(one, finished_ns=int((clock.now().timestamp() - seconds_ago) * 1e9))


async def test_when_something_ended_is_measured_once(tmp_path: Path) -> None:
    clock, memory = FakeClock(), Memory()
    last = at(clock, ended(), 5)
    memory.note([last], clock)
    await clock.advance(10)
    memory.note([last], clock)
    assert clock.monotonic() - memory.ended[last.id] == 15
    future = at(clock, ended(attempt=1), -1e9)  # the clock was set back since
    memory.note([future], clock)
    assert clock.monotonic() - memory.ended[future.id] == 0
    assert list(memory.ended) == [future.id]  # what is not there any more is forgotten


def test_last_words_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "message").write_text("first")
    clock, memory = FakeClock(), Memory()
    last = replace(ended(code=1), annotations={MESSAGE_PATH: str(tmp_path / "message")})
    memory.note([last, run("b")], clock)
    (tmp_path / "message").write_text("second")
    memory.note([last], clock)
    assert memory.messages == {last.id: "first"}


def test_what_the_api_knows_of_last_words() -> None:
    made, memory = pod(), Memory()
    state = {"terminated": {"containerID": "wherry://web-0-s0", "message": "bye"}}
    gone = {"terminated": {"containerID": "wherry://other", "message": "x"}}
    made["status"]["containerStatuses"] = [{"name": "web", "state": {"waiting": {}}, "lastState": state}]
    made["status"]["initContainerStatuses"] = [{"name": "i", "state": gone}]
    memory.recall(made, [ended()])
    assert memory.messages == {"web-0-s0": "bye"}


def test_what_probes_had_said_of_this_very_run() -> None:
    made = pod()
    status = {
        "name": "web",
        "containerID": "wherry://web-0-s0",
        "state": {"running": {}},
        "ready": True,
        "started": True,
    }
    made["status"]["containerStatuses"] = [status]
    assert recalled(made, run()) == Probed(True, True)
    assert recalled(made, run(attempt=1)) is None
    assert recalled(pod(), run()) is None
    status["state"] = {"waiting": {}}
    assert recalled(made, run()) is None

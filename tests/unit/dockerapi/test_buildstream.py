"""A build in the words of Docker's classic builder."""

from collections.abc import Mapping
from typing import Any

import pytest

from wherry.dockerapi.buildstream import ClassicStream
from wherry.engine.build.model import Began, BuildFailed, Ended, Event, Failed, Output, Planned, Said, Warned

PLAN = [Planned(0, "[1/2] FROM a", "FROM a", 1, 2), Planned(1, "[2/2] RUN x", "RUN x", 2, 2)]
FIRST = [Began(0), Ended(0, False, "aaa", 1.0)]


def told(*events: Event, quiet: bool = False) -> tuple[ClassicStream, list[Mapping[str, Any]]]:
    sent: list[Mapping[str, Any]] = []
    stream = ClassicStream(sent.append, quiet)
    for event in events:
        stream.tell(event)
    return stream, sent


def text(sent: list[Mapping[str, Any]]) -> str:
    return "".join(str(message.get("stream", "")) for message in sent)


def test_steps_in_their_order() -> None:
    _, sent = told(*PLAN, *FIRST, Began(1), Output(1, 1, b"out\n"), Ended(1, False, "bbb", 1.0))
    assert text(sent) == "Step 1/2 : FROM a\n ---> aaa\nStep 2/2 : RUN x\nout\n ---> bbb\n"


def test_what_was_cached() -> None:
    _, sent = told(*PLAN, *FIRST, Began(1), Ended(1, True, "bbb", 0.0))
    assert text(sent).endswith("Step 2/2 : RUN x\n ---> Using cache\n ---> bbb\n")


def test_a_later_step_waits_for_its_turn() -> None:
    """Stages run beside each other; the classic builder's readers know one step after the other."""
    stream, sent = told(*PLAN, Began(1), Output(1, 1, b"early\n"), Began(0))
    assert text(sent) == "Step 1/2 : FROM a\n"
    stream.tell(Ended(0, False, "aaa", 1.0))
    assert text(sent).endswith("Step 2/2 : RUN x\nearly\n")
    stream.tell(Output(1, 1, b"now\n"))
    assert text(sent).endswith("early\nnow\n")


def test_errors_of_programs_are_red() -> None:
    _, sent = told(*PLAN, *FIRST, Began(1), Output(1, 2, b"oh\n"))
    assert text(sent).endswith("\x1b[91moh\n\x1b[0m")


def test_what_is_no_text() -> None:
    _, sent = told(*PLAN, *FIRST, Began(1), Output(1, 1, b"\xff\n"))
    assert text(sent).endswith("\ufffd\n")


def test_pulls_and_warnings() -> None:
    _, sent = told(*PLAN, Warned("Rule", "careful"), Began(0), Said(0, {"status": "Pulling"}))
    assert text(sent).startswith("[Warning] careful\n")
    assert sent[-1] == {"status": "Pulling"}


def test_the_end() -> None:
    stream, sent = told(*PLAN)
    stream.finished("sha256:" + "a" * 64, ["x:1", "y:2"])
    assert sent[0] == {"aux": {"ID": "sha256:" + "a" * 64}}
    assert text(sent) == f"Successfully built {'a' * 12}\nSuccessfully tagged x:1\nSuccessfully tagged y:2\n"


@pytest.mark.parametrize("quiet", [False, True])
def test_a_failure(quiet: bool) -> None:
    stream, sent = told(*PLAN, Began(1), Output(1, 1, b"why\n"), Failed(1, "no"), quiet=quiet)
    stream.failed("no", BuildFailed("no", "Dockerfile:2", "/bin/sh -c x", 3))
    message = "The command '/bin/sh -c x' returned a non-zero code: 3"
    assert sent[-1] == {"errorDetail": {"code": 3, "message": message}, "error": message}
    assert ("why" in text(sent)) is not quiet
    assert ("Dockerfile:2" in text(sent)) is not quiet


def test_only_the_id() -> None:
    stream, sent = told(*PLAN, *FIRST, Said(1, {"status": "x"}), Warned("R", "w"), quiet=True)
    stream.finished("sha256:a", ["x:1"])
    assert sent == [{"stream": "sha256:a\n"}]

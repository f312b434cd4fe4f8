"""What RUN runs."""

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.model import ExecForm, Run, ShellForm
from wherry.engine.dockerfile.running import Script, command_line, script

SH = ("/bin/sh", "-c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RUN echo  a", Script((*SH, "echo  a"))),
        ('RUN ["echo", "a"]', Script(("echo", "a"))),
        ("RUN <<E\na\nb\nE", Script((*SH, "a\nb\n"))),
        ("RUN <<-E\n\ta\n\tE", Script((*SH, "a\n"))),
        ("RUN <<E\n#!/bin/x -y\na\nE", Script((*SH, "/dev/pipes/E"), "/dev/pipes/E", "#!/bin/x -y\na\n")),
        ("RUN cat <<E\na $X\nE", Script((*SH, "cat <<E\na $X\nE"))),
        ("RUN cat <<-E\n\ta\n\tE", Script((*SH, "cat <<-E\n\ta\nE"))),
        ("RUN cat <<A 3<<'B' <&3\n1\nA\n2\nB", Script((*SH, "cat <<A 3<<'B' <&3\n1\nA\n2\nB"))),
        ("RUN <<E cat\n#!x\nE", Script((*SH, "<<E cat\n#!x\nE"))),
    ],
)
def test_a_run_is_a_script(text: str, expected: Script) -> None:
    run = one(text)
    assert isinstance(run, Run)
    assert script(run, None) == expected


def test_the_stages_shell_runs_it() -> None:
    run = one("RUN a")
    assert isinstance(run, Run)
    assert script(run, ["/bin/bash", "-ec"]).arguments == ("/bin/bash", "-ec", "a")
    assert command_line(ShellForm("a"), []) == (*SH, "a")
    assert command_line(ExecForm(("a",)), ["x"]) == ("a",)

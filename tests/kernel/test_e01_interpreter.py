"""E01: a container that gets hold of the program its runtime runs has nothing to write to (CVE-2019-5736).

The instance runs on a copy of the interpreter and of the package: nobody else executes that copy, so that nothing but
the engine's own design (a sealed copy in memory) stands in the way once all its processes have been killed.
"""

import json
import os
import shutil
import signal
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

import wherry
from tests.kernel.attacks import PYTHON, Image, fingerprints, output, probe, with_python
from tests.kernel.rig import Rig, wait_until

SELF = "/proc/self/exe"
TRAP = b"#!/proc/self/exe -IS\nimport os, time\nos.path.exists('/out/held') or time.sleep(60)\n"
HARMLESS = {"EPERM", "EACCES", "ETXTBSY", "EROFS"}
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host", "cap_add": ["SYS_PTRACE"]}]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment of the instance's own, whose interpreter is a file of its own and not a link."""
    home = tmp_path / "home"
    packages = home / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    packages.mkdir(parents=True)
    (home / "bin").mkdir()
    shutil.copy(PYTHON, home / "bin/python")
    (home / "pyvenv.cfg").write_text(f"home = {Path(PYTHON).parent}\n")
    shutil.copytree(Path(wherry.__file__).parent, packages / "wherry", ignore=shutil.ignore_patterns("__pycache__"))
    (packages / "others.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    command = home / "bin/wherry"
    command.write_text(f"#!{home}/bin/python\nfrom wherry.app.cli import main\nmain()\n")
    command.chmod(0o755)
    monkeypatch.setattr("tests.kernel.rig.WHERRY", str(command))
    return home


@pytest.fixture
def own_instance(home: Path, instance: Rig) -> Iterator[Rig]:
    (node,) = [process["pid"] for process in instance.processes() if process["role"] == "node"]
    assert os.readlink(f"/proc/{node}/exe") == f"{home}/bin/python"
    yield instance


def everything(home: Path) -> dict[str, str]:
    """The interpreter, the package, and the libraries that this process shares with the engine's."""
    with open("/proc/self/maps") as maps:
        names = {line.split(None, 5)[-1].strip() for line in maps if "/" in line}
    return fingerprints(home, *(Path(name) for name in names if name.endswith(".so") or ".so." in name))


class Attacker:
    """A container with the overwriter in it, and what that has achieved so far."""

    def __init__(self, rig: Rig, image: str, command: list[str], out: Path, **options: Any) -> None:
        out.mkdir()
        out.chmod(0o777)
        self._out = out
        command = [*command, "/out/report"]
        self.container = rig.docker.containers.run(
            image, command, detach=True, network_mode="none", volumes=[f"{out}:/out"], **options
        )
        wait_until(lambda: (out / "report").exists() or self._failed(), what="the attack to begin")

    def _failed(self) -> bool:
        self.container.reload()
        assert self.container.status != "exited", self.container.logs().decode()
        return False

    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._out / "report").read_text())
        return found

    def holds_something(self) -> bool:
        if self.report()["held"]:
            (self._out / "held").touch()  # the trap may end
            return True
        return False


def wait_until_all_have_tried_again(attackers: list[Attacker]) -> None:
    before = [attacker.report()["rounds"] for attacker in attackers]
    for attacker, rounds in zip(attackers, before, strict=True):
        wait_until(lambda attacker=attacker, rounds=rounds: attacker.report()["rounds"] > rounds + 2)


def kill_everything(rig: Rig) -> None:
    """The supervisor first, which would start the others again."""
    processes = rig.processes()
    assert {"supervisor", "node", "spawner", "shim"} <= {process["role"] for process in processes}
    for process in processes:
        with suppress(ProcessLookupError):  # some follow the others
            os.kill(int(process["pid"]), signal.SIGKILL)
    wait_until(lambda: not any(runs_a_program(int(process["pid"])) for process in processes))


def runs_a_program(pid: int) -> bool:
    try:
        return bool(os.readlink(f"/proc/{pid}/exe"))
    except OSError:  # gone, or a zombie
        return False


def attackers(rig: Rig, out: Path) -> list[Attacker]:
    """In each variant one that is the runtime's program, and one that watches for it while there are execs."""
    image = with_python(Image()).file("bin/trap", TRAP).load(rig)
    _, *overwriter = probe("overwriter")
    found = []
    for number, options in enumerate(VARIANTS):
        first = Attacker(rig, image, [SELF, *overwriter, "self", PYTHON], out / f"self{number}", **options)
        other = Attacker(rig, image, [PYTHON, *overwriter, "others"], out / f"others{number}", **options)
        for command in (["/bin/trap"], [SELF, *overwriter, "self", PYTHON, "/out/exec"], ["/bin/trap", "sh"]):
            other.container.exec_run(command, detach=True)
        found += [first, other]
    return found


def test_e01_what_a_container_gets_hold_of_cannot_be_written_to(own_instance: Rig, home: Path, tmp_path: Path) -> None:
    rig, before = own_instance, everything(home)
    found = attackers(rig, tmp_path)
    for attacker in found:
        wait_until(attacker.holds_something, what="the attacker to get hold of a program")
    wait_until_all_have_tried_again(found)
    assert everything(home) == before
    kill_everything(rig)
    wait_until_all_have_tried_again(found)
    reports = [attacker.report() for attacker in found]
    assert all("memfd:wherry" in name for report in reports for name in report["held"])
    assert {answer for report in reports for answer in report["answers"]} <= HARMLESS
    assert everything(home) == before
    rig.up()
    assert output(rig, rig.image(), ["echo", "well"]) == "well\n"
    assert everything(home) == before


def test_e01_a_program_that_is_the_runtime_s_own_fails_and_gives_nothing_away(own_instance: Rig, home: Path) -> None:
    """What the sealed interpreter needs is not in the image: it cannot run, and the client is told so."""
    rig, before = own_instance, everything(home)
    image = Image().file("bin/trap", TRAP).link("bin/self", SELF).load(rig)
    commands = ([SELF], ["/bin/trap"], ["/bin/self"], ["self"], ["/proc/thread-self/exe"])
    for options in VARIANTS:
        for command in (*commands, ["/proc/1/exe"]):
            with pytest.raises(APIError, match="unable to start container process"):
                output(rig, image, command, **options)
        container = rig.docker.containers.run(image, ["sleep", "600"], detach=True, network_mode="none", **options)
        for command in commands:
            assert b"unable to start container process" in container.exec_run(command).output
        assert container.exec_run(["echo", "well"]).output == b"well\n"
    assert everything(home) == before

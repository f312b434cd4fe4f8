"""E02: no working directory and no program path leads to a descriptor the runtime holds (CVE-2024-21626).

What is not refused must be a directory from which ``..`` leads to the container's own root.
"""

from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from tests.kernel.attacks import PYTHON, WALK, Image, attempt, canary, output, with_python
from tests.kernel.rig import Rig, wait_until

FORMS = ("/proc/self/fd/{}", "/proc/1/fd/{}", "/proc/thread-self/fd/{}", "/links/{}", "/links/self/{}/.")
AT_A_START = range(24)  # the runtime's processes have fewer descriptors than that
AT_AN_EXEC = range(256)
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}]
variants = pytest.mark.parametrize("options", VARIANTS, ids=["default", "host's user namespace"])

WHERE = ["/bin/sh", "-c", WALK]
IMAGES: dict[Rig, str] = {}


@pytest.fixture
def image(shared_instance: Rig) -> str:
    if shared_instance not in IMAGES:
        made = with_python(Image()).link("links/self", "/proc/self/fd")
        for number in AT_AN_EXEC:
            made.link(f"links/{number}", f"/proc/self/fd/{number}")
        IMAGES[shared_instance] = made.load(shared_instance)
    return IMAGES[shared_instance]


def faults(answers: dict[str, str]) -> list[str]:
    return [
        f"{path}: {text}" for path, text in answers.items() if text != "inside\n" and not text.startswith("refused")
    ]


@variants
def test_e02_a_working_directory_is_inside_or_refused(
    shared_instance: Rig, image: str, options: dict[str, Any]
) -> None:
    paths = [form.format(number) for number in AT_A_START for form in FORMS[number % 2 :: 2]]
    answers = {path: attempt(shared_instance, image, WHERE, working_dir=path, **options) for path in paths}
    assert faults(answers) == []
    assert all("refused" in text for text in answers.values()), "none of these is a directory of the image"


@variants
def test_e02_a_program_is_not_found_through_a_descriptor(
    shared_instance: Rig, image: str, options: dict[str, Any]
) -> None:
    for number in AT_A_START:
        path = FORMS[number % len(FORMS)].format(number)
        with pytest.raises(APIError, match="unable to start container process"):
            output(shared_instance, image, [f"{path}/bin/sh", "-c", "echo found"], **options)


@variants
def test_e02_an_exec_s_working_directory_is_inside_or_refused(
    shared_instance: Rig, image: str, options: dict[str, Any]
) -> None:
    container = shared_instance.docker.containers.run(
        image, ["sleep", "600"], detach=True, network_mode="none", **options
    )
    for number in AT_AN_EXEC if not options else AT_A_START:
        path = FORMS[number % len(FORMS)].format(number)
        found = container.exec_run(WHERE, workdir=path)
        assert found.exit_code != 0, f"{path}: {found.output.decode()}"
    for number in AT_A_START:
        found = container.exec_run([f"/proc/self/fd/{number}/bin/sh", "-c", "echo found"])
        assert found.exit_code != 0, f"{number}: {found.output.decode()}"
    container.remove(force=True)


def test_e02_a_directory_that_the_container_itself_holds_is_inside(shared_instance: Rig, image: str) -> None:
    """The same paths are good ones where they lead to the container's own directories; process 1 has some open."""
    hold = "import os, time; os.chdir('/home'); [os.open('/etc', os.O_RDONLY) for _ in range(9)]; print(1, flush=True)"
    container = shared_instance.docker.containers.run(
        image, [PYTHON, "-I", "-S", "-c", f"{hold}; time.sleep(600)"], detach=True, network_mode="none"
    )
    wait_until(lambda: container.logs() == b"1\n")
    for path in ("/proc/1/fd/7", "/proc/1/fd/7/../bin", "/proc/1/cwd", "/proc/1/root", "/proc/self/cwd", "/proc/1/fd"):
        found = container.exec_run(WHERE, workdir=path)
        assert (found.exit_code, found.output) == (0, b"inside\n"), path
    container.remove(force=True)


@variants
def test_e02_a_working_directory_is_made_inside_whatever_the_links_say(
    shared_instance: Rig, tmp_path: Path, options: dict[str, Any]
) -> None:
    """CVE-2026-55686: also where the host has a directory of that name."""
    with canary(tmp_path) as bird:
        made = Image().link("abs", str(bird.path)).link("rel", f"../../../../..{bird.path}").link("hop", "rel/inner")
        reference = made.link("loop", "loop").file("file").load(shared_instance)
        for path in ("/abs/new", "/rel/new", "/hop/new/er", f"{bird.path}/inner", "/abs"):
            assert attempt(shared_instance, reference, WHERE, working_dir=path, **options) == "inside\n"
        for path in ("/loop/new", "/file", "/file/new", "/proc/self/new", "/proc/self/root/new"):
            assert "refused" in attempt(shared_instance, reference, WHERE, working_dir=path, **options)
        where = attempt(shared_instance, reference, ["pwd", "-P"], working_dir="/rel/new/er", **options)
        assert where == f"{bird.path}/new/er\n"


@pytest.mark.parametrize("path", ["etc", "../etc", ".", "./etc"])
def test_e02_a_working_directory_must_be_absolute(shared_instance: Rig, path: str) -> None:
    with pytest.raises(APIError, match="needs to be an absolute path"):
        output(shared_instance, shared_instance.image(), WHERE, working_dir=path)

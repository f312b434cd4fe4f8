import os
from pathlib import Path

import pytest

from wherry.linux import capabilities
from wherry.linux.errors import KernelError
from wherry.linux.processes import keep_capabilities

STATUS = Path("/proc/self/status")
root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def test_numbers_are_the_kernel_s() -> None:
    assert capabilities.ALL["CAP_CHOWN"] == 0
    assert capabilities.ALL["CAP_SYS_ADMIN"] == 21
    assert capabilities.ALL["CAP_CHECKPOINT_RESTORE"] == 40
    assert len(capabilities.ALL) == 41


def test_the_default_is_fourteen_of_them() -> None:
    assert len(set(capabilities.DEFAULT)) == 14
    assert capabilities.mask_of(capabilities.DEFAULT) == 0xA80425FB  # as CapBnd reads in any Docker container


def test_a_mask_and_its_names_are_two_ways_to_say_one_thing() -> None:
    wanted = {"CAP_KILL", "CAP_BPF"}
    assert capabilities.names(capabilities.mask_of(wanted)) == wanted
    assert capabilities.names(1 << 60) == frozenset()


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown capability CAP_FLY"):
        capabilities.mask_of(["CAP_KILL", "CAP_FLY"])


def test_the_bounding_set_is_this_process_s() -> None:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("CapBnd"))
    assert capabilities.mask_of(capabilities.bounding()) == int(line.split()[1], 16) & (1 << 41) - 1


def status_after(keep: list[str], effective: list[str], ambient: list[str], uid: int = 0) -> dict[str, int]:
    """The sets of a child that has dropped and set what it was told."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            capabilities.drop_bounding(keep)
            keep_capabilities(True)
            os.setresuid(uid, uid, uid)
            capabilities.set_capabilities(effective, effective, ambient, ambient)
            text = "\n".join(line for line in STATUS.read_text().splitlines() if line.startswith("Cap"))
        except KernelError as error:
            text = str(error)
        os.write(writing, text.encode())
        os._exit(0)
    os.close(writing)
    os.waitpid(pid, 0)
    with os.fdopen(reading) as answer:
        text = answer.read()
    assert text.startswith("Cap"), text
    return {line.split(":")[0]: int(line.split()[1], 16) for line in text.splitlines()}


@root
def test_only_what_is_kept_remains() -> None:
    few = ["CAP_CHOWN", "CAP_KILL"]
    found = status_after(few, few, [])
    mask = capabilities.mask_of(few)
    assert found == {"CapInh": 0, "CapPrm": mask, "CapEff": mask, "CapBnd": mask, "CapAmb": 0}


@root
def test_another_user_keeps_what_it_was_given() -> None:
    found = status_after(["CAP_KILL"], ["CAP_KILL"], ["CAP_KILL"], uid=1000)
    assert set(found.values()) == {capabilities.mask_of(["CAP_KILL"])}


@root
def test_keeping_nothing_leaves_nothing() -> None:
    assert set(status_after([], [], []).values()) == {0}


@root
def test_what_a_process_lacks_is_named() -> None:
    lacking = sorted(capabilities.ALL.keys() - capabilities.bounding())
    if not lacking:
        pytest.skip("this process may do everything")
    with pytest.raises(AssertionError, match=rf"set capabilities \(this process lacks .*{lacking[0]}"):
        status_after([], [lacking[0]], [])

"""E09: a container reaches the devices it was given, and no others: by mknod, by the image, after an update, by BPF."""

import os
import tarfile
from typing import Any

import pytest

from tests.kernel.attacks import Image, output
from tests.kernel.rig import Rig

# What would give the host away: its disks, its memory, its log, loop devices, other file systems.
DANGEROUS = {
    "vda": ("b", 254, 0),
    "sda": ("b", 8, 0),
    "loop0": ("b", 7, 0),
    "mem": ("c", 1, 1),
    "port": ("c", 1, 4),
    "kmsg": ("c", 1, 11),
    "loop-control": ("c", 10, 237),
    "fuse": ("c", 10, 229),
    "net-tun": ("c", 10, 200),
    "kvm": ("c", 10, 232),
    "tty1": ("c", 4, 1),
}
VARIANTS: list[dict[str, Any]] = [
    {},
    {"userns_mode": "host"},
    {"cap_add": ["ALL"]},
    {"cap_add": ["ALL"], "userns_mode": "host"},
    {"cap_add": ["ALL"], "userns_mode": "host", "security_opt": ["seccomp=unconfined"]},
]
variants = pytest.mark.parametrize("options", VARIANTS, ids=str)

MAKE_AND_OPEN = "\n".join(
    f"if mknod /tmp/{name} {kind} {major} {minor} 2>/dev/null; then\n"
    f"echo {name} made\n"
    f"(exec 3< /tmp/{name}) 2>/dev/null && echo {name} read\n"
    f"(exec 3>> /tmp/{name}) 2>/dev/null && echo {name} written\n"
    f"fi"
    for name, (kind, major, minor) in DANGEROUS.items()
)
OPEN_FROM_IMAGE = "\n".join(
    f"(exec 3< /devices/{name}) 2>/dev/null && echo {name} read\n"
    f"(exec 3>> /devices/{name}) 2>/dev/null && echo {name} written"
    for name in DANGEROUS
)


def shell(rig: Rig, image: str, script: str, **options: Any) -> str:
    return output(rig, image, ["sh", "-c", f"{script}\nexit 0"], **options)


@variants
def test_e09_no_device_of_the_host_can_be_made_or_opened(shared_instance: Rig, options: dict[str, Any]) -> None:
    """Where the user namespace is the host's, mknod itself is what the device rules refuse."""
    image = shared_instance.image()
    # A tmpfs with dev: the rules must hold, not the flags of a mount.
    assert shell(shared_instance, image, MAKE_AND_OPEN, tmpfs={"/tmp": "dev,exec"}, **options) == ""


@variants
def test_e09_device_files_of_an_image_open_nothing(shared_instance: Rig, options: dict[str, Any]) -> None:
    image = Image()
    for name, (kind, major, minor) in DANGEROUS.items():
        image.device(f"devices/{name}", tarfile.BLKTYPE if kind == "b" else tarfile.CHRTYPE, major, minor)
    try:
        reference = image.load(shared_instance)
    except AssertionError:
        return  # refused as a whole
    assert shell(shared_instance, reference, OPEN_FROM_IMAGE, **options) == ""


@variants
def test_e09_the_ordinary_devices_are_there(shared_instance: Rig, options: dict[str, Any]) -> None:
    script = """
    set -e
    echo x > /dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c; head -c 4 /dev/random | wc -c
    (echo x > /dev/full) 2>/dev/null || echo full
    ls /dev/tty /dev/ptmx /dev/pts/ptmx /dev/fd /dev/stdin /dev/stdout /dev/stderr > /dev/null
    """
    text = shell(shared_instance, shared_instance.image(), script, **options)
    assert text.split() == ["4", "4", "4", "full"]


@pytest.mark.skipif(not os.path.exists("/dev/fuse"), reason="this machine has no fuse")
@pytest.mark.parametrize("options", [{}, {"userns_mode": "host"}], ids=["default", "host's user namespace"])
@pytest.mark.parametrize(("access", "answer"), [("rwm", ["read", "written"]), ("r", ["read"])])
def test_e09_a_device_that_was_given_works_and_no_more(
    shared_instance: Rig, options: dict[str, Any], access: str, answer: list[str]
) -> None:
    script = """
    test -c /dev/mine || echo missing
    (exec 3< /dev/mine) 2>/dev/null && echo read
    (exec 3>> /dev/mine) 2>/dev/null && echo written
    """
    image = shared_instance.image()
    text = shell(shared_instance, image, script + MAKE_AND_OPEN, devices=[f"/dev/fuse:/dev/mine:{access}"], **options)
    made_again = {"fuse made", "fuse read", "fuse written"}  # the rule is about the device, whatever its name
    assert [line for line in text.splitlines() if line not in made_again] == answer


def test_e09_an_update_opens_nothing(shared_instance: Rig) -> None:
    container = shared_instance.run("sleep", "600", userns_mode="host", cap_add=["ALL"])
    container.update(mem_limit="64m", memswap_limit="64m")
    assert container.exec_run(["sh", "-c", f"{MAKE_AND_OPEN}\nexit 0"]).output == b""
    assert container.exec_run(["sh", "-c", "echo x > /dev/null"]).exit_code == 0
    container.remove(force=True)


def test_e09_a_rule_may_be_given_without_a_device(shared_instance: Rig) -> None:
    text = shell(
        shared_instance,
        shared_instance.image(),
        MAKE_AND_OPEN,
        device_cgroup_rules=["c 1:11 r"],
        userns_mode="host",
        tmpfs={"/tmp": "dev"},
    )
    assert "kmsg written" not in text
    assert set(text.splitlines()) <= {"kmsg made", "kmsg read"}


def test_e09_a_privileged_container_has_the_host_s(shared_instance: Rig) -> None:
    text = shell(shared_instance, shared_instance.image(), "ls /dev; (exec 3< /dev/kmsg) && echo read", privileged=True)
    assert {"kmsg", "mem", "read"} <= set(text.split()) or not os.path.exists("/dev/mem")

"""E08: a container has exactly the capabilities, hidden and read-only paths that it should, in every variant."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.attacks import output
from tests.kernel.rig import Rig
from wherry.linux import capabilities

ALL_OURS = capabilities.mask_of(capabilities.bounding())
DEFAULT = capabilities.mask_of(capabilities.DEFAULT)
ADMIN = capabilities.mask_of(["CAP_SYS_ADMIN"])
RAW = capabilities.mask_of(["CAP_NET_RAW"])

# Docker's lists (moby, daemon/pkg/oci/defaults.go).
MASKED_FILES = ["/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug"]
MASKED_FILES += ["/proc/timer_list", "/proc/timer_stats"]
MASKED_DIRECTORIES = ["/proc/acpi", "/proc/asound", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"]
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}, {"cap_add": ["SYS_ADMIN"]}, {"user": "1000"}]
NAMES = ["default", "host's user namespace", "SYS_ADMIN", "user 1000"]
variants = pytest.mark.parametrize("options", VARIANTS, ids=NAMES)


@pytest.fixture
def image(shared_instance: Rig) -> str:
    return shared_instance.image()


def findings(rig: Rig, image: str, script: str, **options: Any) -> str:
    """What a script has to say that looks for faults."""
    return output(rig, image, ["sh", "-c", f"{script}\nexit 0"], **options)


def parse(status: str) -> dict[str, int]:
    found = dict(re.findall(r"^(\w+):\s+([0-9a-f]+)$", status, re.MULTILINE))
    sets = {name: int(found[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")}
    return sets | {name: int(found[name]) for name in ("NoNewPrivs", "Seccomp")}


def status(rig: Rig, image: str, **options: Any) -> dict[str, int]:
    return parse(output(rig, image, ["cat", "/proc/self/status"], **options))


def exact(held: int, bounding: int | None = None, new_privileges: int = 0, filtered: int = 2) -> dict[str, int]:
    return {
        "CapInh": 0,
        "CapPrm": held,
        "CapEff": held,
        "CapBnd": held if bounding is None else bounding,
        "CapAmb": 0,
        "NoNewPrivs": new_privileges,
        "Seccomp": filtered,
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, exact(DEFAULT)),
        ({"userns_mode": "host"}, exact(DEFAULT)),
        ({"user": "1000"}, exact(0, DEFAULT)),
        ({"cap_drop": ["ALL"]}, exact(0)),
        ({"cap_drop": ["NET_RAW"]}, exact(DEFAULT & ~RAW)),
        ({"cap_drop": ["ALL"], "cap_add": ["NET_RAW"]}, exact(RAW)),
        ({"cap_drop": ["ALL"], "cap_add": ["NET_RAW"], "user": "1000"}, exact(0, RAW)),
        ({"cap_add": ["SYS_ADMIN"]}, exact(DEFAULT | ADMIN)),
        ({"cap_add": ["ALL"]}, exact(ALL_OURS)),
        ({"cap_add": ["ALL"], "cap_drop": ["NET_RAW"]}, exact(ALL_OURS & ~RAW)),
        ({"privileged": True}, exact(ALL_OURS, filtered=0)),
        ({"security_opt": ["no-new-privileges"]}, exact(DEFAULT, new_privileges=1)),
        ({"security_opt": ["no-new-privileges"], "user": "1000"}, exact(0, DEFAULT, new_privileges=1)),
        ({"security_opt": ["seccomp=unconfined"]}, exact(DEFAULT, filtered=0)),
    ],
    ids=str,
)
def test_e08_capability_sets_are_exact(
    shared_instance: Rig, image: str, options: dict[str, Any], expected: dict[str, int]
) -> None:
    assert status(shared_instance, image, **options) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, exact(DEFAULT)),
        ({"user": "1000"}, exact(0, DEFAULT)),
        ({"privileged": True}, exact(ALL_OURS, filtered=0)),
    ],
    ids=str,
)
def test_e08_an_exec_has_them_too(
    shared_instance: Rig, image: str, options: dict[str, Any], expected: dict[str, int]
) -> None:
    container = shared_instance.run("sleep", "600")
    assert parse(container.exec_run(["cat", "/proc/self/status"], **options).output.decode()) == expected
    container.remove(force=True)


def test_e08_ids_are_mapped_unless_the_host_s_are_asked_for(shared_instance: Rig, image: str) -> None:
    def uid_map(**options: Any) -> list[int]:
        return [int(word) for word in output(shared_instance, image, ["cat", "/proc/self/uid_map"], **options).split()]

    inside, outside, count = uid_map()
    assert (inside, count) == (0, 65536)
    assert outside >= 100_000
    everything = [0, 0, 2**32 - 1]
    assert uid_map(userns_mode="host") == everything
    assert uid_map(privileged=True) == everything


@variants
def test_e08_masked_paths_say_nothing(shared_instance: Rig, image: str, options: dict[str, Any]) -> None:
    script = f"""
    for path in {" ".join(MASKED_FILES)}; do
        test ! -e $path || test -z "$(cat $path)" || echo $path says something
    done
    for path in {" ".join(MASKED_DIRECTORIES)} /sys/devices/system/cpu/cpu*/thermal_throttle; do
        test ! -d $path || test -z "$(ls -A $path)" || echo $path has something in it
    done 2>/dev/null
    """
    assert findings(shared_instance, image, script, **options) == ""


@pytest.mark.parametrize("options", [VARIANTS[0], VARIANTS[1], VARIANTS[3]], ids=[NAMES[0], NAMES[1], NAMES[3]])
def test_e08_what_is_masked_cannot_be_uncovered(shared_instance: Rig, image: str, options: dict[str, Any]) -> None:
    """Not by unmounting, not by removing or renaming. SYS_ADMIN, which must be asked for, may unmount, as in Docker."""
    script = f"""
    for path in {" ".join(MASKED_FILES + MASKED_DIRECTORIES + READ_ONLY)}; do
        test -e $path || continue
        umount $path && echo $path unmounted
        umount -l $path && echo $path lazily unmounted
        rm -rf $path && test ! -e $path && echo $path removed
        mv $path /tmp/ && echo $path moved
        mount -o remount,rw,bind $path && echo $path remounted
    done 2>/dev/null
    cat /proc/interrupts /proc/timer_list /proc/keys 2>/dev/null
    """
    assert findings(shared_instance, image, script, **options) == ""


@variants
def test_e08_read_only_paths_stay_read_only(shared_instance: Rig, image: str, options: dict[str, Any]) -> None:
    script = """
    find /proc/sys /proc/bus /proc/fs /proc/irq /proc/sysrq-trigger -type f 2>/dev/null | while read -r path; do
        (: >> $path) 2>/dev/null && echo $path can be written to
    done
    for path in /proc/sys /sys /sys/kernel /sys/fs/cgroup /sys/fs/cgroup/*; do
        mkdir $path/new 2>/dev/null && echo $path can be added to
    done
    find /sys/fs/cgroup -type f 2>/dev/null | while read -r path; do
        (: >> $path) 2>/dev/null && echo $path can be written to
    done
    """
    assert findings(shared_instance, image, script, **options) == ""


def test_e08_control_groups_are_mounted_read_only(shared_instance: Rig, image: str) -> None:
    """Also for an exec (CVE-2023-25809)."""
    container = shared_instance.run("sleep", "600")
    for command in (["cat", "/proc/1/mountinfo"], ["cat", "/proc/self/mountinfo"]):
        lines = container.exec_run(command).output.decode().splitlines()
        of_groups = [line.split() for line in lines if " /sys/fs/cgroup" in line]
        assert of_groups
        assert all("ro" in words[5].split(",") for words in of_groups)
    container.remove(force=True)


@pytest.mark.parametrize("options", [{}, {"cap_add": ["SYS_ADMIN"]}], ids=["default", "SYS_ADMIN"])
def test_e08_the_release_agent_of_the_host_is_out_of_reach(
    shared_instance: Rig, image: str, options: dict[str, Any]
) -> None:
    """CVE-2022-0492: neither by a new mount of a hierarchy nor through the one that is there."""
    script = """
    mkdir -p /tmp/groups
    for name in memory cpu pids devices rdma misc; do
        mount -t cgroup -o $name none /tmp/groups 2>/dev/null || continue
        for file in release_agent devices.allow notify_on_release; do
            (echo /tmp/agent > /tmp/groups/$file) 2>/dev/null && echo $name $file written
        done
        umount /tmp/groups
    done
    find /sys/fs/cgroup -name release_agent -o -name devices.allow | while read -r path; do
        (echo a > $path) 2>/dev/null && echo $path written
    done
    """
    assert findings(shared_instance, image, script, **options) == ""


def test_e08_privileged_sees_everything_and_may_write(shared_instance: Rig, image: str) -> None:
    script = (
        "test -n \"$(cat /proc/interrupts)\" && test -w /proc/sys/kernel/core_pattern && grep ' /sys ' /proc/mounts"
    )
    mounted = output(shared_instance, image, ["sh", "-c", script], privileged=True)
    assert "rw" in mounted.split()[3].split(",")


def test_e08_no_new_privileges_disarms_setuid(shared_instance: Rig, image: str) -> None:
    script = "cp /bin/busybox /tmp/id; chown 0:0 /tmp/id; chmod 4755 /tmp/id"
    container = shared_instance.run("sh", "-c", f"{script}; sleep 600", security_opt=["no-new-privileges"])
    answer = container.exec_run(["sh", "-c", "while ! test -u /tmp/id; do sleep 0.02; done; /tmp/id -u"], user="1000")
    assert answer.output.decode().strip() == "1000"
    container.remove(force=True)


def test_e08_root_of_a_container_is_nobody_to_the_host(shared_instance: Rig) -> None:
    container = shared_instance.run("sleep", "600")
    pid = shared_instance.docker.api.inspect_container(container.id)["State"]["Pid"]
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    ids = [int(word) for line in lines if line.startswith(("Uid:", "Gid:")) for word in line.split()[1:]]
    assert len(ids) == 8
    assert all(number >= 100_000 for number in ids)
    container.remove(force=True)

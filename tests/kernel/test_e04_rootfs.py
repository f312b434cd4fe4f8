"""E04: whatever an image has where the runtime mounts or makes something, it is refused or happens inside the root.

Symbolic links, files and FIFOs at and in /proc, /sys and /dev (CVE-2019-19921, CVE-2023-27561, CVE-2025-31133,
CVE-2025-52565, CVE-2026-41579), and at the targets of volumes, devices and the files that a container is given.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.kernel import attacks
from tests.kernel.attacks import Canary, Image, canary
from tests.kernel.rig import Rig

CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
ORDINARY = "must be mounted on ordinary directory"
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}, {"tty": True}, {"tty": True, "userns_mode": "host"}]
NAMESPACES: list[dict[str, Any]] = VARIANTS[:2]

DEVICES = {"null": "1:3", "zero": "1:5", "full": "1:7", "random": "1:8", "urandom": "1:9", "tty": "5:0"}
IN_DEV = [*DEVICES, "pts", "console", "ptmx", "shm", "mqueue", "fd", "stdin", "stdout", "stderr", "core"]
IN_PROC = ["self", "sys", "kcore", "keys", "interrupts", "timer_list", "bus", "irq", "acpi", "scsi", "thread-self"]
IN_SYS = ["firmware", "fs", "kernel", "devices", "class", "block"]
COVERED = [*(f"dev/{name}" for name in IN_DEV), *(f"proc/{name}" for name in IN_PROC), *(f"sys/{n}" for n in IN_SYS)]
GIVEN = ["etc/hosts", "etc/hostname", "etc/resolv.conf", "sbin/docker-init", ".dockerenv", "etc/mtab"]

# Says what is not as it must be.
CHECK = f"""
is() {{ test "$(stat -c %t:%T $1)" = $2 || echo "$1 is $(stat -c '%F %t:%T' $1)"; }}
of() {{ test "$(stat -f -c %T $1)" = $2 || echo "$1 is on $(stat -f -c %T $1)"; }}
{"; ".join(f"is /dev/{name} {number}" for name, number in DEVICES.items())}
of /proc/self proc; of /sys sysfs; of /dev/pts devpts; of /dev/shm tmpfs; of /dev tmpfs
test "$(readlink /dev/fd)" = /proc/self/fd || echo /dev/fd is something else
test -e /dev/pts/ptmx || echo no /dev/pts/ptmx
test -d /proc/$$/fd || echo this is another /proc
test -z "$(cat /proc/interrupts /proc/keys /proc/timer_list 2>/dev/null)" || echo something is not masked
(: >> {CORE_PATTERN}) 2>/dev/null && echo {CORE_PATTERN} can be written to
echo x > /dev/null || echo no /dev/null
if test -t 0; then
    test -c /dev/console || echo no /dev/console
    case "$(tty)" in /dev/pts/[0-9]*|/dev/console) ;; *) echo "the terminal is $(tty)" ;; esac
fi
exit 0
"""

Change = Callable[[Image, str, Canary], Image]
DIRECTORY: dict[str, Change] = {
    "link": lambda image, path, bird: image.link(path, str(bird.path)),
    "relative link": lambda image, path, bird: image.link(path, f"../../../../../../..{bird.path}"),
    "link to nothing": lambda image, path, bird: image.link(path, f"{bird.path}/new"),
}
FILE: dict[str, Change] = {
    "link to a file": lambda image, path, bird: image.link(path, f"{bird.path}/ptmx"),
    "file": lambda image, path, bird: image.file(path, b"mine\n", 0o666),
    "fifo": lambda image, path, bird: image.fifo(path),
}
KERNEL: dict[str, Change] = {
    "link into /proc": lambda image, path, bird: image.link(path, str(CORE_PATTERN)),
    "link to a descriptor": lambda image, path, bird: image.link(path, "/proc/self/fd/1"),
}
OBJECTS = DIRECTORY | FILE | KERNEL


@pytest.fixture
def bird(shared_instance: Rig) -> Iterator[Canary]:
    """Within the instance's own directory, which the runtime's processes see while they prepare a container."""
    place = shared_instance.root / f"host-{uuid4().hex}"
    place.mkdir()
    before = CORE_PATTERN.read_text()
    with canary(place) as bird:
        yield bird
    assert CORE_PATTERN.read_text() == before


def attempt(rig: Rig, image: str, command: list[str] | None = None, **options: Any) -> str:
    return attacks.attempt(rig, image, command or ["/bin/busybox", "sh", "-c", CHECK], **options)


def faults(answers: dict[str, str], *refusals: str) -> list[str]:
    """What has neither gone well nor been refused for one of these reasons."""

    def is_good(text: str) -> bool:
        return not text or (text.startswith("refused: 400") and any(reason in text for reason in refusals))

    return [f"{what}: {text}" for what, text in answers.items() if not is_good(text)]


@pytest.mark.parametrize("kind", ["link", "relative link", "link into /proc", "file", "fifo"])
def test_e04_the_kernel_s_file_systems_are_mounted_on_directories_only(
    shared_instance: Rig, bird: Canary, kind: str
) -> None:
    for path in ("proc", "sys", "dev"):
        image = OBJECTS[kind](Image(), path, bird).load(shared_instance)
        answers = {str(options): attempt(shared_instance, image, **options) for options in VARIANTS}
        assert [text for text in answers.values() if f"/{path} {ORDINARY}" not in text] == []


@pytest.mark.parametrize("turn", range(len(OBJECTS)))
def test_e04_what_an_image_has_below_them_is_covered(shared_instance: Rig, bird: Canary, turn: int) -> None:
    """In each turn, each name is something else."""
    image = Image()
    for number, path in enumerate(COVERED, turn):
        list(OBJECTS.values())[number % len(OBJECTS)](image, path, bird)
    reference = image.load(shared_instance)
    assert faults({str(options): attempt(shared_instance, reference, **options) for options in VARIANTS}) == []


def test_e04_an_image_without_any_of_the_directories_gets_them(shared_instance: Rig, bird: Canary) -> None:
    image = Image()
    for name in ("proc", "sys", "dev", "etc", "tmp", "var", "home"):
        image.without(name)
    reference = image.load(shared_instance)
    assert faults({str(options): attempt(shared_instance, reference, **options) for options in VARIANTS}) == []


@pytest.mark.parametrize("turn", range(len(DIRECTORY | FILE)))
def test_e04_files_that_a_container_is_given_are_put_inside(shared_instance: Rig, bird: Canary, turn: int) -> None:
    image, objects = Image(), list((DIRECTORY | FILE).values())
    for number, path in enumerate(GIVEN, turn):
        objects[number % len(objects)](image, path, bird)
    reference = image.load(shared_instance)
    inits = (False, Path("/usr/bin/tini-static").exists())
    asked = [options | {"init": init} for options, init in itertools.product(NAMESPACES, inits)]
    answers = {str(options): attempt(shared_instance, reference, **options) for options in asked}
    assert faults(answers, "ot a directory") == [], "one may stand in another's way"


@pytest.mark.parametrize(
    ("kind", "reason"), [("link into /proc", "inside /proc"), ("link to a descriptor", "Too many levels of symbolic")]
)
def test_e04_they_are_not_put_into_proc(shared_instance: Rig, bird: Canary, kind: str, reason: str) -> None:
    image = KERNEL[kind](Image(), "etc/hosts", bird).load(shared_instance)
    for options in NAMESPACES:
        assert reason in attempt(shared_instance, image, **options)


@pytest.mark.parametrize("kind", ["link", "relative link", "link to a file", "fifo", "link into /proc"])
def test_e04_their_directory_leads_nowhere_else(shared_instance: Rig, bird: Canary, kind: str) -> None:
    image = OBJECTS[kind](Image().without("etc"), "etc", bird).load(shared_instance)
    answers = {str(options): attempt(shared_instance, image, **options) for options in NAMESPACES}
    assert faults(answers, "Not a directory") == []
    assert kind not in DIRECTORY or not any(answers.values())


def test_e04_what_is_asked_for_is_put_inside(shared_instance: Rig, bird: Canary) -> None:
    """Volumes, temporary file systems and devices, on and below what leads out of the root."""
    image = Image()
    for number, change in enumerate(OBJECTS.values()):
        change(image, f"data{number}", bird)
    reference = image.load(shared_instance)
    answers, turns = {}, itertools.cycle(NAMESPACES)
    for number, kind in enumerate(OBJECTS):
        data = f"/data{number}"
        every = [
            {"volumes": [data]},
            {"volumes": [f"{data}/new/er"]},
            {"tmpfs": {data: ""}},
            {"tmpfs": {f"{data}/new": ""}},
            {"devices": [f"/dev/null:{data}/null"]},
            {"devices": [f"/dev/null:{data}"]},
            {"volumes": [f"{shared_instance.names.socket}:{data}"]},
        ]
        for asked, options in zip(every, turns, strict=False):  # an odd number: each kind begins with the other one
            answers[f"{kind}, {asked}, {options}"] = attempt(shared_instance, reference, **asked, **options)
    assert faults(answers, "ot a directory", "inside /proc", "ymbolic") == []
    assert sum(not text for text in answers.values()) > len(answers) / 3


def test_e04_a_new_volume_takes_over_what_the_image_has_and_no_more(shared_instance: Rig, bird: Canary) -> None:
    """Links are copied as links; what they point to stays where it is."""
    image = Image().file("data/mine", b"mine\n").link("data/up", "../..")
    for number, change in enumerate(OBJECTS.values()):
        change(image, f"data/it{number}", bird)
    reference = image.load(shared_instance, ["VOLUME /data"])
    script = f"ls -A /data; readlink /data/it0; ls {bird.path} /data/it0/ 2>/dev/null; true"
    names = [*(f"it{number}" for number in range(len(OBJECTS))), "mine", "up"]
    for options in NAMESPACES:
        text = attempt(shared_instance, reference, ["sh", "-c", script], **options)
        assert text.split() == [*names, str(bird.path)]


IN_PROC_ASKED: list[dict[str, Any]] = [
    *({"volumes": [path]} for path in ("/proc", "/proc/self", "/proc/self/attr", "/proc/sys/kernel", "/data/attr")),
    *({"tmpfs": {path: ""}} for path in ("/proc", "/proc/self", "/proc/1/attr", "/proc/sys", "/data")),
    *({"devices": [f"/dev/null:{path}"]} for path in ("/proc/null", "/proc/self/attr/null", "/data/null")),
    *({"volumes": [f"/dev/null:{path}"]} for path in ("/proc/self/environ", "/proc/sysrq-trigger", "/proc/new")),
]


def test_e04_nothing_is_mounted_in_proc(shared_instance: Rig, bird: Canary) -> None:
    image = Image().link("data", "/proc/self").load(shared_instance)
    asked = [mounts | options for mounts, options in itertools.product(IN_PROC_ASKED, NAMESPACES)]
    answers = {str(options): attempt(shared_instance, image, **options) for options in asked}
    assert [f"{what}: {text}" for what, text in answers.items() if not text.startswith("refused: 400")] == []


@pytest.mark.parametrize("path", ["/sys", "/sys/kernel", "/dev", "/dev/pts", "/dev/shm", "/dev/mqueue", "/etc", "/"])
def test_e04_a_volume_on_them_is_a_volume_or_refused(shared_instance: Rig, bird: Canary, path: str) -> None:
    """Who covers /sys or /dev has asked for it: the container may miss something there, and the host loses nothing."""
    for options in VARIANTS:
        text = attempt(shared_instance, shared_instance.image(), volumes=[path], **options)
        assert text == "" or text.startswith("refused: 400") or path.startswith(("/sys", "/dev"))

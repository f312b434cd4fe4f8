"""E05: another container exchanges the targets of mounts for symbolic links while a container starts.

CVE-2021-30465 (the mount lands outside), CVE-2024-45310 (what is made for it does), CVE-2025-52881 (a sysctl is written
to another file). Refusals are fine; an escape is not.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.kernel.attacks import WALK, Canary, Image, attempt, canary, output, probe, with_python
from tests.kernel.rig import Rig, wait_until

STARTS = 50
EXECS = 60
TTL = Path("/proc/sys/net/ipv4/ip_default_ttl")
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
LOOK = ["sh", "-c", f"cat {TTL}; cat /proc/self/mountinfo"]
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}]
variants = pytest.mark.parametrize("options", VARIANTS, ids=["default", "host's user namespace"])
NAMES = ("a", "b", "c")
IMAGES: dict[Rig, str] = {}


@pytest.fixture
def image(shared_instance: Rig) -> str:
    if shared_instance not in IMAGES:
        IMAGES[shared_instance] = with_python(Image()).load(shared_instance)
    return IMAGES[shared_instance]


@pytest.fixture
def bird(shared_instance: Rig) -> Iterator[Canary]:
    """Within the instance's own directory, which the runtime's processes see while they prepare a container."""
    place = shared_instance.root / f"host-{uuid4().hex}"
    place.mkdir()
    with canary(place) as bird:
        yield bird


@contextmanager
def racer(rig: Rig, image: str, bird: Canary, options: dict[str, Any]) -> Iterator[str]:
    """A volume in which ``a``, ``b``, ``c`` are now directories, now links: to the root, and to the canary."""
    volume = rig.docker.volumes.create()
    mounted = {"volumes": [f"{volume.name}:/vol"], "network_mode": "none", **options}
    targets = ("/", str(bird.path), f"../../../../../..{bird.path}")
    make = (f"mkdir /vol/{name}; ln -s {target} /vol/{name}-link" for name, target in zip(NAMES, targets, strict=True))
    output(rig, image, ["sh", "-c", ";".join(make)], **mounted)
    pairs = [path for name in NAMES for path in (f"/vol/{name}", f"/vol/{name}-link")]
    container = rig.docker.containers.run(image, probe("racer", *pairs), detach=True, **mounted)
    try:
        wait_until(lambda: b"racing" in container.logs(), what="the race to begin")
        yield volume.name
        container.reload()
        assert container.status == "running", container.logs().decode()
    finally:
        container.remove(force=True)
        volume.remove()


def points(text: str) -> set[str]:
    """Where something is mounted: the lines of :data:`LOOK` after the first."""
    return {line.split(" ")[4] for line in text.splitlines()[1:]}


def of_the_host(rig: Rig) -> tuple[str, set[str]]:
    """What a start must leave as it is: a setting, and where things of the instance are mounted."""
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return TTL.read_text(), {line for line in mounts if str(rig.root) in line}


@variants
def test_e05_mounts_stay_inside_whatever_their_targets_become(
    shared_instance: Rig, image: str, bird: Canary, tmp_path: Path, options: dict[str, Any]
) -> None:
    rig = shared_instance
    file = tmp_path / "file"
    file.write_text("of the host\n")
    kept = rig.docker.volumes.create()
    before = of_the_host(rig)
    allowed = re.compile(rf"(/vol/[abc](-link)?|{re.escape(str(bird.path))})?/(x|made|new(/deep)?)")
    seen: set[str] = set()
    with racer(rig, image, bird, options) as volume:
        usual = points(attempt(rig, image, LOOK, volumes=[f"{volume}:/vol"], **options))
        for number in range(STARTS):
            place = f"/vol/{NAMES[number % len(NAMES)]}"
            mounts: dict[str, Any] = {
                "volumes": [f"{volume}:/vol", f"{kept.name}:{place}/x", f"{file}:{place}/made:ro"],
                "tmpfs": {f"{place}/new/deep": ""},
            }
            text = attempt(rig, image, LOOK, sysctls={"net.ipv4.ip_default_ttl": "77"}, **mounts, **options)
            if not text.startswith("refused"):
                assert text.startswith("77\n")
                seen |= points(text) - usual
    kept.remove()
    assert seen, "not one start has succeeded"
    assert [point for point in seen if not allowed.fullmatch(point)] == []
    assert of_the_host(rig) == before
    assert file.read_text() == "of the host\n"


@variants
def test_e05_an_exec_s_working_directory_stays_inside(
    shared_instance: Rig, image: str, bird: Canary, options: dict[str, Any]
) -> None:
    with racer(shared_instance, image, bird, options) as volume:
        container = shared_instance.docker.containers.run(
            image, ["sleep", "600"], detach=True, network_mode="none", volumes=[f"{volume}:/vol"], **options
        )
        found = [
            container.exec_run(
                ["sh", "-c", WALK], workdir=f"/vol/{NAMES[number % len(NAMES)]}/{'inner' * (number % 2)}"
            )
            for number in range(EXECS)
        ]
        container.remove(force=True)
    answers = {answer.output.decode() for answer in found if answer.exit_code == 0}
    assert answers == {"inside\n"}


NAMES_OF_OTHERS = [
    "kernel.core_pattern",
    "fs.suid_dumpable",
    "net/ipv4/ip_default_ttl",
    "net..ipv4.ip_default_ttl",
    "net.ipv4.../../kernel/core_pattern",
    "net.ipv4.conf.all/../../../../kernel/core_pattern",
    "kernel.sem/../core_pattern",
]


@pytest.mark.parametrize("name", NAMES_OF_OTHERS)
@variants
def test_e05_a_sysctl_s_name_leads_to_no_other_file(shared_instance: Rig, options: dict[str, Any], name: str) -> None:
    before = CORE_PATTERN.read_text()
    answer = attempt(shared_instance, shared_instance.image(), ["true"], sysctls={name: "core"}, **options)
    assert answer.startswith("refused: 400")
    assert CORE_PATTERN.read_text() == before


@pytest.mark.parametrize(
    "options",
    [{"network_mode": "host"}, {"network_mode": "host", "privileged": True}, {"network_mode": "container:donor"}],
    ids=str,
)
def test_e05_a_sysctl_of_the_host_s_namespaces_is_not_set(shared_instance: Rig, options: dict[str, Any]) -> None:
    """With the host's network a container has the host's user namespace, too, and so could set it."""
    donor = shared_instance.run("sleep", "600", name="donor", network_mode="host")
    answer = attempt(
        shared_instance, shared_instance.image(), ["true"], sysctls={"net.ipv4.ip_default_ttl": "64"}, **options
    )
    donor.remove(force=True)
    assert "network namespace is not the container's own" in answer


def test_e05_a_sysctl_is_set_where_it_is_the_container_s_own(shared_instance: Rig) -> None:
    before = TTL.read_text()
    for options in VARIANTS:
        settings = {"net.ipv4.ip_default_ttl": "77", "kernel.shm_rmid_forced": "1"}
        look = ["cat", str(TTL), "/proc/sys/kernel/shm_rmid_forced"]
        assert attempt(shared_instance, shared_instance.image(), look, sysctls=settings, **options) == "77\n1\n"
    assert TTL.read_text() == before

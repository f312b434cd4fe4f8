"""E12: a container exchanges what lies on the path of a copy, and archives lie.

CVE-2018-15664, CVE-2026-41568, CVE-2026-42306 (a copy is led outside), CVE-2021-41089 (so is a change of modes),
CVE-2019-14271, CVE-2026-41567 (programs and libraries of the image are used for it). Refusals are fine; an escape is
not.
"""

import bz2
import gzip
import io
import itertools
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import docker
import pytest
import zstandard

from tests.kernel.attacks import Canary, Image, canary, probe, with_python
from tests.kernel.rig import Rig, wait_until

ROUNDS = 168  # of three requests each
IMAGES: dict[Rig, str] = {}
COMPRESSIONS = [gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress]
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}]
variants = pytest.mark.parametrize("options", VARIANTS, ids=["default", "host's user namespace"])


@pytest.fixture
def image(shared_instance: Rig) -> str:
    """With programs and libraries that a copy must not use, where it might look for them."""
    if shared_instance not in IMAGES:
        trojan = b'#!/bin/busybox sh\necho ran >/trojan\nexec /bin/busybox "${0##*/}" "$@"\n'
        image = with_python(Image())
        for name in ("xz", "gzip", "unpigz", "zstd", "bzip2", "tar"):
            image = image.without(f"bin/{name}").file(f"bin/{name}", trojan).file(f"usr/bin/{name}", trojan)
        for name in ("libnss_files.so.2", "libnss_compat.so.2"):
            image = image.file(f"lib/{name}", b"no library")
        IMAGES[shared_instance] = image.load(shared_instance)
    return IMAGES[shared_instance]


@pytest.fixture
def bird(shared_instance: Rig) -> Iterator[Canary]:
    place = shared_instance.root / f"host-{uuid4().hex}"
    place.mkdir()
    with canary(place) as bird:
        yield bird


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, link, 0o6755
    return made


def archive(*entries: tarfile.TarInfo) -> bytes:
    """Files say ``copied``, and have modes that would be seen on the host."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for made in entries:
            made.size = 6 if made.isreg() else 0
            tar.addfile(made, io.BytesIO(b"copied"))
    return buffer.getvalue()


def outcome(action: Callable[[], Any]) -> str:
    """How a request ended; nothing may be the daemon's own fault."""
    try:
        action()
    except docker.errors.APIError as error:
        assert error.status_code is not None and error.status_code < 500, error
        return "refused"
    return "done"


@contextmanager
def racing(rig: Rig, image: str, bird: Canary, base: str, options: dict[str, Any]) -> Iterator[Any]:
    """A container in which ``base/a``, ``b``, ``c`` are now directories, now links: to the root, and to the canary.

    Everything that they lead to inside the container is there too.
    """
    targets = {"a": "/", "b": str(bird.path), "c": f"../../../../../../../..{bird.path}"}
    pairs = [path for name in targets for path in (f"{base}/{name}", f"{base}/{name}-link")]
    make = [f"mkdir -p {base}/{name}/inner; ln -s {target} {base}/{name}-link" for name, target in targets.items()]
    script = "; ".join([*make, f'mkdir -p /inner {bird.path}/inner; exec "$@"'])
    command = ["sh", "-c", script, "sh", *probe("racer", *pairs)]
    container = rig.docker.containers.run(image, command, detach=True, network_mode="none", **options)
    try:
        wait_until(lambda: b"racing" in container.logs(), what="the race to begin")
        yield container
        container.reload()
        assert container.status == "running", container.logs().decode()
    finally:
        container.remove(force=True, v=True)


@variants
@pytest.mark.parametrize("base", ["/work", "/vol"], ids=["own files", "volume"])
def test_e12_copies_stay_inside_whatever_their_paths_become(
    shared_instance: Rig, image: str, bird: Canary, options: dict[str, Any], base: str
) -> None:
    data = archive(entry("made"), entry("new", tarfile.DIRTYPE), entry("new/deep/file"), entry("ptmx"), entry("file"))
    seen: dict[str, set[str]] = {"put": set(), "get": set(), "stat": set()}
    with racing(shared_instance, image, bird, base, {**options, "volumes": ["/vol"]}) as container:

        def get(path: str) -> None:
            assert b"untouched" not in b"".join(container.get_archive(path)[0])

        for _, name in zip(range(ROUNDS), itertools.cycle("abc")):
            path = f"{base}/{name}/inner"
            seen["put"].add(outcome(lambda: container.put_archive(path, data)))  # noqa: B023
            seen["get"].add(outcome(lambda: get(path)))  # noqa: B023
            seen["stat"].add(outcome(lambda: shared_instance.docker.api.get_archive(container.id, path)[1]))  # noqa: B023
    bird.check()
    assert all("done" in outcomes for outcomes in seen.values()), seen


def hostile(bird: Canary) -> dict[str, bytes]:
    """Archives that would write, link or change modes outside if they were believed."""
    there = str(bird.path)
    up = "../" * 12
    directory, link, hard = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
    return {
        "a path upwards": archive(entry(f"{up}{there}/file")),
        "a path from the root": archive(entry(f"{there}/file")),
        "through a link": archive(entry("l", link, there), entry("l/file")),
        "through a link upwards": archive(entry("l", link, up + there), entry("l/file"), entry("l", directory)),
        "through two links": archive(entry("l", link, there), entry("m", link, "l/inner"), entry("m/file")),
        "over a link": archive(entry("l", link, f"{there}/file"), entry("l")),
        "a link becomes a directory": archive(entry("l", link, there), entry("l", directory), entry("l/file")),
        "a hard link": archive(entry("h", hard, f"{there}/file"), entry("h")),
        "a hard link upwards": archive(entry("h", hard, f"{up}{there}/file"), entry("h")),
        "a hard link through a link": archive(entry("l", link, there), entry("h", hard, "l/file"), entry("h")),
        "a mode through a link": archive(entry("l", link, f"{there}/file"), entry("p", tarfile.FIFOTYPE)),
        "a device": archive(entry("d", tarfile.CHRTYPE), entry("b", tarfile.BLKTYPE)),
    }


@variants
@pytest.mark.parametrize("state", ["created", "running"])
def test_e12_archives_cannot_lead_outside(
    shared_instance: Rig, image: str, bird: Canary, options: dict[str, Any], state: str
) -> None:
    command = ["sh", "-c", "mkdir /place; exec sleep 1000"]
    for what, data in hostile(bird).items():
        container = shared_instance.docker.containers.create(image, command, network_mode="none", **options)
        try:
            if state == "running":
                container.start()
            outcome(lambda: container.put_archive("/home", data))  # noqa: B023
            outcome(lambda: container.put_archive("/", data))  # noqa: B023
            outcome(lambda: b"".join(container.get_archive("/home")[0]))  # noqa: B023
        finally:
            container.remove(force=True, v=True)
        bird.check()
        assert what


@variants
def test_e12_volumes_of_a_container_that_does_not_run_are_put_inside(
    shared_instance: Rig, bird: Canary, options: dict[str, Any]
) -> None:
    rig = shared_instance
    image = Image().link("way", str(bird.path)).link("up", f"../../../../../../..{bird.path}").load(rig)
    kept = rig.docker.volumes.create()
    mounted = [f"{kept.name}:/way/inner", f"{kept.name}:/up/new"]
    container = rig.docker.containers.create(image, "true", network_mode="none", volumes=mounted, **options)
    try:
        for place in ("/way/inner", "/up/new", "/way", "/up"):
            outcome(lambda: container.put_archive(place, archive(entry("file"), entry("ptmx"))))  # noqa: B023
            outcome(lambda: container.get_archive(place)[1])  # noqa: B023
        assert outcome(lambda: container.get_archive("/way/inner/file")) == "done"
    finally:
        container.remove(force=True)
        kept.remove()
    bird.check()


@variants
@pytest.mark.parametrize("state", ["created", "running"])
def test_e12_nothing_of_the_image_is_used(
    shared_instance: Rig, image: str, options: dict[str, Any], state: str
) -> None:
    container = shared_instance.docker.containers.create(
        image, ["sleep", "1000"], network_mode="none", user="bob", **options
    )
    try:
        if state == "running":
            container.start()
        for number, compress in enumerate(COMPRESSIONS):
            assert container.put_archive("/home", compress(archive(entry(f"file{number}"))))
            assert b"copied" in b"".join(container.get_archive(f"/home/file{number}")[0])
        with pytest.raises(docker.errors.NotFound):
            container.get_archive("/trojan")
    finally:
        container.remove(force=True, v=True)


@variants
def test_e12_links_of_the_image_work_inside(shared_instance: Rig, bird: Canary, options: dict[str, Any]) -> None:
    """/var/run is a link to /run in many images (moby f82f5a92: a fix that broke it)."""
    image = Image().directory("run").link("var/run", "/run").link("out", "../../../../run").load(shared_instance)
    for start in (False, True):
        container = shared_instance.docker.containers.create(image, ["sleep", "1000"], network_mode="none", **options)
        try:
            if start:
                container.start()
            for place in ("/var/run", "/out"):
                assert container.put_archive(place, archive(entry(f"of{place.replace('/', '-')}")))
                assert b"copied" in b"".join(container.get_archive(f"/run/of{place.replace('/', '-')}")[0])
            assert container.get_archive("/var/run")[1]["linkTarget"] == "/run"
        finally:
            container.remove(force=True, v=True)
    bird.check()

"""B01: hostile layers. Nothing outside changes, what is accepted means what it says, what is refused leaves nothing."""

import io
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import docker.errors
import pytest

from tests import tars
from tests.kernel.corpus import MEANT, REFUSED, folder, hard, linked, path_max_chain
from tests.kernel.hostile import Place, check, left_of_images, place_with_canary
from tests.kernel.layermodel import Entry
from tests.kernel.rig import Rig, wait_until
from tests.kernel.trees import capability
from tests.unit.engine.images.archives import docker_archive, manifest_entry, oci_archive, oci_image


@pytest.fixture
def place() -> Iterator[Place]:
    with place_with_canary() as made:
        yield made


def outside(entry: Entry, canary: Path) -> Entry:
    values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return Entry(**{**values, "link": entry.link.replace("CANARY", str(canary))})


@pytest.mark.parametrize("layers", MEANT.values(), ids=MEANT.keys())
def test_b01_a_hostile_layer_means_what_the_model_says(place: Place, layers: list[list[Entry]]) -> None:
    check(place, [[outside(entry, place.path / "canary") for entry in layer] for layer in layers])


@pytest.mark.parametrize(("data", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_b01_a_hostile_layer_is_refused_and_leaves_nothing(place: Place, data: bytes, reason: str) -> None:
    message = place.refuses(tars.archive(tars.file("good", b"first"), data))
    assert reason in message
    assert len(message) < 1000
    assert message.isprintable()


def test_b01_a_truncated_layer_is_refused_and_leaves_nothing(place: Place) -> None:
    data = tars.archive(tars.file("d/one", b"x" * 1000), tars.file("d/two", b"y" * 5000), tars.symlink("l", "d"))
    for cut in range(100, len(data), 512 + 37):  # never between two entries
        place.refuses(data[:cut])


def test_b01_the_corpus_is_large_enough() -> None:
    assert len(MEANT) + len(REFUSED) >= 40


def test_b01_a_chain_longer_than_any_path_stays_inside(place: Place) -> None:
    """CVE-2025-4517, where the last name cannot be resolved to a path but can be opened."""
    chain = path_max_chain(15, 247)
    for last in (Entry("escape/file"), hard("h", "escape/file"), linked("escape/ptmx", "x"), folder("escape", 0o777)):
        check(place, [[outside(entry, place.path / "canary") for entry in (*chain, last)]])


def test_b01_capabilities_and_holes_are_kept(place: Place) -> None:
    value = capability()
    place.extract(
        tars.archive(
            tars.file("ping", b"x", mode=0o755, uid=5, xattrs={"security.capability": value}),
            tars.pax({"GNU.sparse.map": "0,1,99999,1", "GNU.sparse.numblocks": "2", "GNU.sparse.size": "10000000"})
            + tars.file("sparse", b"ab"),
        )
    )
    with place.mounted() as root:
        assert os.getxattr(root / "ping", "security.capability") == value
        status = (root / "sparse").stat()
        assert (status.st_size, status.st_blocks * 512 < 100_000) == (10_000_000, True)
        data = (root / "sparse").read_bytes()
        assert (data[0], data[99_999], data.count(0)) == (ord("a"), ord("b"), 9_999_998)


def test_b01_times_that_cannot_be_are_the_epoch(place: Place) -> None:
    fields = {"late": (1 << 63) - 1, "later": 1 << 63, "early": -(1 << 62), "negative": -1}
    place.extract(tars.archive(*[tars.file(name, mtime=value) for name, value in fields.items()]))
    with place.mounted() as root:
        assert {name: (root / name).stat().st_mtime for name in fields} == dict.fromkeys(fields, 0)


def test_b01_nobody_else_can_look_into_a_layer(place: Place) -> None:
    """CVE-2021-41091: a set-uid program of an image is no set-uid program of the host."""
    os.chmod(place.path, 0o755)
    place.extract(tars.archive(tars.folder("", 0o777), tars.file("su", b"#!/bin/sh\n", mode=0o4755)))
    command = f"setpriv --reuid 65534 --regid 65534 --clear-groups find {place.path} -name su".split()
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == ""
    assert len(list(place.path.rglob("su"))) == 1


def test_b01_a_layer_is_private_while_it_is_extracted(place: Place) -> None:
    """CVE-2025-47290: where it is unpacked is a secret of this process, and appears in one step."""
    seen_names: list[str] = []

    class Watching(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            for entry in (place.path / "tmp").iterdir():
                seen_names.append(entry.name)
                assert stat.S_IMODE(entry.stat().st_mode) == 0o700
            assert place.snapshots.list() == []
            return super().read(1000)

    for _ in range(2):
        place.snapshots.extract("sha256:" + "1" * 64, None, Watching(tars.archive(tars.file("f", b"x" * 9000))))
        place.snapshots.remove("sha256:" + "1" * 64)
    assert len(set(seen_names)) == 2
    assert all(len(name) >= 32 for name in seen_names)


# Through the API, as docker does


HOSTILE = {
    "name that leads up": tars.archive(tars.file("bin/sh"), tars.file("../../x")),
    "hard link to outside": tars.archive(tars.file("bin/sh"), tars.hardlink("x", "/etc/passwd")),
    "overlay attribute": tars.archive(tars.folder("d", xattrs={"trusted.overlay.redirect": "/"})),
    "link of two thousand names": tars.archive(tars.symlink("l", "d/" * 2000), tars.file("l/x")),
    "endless pax header": tars.archive(tars.special(b"x", b"9 path=a\n9"), tars.file("f")),
    "truncated": tars.file("f", b"x" * 9000)[:5000],
    "no archive": b"nothing of the kind" * 100,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("way", ["import", "load", "load as OCI"])
def test_b01_the_api_refuses_a_hostile_layer(shared_instance: Rig, tmp_path: Path, way: str, data: bytes) -> None:
    """Docker tells it as an error in the answer's stream, or as the answer when nothing was sent yet."""
    rig = shared_instance
    if way == "import":
        try:
            answer = rig.docker.api.import_image_from_data(data, repository="evil", tag="1")
        except docker.errors.APIError as error:
            assert error.status_code in (400, 500), error
            answer = str(error.explanation)
        assert "layer" in answer and "Traceback" not in answer, answer
    else:
        archive = docker_archive([data]) if way == "load" else oci(data)
        (tmp_path / "image.tar").write_bytes(archive)
        done = rig.wherry("load", "-i", str(tmp_path / "image.tar"), check=False)
        assert done.returncode == 1
        assert "layer" in done.stderr and "Traceback" not in done.stderr, done.stderr
        assert len(done.stderr) < 2000
    assert left_of_images(rig) == []
    assert rig.docker.ping()


def oci(layer: bytes) -> bytes:
    manifest, blobs = oci_image([layer])
    return oci_archive([manifest_entry(manifest, full_name="docker.io/library/evil:1")], blobs)


def test_b01_a_container_of_a_hostile_image_sees_what_it_means(shared_instance: Rig, tmp_path: Path) -> None:
    """Links to the host's files are links inside, from the layer to the running container."""
    rig = shared_instance
    program = shutil.which("busybox")
    assert program is not None
    canary = tmp_path / "canary"
    canary.mkdir()
    lower = tars.archive(
        tars.file("bin/busybox", Path(program).resolve().read_bytes(), mode=0o755),
        tars.file("gone/file"),
        tars.symlink("way", str(canary)),
        tars.file("way/file", b"inside"),
    )
    upper = tars.archive(tars.file(".wh.gone"), tars.file("way/other", b"above"), tars.hardlink("hard", "/way/other"))
    (tmp_path / "image.tar").write_bytes(docker_archive([lower, upper], ["hostile:1"]))
    rig.wherry("load", "-i", str(tmp_path / "image.tar"))
    try:
        script = f"/bin/busybox ls -1 / /way {canary}; /bin/busybox cat /hard {canary}/file"
        output = rig.docker.containers.run(
            "hostile:1", ["/bin/busybox", "sh", "-c", script], network_mode="none", remove=True
        ).decode()
    finally:
        rig.docker.images.remove("hostile:1", force=True)
    assert "gone" not in output
    assert output.endswith("aboveinside")
    assert list(canary.iterdir()) == []
    wait_until(lambda: left_of_images(rig) == [])  # deleted in the background

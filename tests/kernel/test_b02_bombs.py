"""B02: bombs. A limit ends each of them, the node's memory grows by less than 64 MiB, and nothing is left."""

import bz2
import gzip
import hashlib
import json
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import docker.errors
import pytest
import zstandard

from tests import tars
from tests.kernel.hostile import Place, left_of_images, place_with_canary
from tests.kernel.rig import Rig, wait_until
from tests.unit.engine.images.archives import config, docker_archive, manifest_entry, oci_archive, oci_image
from wherry.engine.snapshots import Limits

MIB = 1 << 20
GROWTH_KIB = 64 << 10


@pytest.fixture
def place() -> Iterator[Place]:
    with place_with_canary() as made:
        yield made


def memory(pid: int | str) -> dict[str, int]:
    """KiB by name, of /proc/PID/status."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.endswith(" kB")}


@contextmanager
def little_memory(pid: int | str) -> Iterator[None]:
    """The peak of what a process has in memory stays close to what it had."""
    before = memory(pid)["VmRSS"]
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak is what it is now (proc(5))
    yield
    assert memory(pid)["VmHWM"] - before < GROWTH_KIB


def zeros(count: int, start: bytes = b"") -> bytes:
    """``start`` and so many MiB of zeros as gzip: a few kilobytes a member."""
    member = gzip.compress(bytes(16 * MIB), 9, mtime=0)
    return gzip.compress(start, mtime=0) + member * (count // 16)


def huge(name: str, mebibytes: int) -> bytes:
    """A layer of one file of zeros, with gzip."""
    return zeros(mebibytes, tars.block(name, size=mebibytes * MIB))


# Directly, with small limits


def bomb(pack: Callable[[bytes], bytes]) -> bytes:
    return pack(tars.block("zeros", size=200 * MIB)) + pack(bytes(20 * MIB)) * 10


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("kind", PACKERS)
def test_b02_a_bomb_of_any_format_is_refused(place: Place, kind: str) -> None:
    packed = bomb(PACKERS[kind])
    with little_memory("self"):
        assert "bomb" in place.refuses(packed, Limits(ratio_free_bytes=64 * MIB))
        assert "larger than" in place.refuses(packed, Limits(bytes=64 * MIB))


def test_b02_a_zstd_window_of_two_gibibytes_is_refused(place: Place) -> None:
    # Magic, a descriptor that says nothing, a window of 2^31 bytes, and an empty last block (RFC 8878 3.1.1).
    with little_memory("self"):
        assert "zstd" in place.refuses(b"\x28\xb5\x2f\xfd" + bytes([0, (31 - 10) << 3]) + b"\x01\0\0")


def test_b02_an_xz_dictionary_of_four_gibibytes_is_refused(place: Place) -> None:
    packed = bytearray(lzma.compress(tars.archive(tars.file("x"))))
    at = packed.index(b"\x21\x01", 12)  # filter LZMA2, one byte of properties (xz file format 3.1, 5.3.1)
    packed[at + 2] = 40
    size = (packed[12] + 1) * 4
    packed[12 + size - 4 : 12 + size] = zlib.crc32(packed[12 : 12 + size - 4]).to_bytes(4, "little")
    with little_memory("self"):
        assert "xz" in place.refuses(bytes(packed))


@pytest.mark.parametrize(
    "part",
    [tars.file("same"), tars.folder("same"), tars.file(".wh..wh.plnk/x"), tars.file(".wh.nothing"), tars.fifo("f")],
    ids=["file", "folder", "metadata", "whiteout", "fifo"],
)
def test_b02_entries_are_limited_whatever_they_are(place: Place, part: bytes) -> None:
    assert "more than 2000 entries" in place.refuses(gzip.compress(part * 2001), Limits(entries=2000))


def test_b02_inodes_are_limited_whoever_makes_them(place: Place) -> None:
    """Each of these entries needs a hundred directories of its own, some of them behind a link."""
    parts = [tars.file(f"{number}/" + "d/" * 99 + "f") for number in range(5)]
    links = [tars.symlink(f"l{number}", f"x{number}/" + "d/" * 99) + tars.file(f"l{number}/f") for number in range(5)]
    for some in (parts, links):
        assert "more than 400 entries" in place.refuses(tars.archive(*some), Limits(entries=400))


def test_b02_holes_are_limited(place: Place) -> None:
    """A gibibyte each, a thousandfold, in a megabyte of archive."""
    hole = tars.pax({"GNU.sparse.map": "0,1", "GNU.sparse.numblocks": "1", "GNU.sparse.size": str(1 << 30)})
    parts = [hole + tars.file(str(number), b"x") for number in range(100)]
    assert "sparse files of more than" in place.refuses(tars.archive(*parts))


def test_b02_names_of_a_megabyte_cost_nothing(place: Place) -> None:
    with little_memory("self"):
        for name in ("./" * 500_000 + "x", "a/" * 500_000, "n" * MIB):
            place.refuses(gzip.compress(tars.special(b"L", name[: MIB - 1].encode()) + tars.file("x")))


def test_b02_members_without_content_are_read_to_the_end(place: Place) -> None:
    place.extract(gzip.compress(tars.archive(tars.file("f", b"x"))) + gzip.compress(b"", mtime=0) * 50_000)
    assert (place.snapshots.path(place.chain[0]) / "f").read_bytes() == b"x"


# Through the API, with the limits there are


@pytest.fixture(scope="module")
def node(shared_instance: Rig) -> Rig:
    """An instance that has loaded all the modules it needs to load images."""
    shared_instance.docker.images.load(docker_archive([tars.archive(tars.file("f"))], ["warm:1"]))
    shared_instance.docker.images.remove("warm:1")
    wait_until(lambda: left_of_images(shared_instance) == [])
    return shared_instance


def refused(rig: Rig, verb: str, data: bytes) -> str:
    """What the answer to an import or a load says; nothing of it may be left, and the node is the same."""
    api, pid = rig.docker.api, rig.pid("node")
    with little_memory(pid):
        try:
            answer = (
                api.import_image_from_data(data, repository="bomb", tag="1")
                if verb == "import"
                else json.dumps(list(api.load_image(data)))
            )
        except docker.errors.APIError as error:
            assert error.status_code in (400, 500), error
            answer = str(error.explanation)
    assert len(answer) < 1000
    assert "Traceback" not in answer
    assert "sha256:" not in answer
    assert left_of_images(rig) == []
    return answer


def oci(layer: bytes) -> bytes:
    """A layout whose only layer is stored as it is: it bursts when it is extracted."""
    manifest, blobs = oci_image([b""])
    document = json.loads(manifest)
    document["layers"] = [
        {
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": "sha256:" + hashlib.sha256(layer).hexdigest(),
            "size": len(layer),
        }
    ]
    manifest = json.dumps(document).encode()
    blobs = {name: data for name, data in blobs.items() if data.startswith(b"{")}
    for data in (manifest, layer):
        blobs["blobs/sha256/" + hashlib.sha256(data).hexdigest()] = data
    return oci_archive([manifest_entry(manifest, full_name="docker.io/library/bomb:1")], blobs)


def test_b02_a_gigabyte_of_zeros_is_refused_by_import(node: Rig) -> None:
    assert "bomb" in refused(node, "import", huge("zeros", 2048))


def test_b02_a_gigabyte_of_zeros_is_refused_by_load(node: Rig) -> None:
    assert "bomb" in refused(node, "load", huge("manifest.json", 2048))


def test_b02_a_gigabyte_of_zeros_in_a_layer_is_refused(node: Rig) -> None:
    """Of a file that is passed over, so that the test writes no gigabyte."""
    assert "bomb" in refused(node, "load", oci(huge(".wh..wh.aufs", 2048)))


def archive(**members: bytes) -> bytes:
    """An archive of images, with gzip."""
    return gzip.compress(tars.archive(*[tars.file(name, data) for name, data in members.items()]), 1)


def padded(name: str, start: bytes, mebibytes: int) -> bytes:
    """A member of so many MiB more blanks, as the beginning of an archive."""
    head = start + b" " * (-len(start) % 512)
    member = gzip.compress(b" " * MIB, 9, mtime=0)
    return gzip.compress(tars.block(name, size=len(head) + mebibytes * MIB) + head, mtime=0) + member * mebibytes


LIST = json.dumps([{"Config": "c.json", "RepoTags": ["bomb:1"], "Layers": ["l.tar"]}]).encode()
EMPTY = bytes(1024)


def test_b02_a_configuration_of_200_megabytes_is_refused(node: Rig) -> None:
    large = padded("c.json", config([EMPTY]), 200)
    assert "at most 4194304" in refused(node, "load", large + archive(**{"manifest.json": LIST, "l.tar": EMPTY}))


@pytest.mark.parametrize("name", ["manifest.json", "index.json"])
def test_b02_a_manifest_of_50_megabytes_is_refused(node: Rig, name: str) -> None:
    rest = archive(**{"oci-layout": b"{}", "c.json": config([EMPTY]), "l.tar": EMPTY})
    assert "at most 4194304" in refused(node, "load", padded(name, LIST, 50) + rest)


def test_b02_ten_thousand_layers_are_refused(node: Rig) -> None:
    names = json.dumps([{"Config": "c.json", "RepoTags": ["deep:1"], "Layers": ["l.tar"] * 10_000}]).encode()
    members = {"manifest.json": names, "c.json": config([EMPTY] * 10_000), "l.tar": EMPTY}
    assert "max depth exceeded" in refused(node, "load", archive(**members))


@pytest.mark.parametrize("text", [b"[" * 150_000 + b"]" * 150_000, b'{"a":' * 150_000])
def test_b02_documents_of_many_levels_are_refused(node: Rig, text: bytes) -> None:
    settings = b'{"os":"linux","config":' + text
    deep = "maximum recursion depth exceeded"
    assert deep in refused(node, "load", archive(**{"manifest.json": LIST, "c.json": settings, "l.tar": EMPTY}))
    assert deep in refused(node, "load", archive(**{"manifest.json": b'[{"X":' + text}))


@pytest.mark.parametrize("text", [b"[]," * 1_300_000 + b"[]", b"{}," * 1_300_000 + b"1", b"1," * 1_900_000 + b"1"])
def test_b02_documents_of_a_million_values_are_refused(node: Rig, text: bytes) -> None:
    settings = b'{"os":"linux","x":[' + text + b"]}"
    many = "more than 200000 values"
    assert many in refused(node, "load", archive(**{"manifest.json": LIST, "c.json": settings, "l.tar": EMPTY}))
    assert many in refused(node, "load", archive(**{"manifest.json": b'[{"X":[' + text + b"]}]"}))


def test_b02_an_index_of_long_names_takes_little_memory(node: Rig) -> None:
    name = gzip.compress(tars.special(b"L", b"n" * (MIB - 1)) + tars.file("x"), 9, mtime=0)
    assert "names are too long" in refused(node, "load", name * 900)


def test_b02_an_archive_of_many_members_is_refused(node: Rig) -> None:
    assert "more than 65536 members" in refused(node, "load", gzip.compress(tars.folder("d") * 70_000, 1))


def test_b02_what_is_good_is_taken_afterwards(node: Rig) -> None:
    image = node.docker.api.import_image_from_data(
        gzip.compress(tars.archive(tars.file("f", bytes(50 * MIB)))), repository="good", tag="1"
    )
    assert "sha256:" in image
    node.docker.images.remove("good:1")
    wait_until(lambda: left_of_images(node) == [])

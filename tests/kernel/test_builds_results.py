"""What becomes of a build: images, layers, files; the same ones every time; and what pruning takes away."""

import io
import json
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.builds import Failed, cached, content, files_of_layer, layers, look, made, output, shown
from tests.kernel.rig import Rig, wait_until

EPOCH = 1_600_000_000


@pytest.fixture
def token() -> str:
    """Makes a step one of its own."""
    return str(uuid4())


def times(rig: Rig, image: str) -> set[int]:
    """Of all entries of the layers that were built on busybox:test, in the order of the archive."""
    saved = b"".join(rig.docker.api.get_image(image))
    with tarfile.open(fileobj=io.BytesIO(saved)) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))  # type: ignore[arg-type]
        found = set()
        for name in manifest[0]["Layers"][1:]:
            with tarfile.open(fileobj=outer.extractfile(name)) as layer:
                found |= {int(entry.mtime) for entry in layer}
    return found


# The same inputs, the same image


TEXT = "FROM busybox:test\nCOPY . /app/\nWORKDIR /made\nRUN echo $SOURCE_DATE_EPOCH > e; touch -t 199901010000 old\n"


def test_nothing_is_younger_than_the_epoch(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "file").write_text(token)
    name = f"epoch-{token}:1"
    built = made(builder, TEXT, tmp_path, build_args={"SOURCE_DATE_EPOCH": str(EPOCH)}, tags=[name])
    assert content(builder, built, "/made/e") == f"{EPOCH}\n"
    assert times(builder, name) == {EPOCH, 915148800}
    image = builder.docker.api.inspect_image(name)
    assert image["Created"].startswith("2020-09-13T12:26:40")
    created = {entry["Created"] for entry in builder.docker.api.history(name)[:-1]}
    assert created == {EPOCH}


def test_without_an_epoch_the_base_images_time_counts(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "file").write_text(token)
    base = builder.docker.api.inspect_image("busybox:test")["Created"]
    built = made(builder, TEXT, tmp_path)
    image = builder.docker.api.inspect_image(built["id"])
    assert image["Created"][:19] == base[:19]
    scratch = made(builder, f"FROM scratch\nCOPY <<EOF /x\n{token}\nEOF\n")
    assert builder.docker.api.inspect_image(scratch["id"])["Created"].startswith("1970-01-01T00:00:00")


def test_built_anew_it_is_the_same_image(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "file").write_text(token)
    first = made(builder, TEXT, tmp_path)
    (tmp_path / "file").touch()
    again = made(builder, TEXT, tmp_path, no_cache=True)
    assert not any(cached(again))
    assert again["id"] == first["id"]
    assert again["manifest"] == first["manifest"]


@pytest.mark.parametrize("way", ["argument", "option"])
def test_times_as_they_are_for_who_wants_them(builder: Rig, tmp_path: Path, token: str, way: str) -> None:
    (tmp_path / "file").write_text(token)
    before = int(time.time())
    more = {"build_args": {"WHERRY_REPRODUCIBLE": "0"}} if way == "argument" else {"reproducible": False}
    name = f"times-{token}:1"
    built = made(builder, TEXT, tmp_path, tags=[name], **more)
    assert content(builder, built, "/made/e") == "\n"
    found = times(builder, name)
    assert 915148800 in found
    assert max(found) >= before
    assert builder.docker.api.inspect_image(name)["Created"] > "2026"


def test_an_epoch_that_is_none(builder: Rig) -> None:
    for text in ("yesterday", "-1", "1.5", "9" * 20):
        with pytest.raises(Failed, match="SOURCE_DATE_EPOCH"):
            made(builder, "FROM busybox:test\n", build_args={"SOURCE_DATE_EPOCH": text})


# Squashed


def test_squashed(builder: Rig, token: str) -> None:
    text = (
        "FROM busybox:test\nRUN mkdir /d; echo old > /d/a; echo gone > /gone; ln -s a /d/link\n"
        f"RUN rm -r /gone /etc/group; echo {token} > /d/a; chown bob /d/a; rm -r /home; mkdir /home; touch /home/new\n"
        "ENV A=1\nCOPY --from=busybox:test /bin/busybox /copy\nRUN ln /copy /hard; rm /bin/vi\n"
    )
    many, one = made(builder, text), made(builder, text, squash=True)
    assert (len(layers(builder, many["id"])), len(layers(builder, one["id"]))) == (5, 2)
    base, top = layers(builder, one["id"])
    files = files_of_layer(builder, top, [base])
    assert "gone" not in files
    with shown(builder, many["id"]) as left, shown(builder, one["id"]) as right:
        for path in ("/d", "/d/a", "/d/link", "/gone", "/etc/group", "/etc/passwd", "/home", "/home/new", "/bin/vi"):
            assert look(left, path) == look(right, path), path
    run = builder.docker.containers.run(one["id"], ["sh", "-c", "cat /d/a; ls /home; cmp /copy /hard"], remove=True)
    assert run.decode() == f"{token}\nnew\n"
    assert builder.docker.api.inspect_image(one["id"])["Config"]["Env"][-1] == "A=1"
    assert made(builder, text, squash=True)["id"] == one["id"]


def test_a_squashed_image_is_a_base_like_others(builder: Rig, token: str) -> None:
    name = f"squashed-{token}:1"
    made(builder, f"FROM busybox:test\nRUN echo {token} > /a\nRUN rm /bin/vi\n", squash=True, tags=[name])
    assert output(made(builder, f"FROM {name}\nRUN cat /a; ls /bin/vi || true\n")).startswith(f"{token}\nls: ")


def test_there_is_nothing_to_squash(builder: Rig, token: str) -> None:
    for text in ("FROM busybox:test\nENV A=1\n", f"FROM busybox:test\nRUN echo {token}\n"):
        assert made(builder, text, squash=True)["id"] == made(builder, text)["id"]


# Files instead of images


def test_the_files_into_a_directory(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM scratch\nCOPY --chown=7:8 --chmod=751 <<EOF /d/file\n{token}\nEOF\n")
    images = len(builder.docker.images.list(all=True))
    builder.wherry("build", "-o", str(tmp_path / "out"), str(tmp_path))
    found = tmp_path / "out/d/file"
    assert found.read_text() == f"{token}\n"
    assert (found.stat().st_mode & 0o7777, found.stat().st_uid, found.stat().st_gid) == (0o751, 7, 8)
    builder.wherry("build", "-o", f"type=tar,dest={tmp_path}/out.tar", str(tmp_path))
    with tarfile.open(tmp_path / "out.tar") as tar:
        assert "d/file" in tar.getnames()
    builder.wherry("build", "-o", f"type=oci,dest={tmp_path}/oci.tar", str(tmp_path))
    with tarfile.open(tmp_path / "oci.tar") as tar:
        assert {"oci-layout", "index.json"} <= set(tar.getnames())
    assert len(builder.docker.images.list(all=True)) == images


def test_ids_and_metadata_in_files(builder: Rig, tmp_path: Path, token: str) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM busybox:test\nLABEL a={token}\n")
    files = ["--iidfile", f"{tmp_path}/id", "--metadata-file", f"{tmp_path}/metadata"]
    done = builder.wherry("build", "-q", *files, "-t", f"meta-{token}:1", "--label", "b=2", str(tmp_path))
    identity = done.stdout.strip()
    assert (tmp_path / "id").read_text() == identity
    metadata = json.loads((tmp_path / "metadata").read_text())
    assert metadata["containerimage.config.digest"] == identity
    assert builder.docker.images.get(f"meta-{token}:1").labels == {"a": token, "b": "2"}


# Pruning


@pytest.fixture
def emptied(builder: Rig) -> Iterator[Rig]:
    """With nothing in the cache."""
    builder.wherry("builder", "prune", "--all", "--force")
    yield builder


def stored(rig: Rig) -> tuple[set[str], set[str]]:
    """Names of all blobs, and of all layers as directories."""
    blobs = {path.name for path in (rig.root / "content/blobs/sha256").iterdir()}
    return blobs, {path.name for path in (rig.names.snapshots / "sha256").iterdir()}


def test_pruning_leaves_images_whole(emptied: Rig, token: str) -> None:
    before = stored(emptied)
    name = f"whole-{token}:1"
    text = (
        f"FROM busybox:test AS a\nRUN echo {token} > /a\nFROM busybox:test\nRUN echo {token} > /b\nCOPY --from=a /a /\n"
    )
    made(emptied, text, tags=[name])
    first = emptied.docker.api.prune_builds()
    assert len(first["CachesDeleted"]) == 1  # the stage that is in no image
    assert first["SpaceReclaimed"] == len(token) + 1
    assert emptied.docker.containers.run(name, ["cat", "/a", "/b"], remove=True).decode() == f"{token}\n" * 2
    emptied.wherry("builder", "prune", "--all", "--force")
    assert emptied.docker.containers.run(name, ["cat", "/a", "/b"], remove=True).decode() == f"{token}\n" * 2
    emptied.docker.images.remove(name)
    wait_until(lambda: stored(emptied) == before)


def test_steps_of_an_image_that_is_gone_stay_until_they_are_pruned(emptied: Rig, token: str) -> None:
    before = stored(emptied)
    text = f"FROM busybox:test\nRUN echo {token} > /x\n"
    emptied.docker.images.remove(made(emptied, text)["id"])
    assert cached(made(emptied, text)) == [False, True]
    emptied.docker.images.remove(made(emptied, text)["id"])
    emptied.docker.api.prune_builds()
    wait_until(lambda: stored(emptied) == before)
    assert cached(made(emptied, text)) == [False, False]


def test_pruning_the_least_recently_used_down_to_a_size(emptied: Rig, token: str) -> None:
    texts = [f"FROM busybox:test\nRUN head -c 1000000 /dev/urandom > /x; : {token} {n}\n" for n in range(3)]
    for text in texts:
        emptied.docker.images.remove(made(emptied, text)["id"])
    emptied.docker.images.remove(made(emptied, texts[0])["id"])  # now the second is the oldest
    pruned = emptied.wherry("builder", "prune", "--force", "--keep-storage", "2100000").stdout
    assert "Total reclaimed space: 1MB" in pruned
    assert [cached(made(emptied, text))[1] for text in texts] == [True, False, True]


def test_pruning_what_was_not_used_for_long(emptied: Rig, token: str) -> None:
    text = f"FROM busybox:test\nRUN echo {token}\n"
    emptied.docker.images.remove(made(emptied, text)["id"])
    emptied.wherry("builder", "prune", "--force", "--filter", "until=1h")
    assert cached(made(emptied, text)) == [False, True]


def test_what_the_cache_takes_is_accounted_for(emptied: Rig, token: str) -> None:
    made(emptied, f"FROM busybox:test\nRUN head -c 100000 /dev/urandom > /x; : {token}\n")
    (record,) = emptied.docker.api.df()["BuildCache"]
    assert (record["Size"], record["UsageCount"]) == (100000, 0)
    assert token in record["Description"]

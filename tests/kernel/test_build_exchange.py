"""The cache of one machine on another, by way of an image, a registry, or a directory."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.registries import Lone
from tests.kernel.builds import build, cached
from tests.kernel.rig import IMAGE, Rig
from wherry.oci.digest import Digest

DOCKERFILE = f"""FROM {IMAGE}
WORKDIR /app
RUN echo one > one
COPY file /app/
RUN cat one file > both
"""


@pytest.fixture
def other() -> Iterator[Rig]:
    rig = Rig()
    try:
        rig.up()
        yield rig
    finally:
        left = rig.close()
    assert not left, "\n".join(left)


def send(image: str, rig: Rig, other: Rig) -> None:
    other.docker.images.load(b"".join(rig.docker.api.get_image(image)))


def place(kind: str, where: object, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "where": str(where), **more}


def request(context: Path, **more: Any) -> dict[str, Any]:
    (context / "file").write_text("two\n")
    return {"context": str(context), "dockerfile": DOCKERFILE, "tags": ["shared:1"], **more}


def test_an_image_says_what_made_it_to_who_asks_for_it(instance: Rig, other: Rig, tmp_path: Path) -> None:
    instance.image()
    here = build(instance, request(tmp_path, inline_cache=True))
    for image in (IMAGE, "shared:1"):
        send(image, instance, other)
    unasked = build(other, request(tmp_path))
    assert cached(unasked) == [False] * 5, "no image is believed unasked"
    other.docker.api.prune_builds()
    other.docker.images.remove(unasked["id"], force=True)
    other.wherry("builder", "prune", "--all", "--force")
    send("shared:1", instance, other)
    asked = build(other, request(tmp_path, cache_from=[place("registry", "shared:1")], inline_cache=True))
    assert cached(asked)[1:] == [True] * 4
    assert asked["id"] == here["id"]
    changed = build(
        other,
        {**request(tmp_path, cache_from=[place("registry", "shared:1")]), "dockerfile": DOCKERFILE + "RUN true\n"},
    )
    assert cached(changed)[1:] == [True] * 4 + [False]


def test_a_cache_that_cannot_be_had_is_told_and_the_build_goes_on(instance: Rig, tmp_path: Path) -> None:
    instance.image()
    sources = [place("registry", name) for name in ("127.0.0.1:1/absent:1", IMAGE)]
    built = build(instance, request(tmp_path, cache_from=sources))
    warnings = [event["message"] for event in built["events"] if event.get("event") == "Warned"]
    assert any("127.0.0.1:1/absent:1 failed" in text for text in warnings)


STAGES = f"""FROM {IMAGE} AS tool
RUN echo tool > /tool
FROM {IMAGE}
WORKDIR /app
COPY --from=tool /tool /app/
RUN cat tool > both
"""


@pytest.fixture(params=["registry", "local"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A place for a cache that both machines reach."""
    if request.param == "local":
        yield place("local", tmp_path / "shared-cache")
        return
    with Lone(tmp_path / "registry") as lone:
        yield place("registry", f"127.0.0.1:{lone.port}/team/cache:main")


def elsewhere(instance: Rig, other: Rig, target: dict[str, Any], dockerfile: str) -> dict[str, Any]:
    """What the other machine makes of a cache that this one wrote, after both have the base image."""
    instance.image()
    here = build(instance, {"has_context": False, "dockerfile": dockerfile, "cache_to": [target]})
    send(IMAGE, instance, other)
    source = {key: value for key, value in target.items() if key != "is_whole"}
    there = build(other, {"has_context": False, "dockerfile": dockerfile, "cache_from": [source]})
    return {**there, "here": here["id"]}


def test_a_cache_of_all_stages_makes_a_build_elsewhere_run_nothing(
    instance: Rig, other: Rig, shared: dict[str, Any]
) -> None:
    there = elsewhere(instance, other, {**shared, "is_whole": True}, STAGES)
    assert cached(there) == [False, True, False, True, True, True]  # but FROM
    assert there["id"] == there["here"]


def test_a_cache_of_the_image_lacks_what_only_other_stages_need(
    instance: Rig, other: Rig, shared: dict[str, Any]
) -> None:
    there = elsewhere(instance, other, shared, STAGES)
    assert cached(there) == [False, False, False, True, True, True]
    assert there["id"] == there["here"]


def test_the_next_build_adds_to_a_directory(instance: Rig, tmp_path: Path) -> None:
    instance.image()
    target = place("local", tmp_path / "shared-cache")
    for command in ("true > /one", "true > /two"):
        dockerfile = f"FROM {IMAGE}\nRUN {command}\n"
        build(instance, {"has_context": False, "dockerfile": dockerfile, "cache_to": [target]})
    index = json.loads((tmp_path / "shared-cache" / "index.json").read_text())
    assert len(index["manifests"]) == 1
    assert not list((tmp_path / "shared-cache").rglob(".*"))


@pytest.mark.parametrize("damage", ["missing", "cut", "another layer"])
def test_a_damaged_layer_is_built_anew(instance: Rig, other: Rig, tmp_path: Path, damage: str) -> None:
    """Nobody who writes to the cache's place can put other files behind a diff id that an image then claims."""
    instance.image()
    directory = tmp_path / "shared-cache"
    dockerfile = f"FROM {IMAGE}\nRUN echo one > /one\nRUN echo two > /two\n"
    asked = {"has_context": False, "dockerfile": dockerfile}
    here = build(instance, {**asked, "cache_to": [place("local", directory)]})
    config = next(
        path for path in (directory / "blobs" / "sha256").iterdir() if path.read_bytes().startswith(b'{"version":')
    )
    document = json.loads(config.read_bytes())
    first, second = document["steps"]
    if damage == "another layer":
        for field in ("blob", "blob_bytes"):
            first[field] = second[field]
        name_anew(directory, json.dumps(document, separators=(",", ":")).encode())
    else:
        blob = directory / "blobs" / "sha256" / first["blob"].partition(":")[2]
        blob.unlink() if damage == "missing" else blob.write_bytes(blob.read_bytes()[:-1])
    send(IMAGE, instance, other)
    there = build(other, {**asked, "cache_from": [place("local", directory)]})
    assert there["id"] == here["id"]
    assert sorted(cached(there)[1:]) == [False, True]


def put(blobs: Path, data: bytes) -> dict[str, Any]:
    """Store a blob; the fields of its descriptor."""
    digest = Digest.of(data)
    (blobs / digest.hex).write_bytes(data)
    return {"digest": str(digest), "size": len(data)}


def name_anew(directory: Path, changed: bytes) -> None:
    """Put another configuration into an artifact that is sound otherwise."""
    blobs = directory / "blobs" / "sha256"
    index = json.loads((directory / "index.json").read_text())
    manifest = json.loads((blobs / index["manifests"][0]["digest"].partition(":")[2]).read_text())
    manifest["config"] |= put(blobs, changed)
    index["manifests"][0] |= put(blobs, json.dumps(manifest).encode())
    (directory / "index.json").write_text(json.dumps(index))


def test_the_command_takes_buildkits_forms(instance: Rig, tmp_path: Path) -> None:
    instance.image()
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo one > /one\n")

    def command(*flags: str) -> Any:
        return instance.wherry("build", *flags, str(tmp_path), check=False)

    directory = tmp_path / "cache"
    assert command(f"--cache-to=type=local,dest={directory},mode=max").returncode == 0
    assert (directory / "index.json").is_file()
    again = command(f"--cache-from=type=local,src={directory}")
    assert (again.returncode, "CACHED" in again.stderr) == (0, True)
    for flag, message in (
        ("--cache-to=type=gha", "type=gha is not available; registry, local and inline are"),
        ("--cache-to=type=local", "type=local needs dest=DIRECTORY"),
        ("--cache-to=type=registry,ref=a/b,mode=most", "mode is min or max, not most"),
        ("--cache-from=type=registry", "type=registry needs ref=REFERENCE"),
    ):
        refused = command(flag)
        assert (refused.returncode, message in refused.stderr) == (1, True), refused.stderr

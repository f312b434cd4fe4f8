"""The cache of one machine on another, by way of an image."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kernel.builds import build, cached
from tests.kernel.rig import IMAGE, Rig

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
    asked = build(other, request(tmp_path, cache_from=["shared:1"], inline_cache=True))
    assert cached(asked)[1:] == [True] * 4
    assert asked["id"] == here["id"]
    changed = build(other, {**request(tmp_path, cache_from=["shared:1"]), "dockerfile": DOCKERFILE + "RUN true\n"})
    assert cached(changed)[1:] == [True] * 4 + [False]


def test_a_cache_that_cannot_be_had_is_told_and_the_build_goes_on(instance: Rig, tmp_path: Path) -> None:
    instance.image()
    built = build(instance, request(tmp_path, cache_from=["127.0.0.1:1/absent:1", IMAGE]))
    warnings = [event["message"] for event in built["events"] if event.get("event") == "Warned"]
    assert any("127.0.0.1:1/absent:1 failed" in text for text in warnings)

"""An image that is hostile, a canary, and what must hold after each attack."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kernel.attacks import Canary, Image
from tests.kernel.b05.attempts import EVIL
from tests.kernel.builds import remains
from tests.kernel.rig import Rig, wait_until


@pytest.fixture(scope="module")
def canary(builder: Rig) -> Iterator[Canary]:
    canary = Canary(builder.root / "canary")
    yield canary
    shutil.rmtree(canary.path)


@pytest.fixture(scope="module")
def evil(builder: Rig, canary: Canary) -> str:
    """An image whose links lead out of it, if they are followed by somebody who stands on the host."""
    image = Image()
    for name, target in {
        "host": str(canary.path),
        "rel": "../../../../../../../../../.." + str(canary.path),
        "root-link": "/",
        "up": "../../../../../..",
        "proc-link": f"/proc/1/root{canary.path}",
        "self-link": f"/proc/self/root{canary.path}",
        "dangling": f"{canary.path}/new",
        "loop": "loop",
        "etc/shadow-link": str(canary.path / "file"),
    }.items():
        image.link(name, target)
    image.file("etc/shadow", b"the image's own\n")
    loaded = image.load(builder)
    builder.docker.images.get(loaded).tag("evil", "1")
    return EVIL


@pytest.fixture(autouse=True)
def unharmed(builder: Rig, canary: Canary, evil: str) -> Iterator[None]:
    """After each attack the canary is as it was, and the engine alive."""
    yield
    canary.check()
    assert builder.answers()


@pytest.fixture(autouse=True, scope="module")
def nothing_left(builder: Rig) -> Iterator[None]:
    """After all attacks nothing of a step is left."""
    yield
    wait_until(lambda: not remains(builder))


@pytest.fixture
def context(tmp_path: Path, canary: Canary) -> Path:
    """Files of a project that somebody else wrote."""
    (tmp_path / "d").mkdir()
    (tmp_path / "d/file").write_text("mine\n")
    (tmp_path / "file").write_text("mine\n")
    (tmp_path / "out").symlink_to(canary.path)
    (tmp_path / "up").symlink_to("../" * 20)
    (tmp_path / "out-file").symlink_to(canary.path / "file")
    return tmp_path

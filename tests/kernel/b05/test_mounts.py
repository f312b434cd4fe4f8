"""What hostile steps mount."""

import base64
import ctypes
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from tests.kernel.attacks import Canary
from tests.kernel.b05.attempts import EVIL, attempt
from tests.kernel.builds import look, made, shown
from tests.kernel.rig import Rig

libc = ctypes.CDLL(None)
AT_FDCWD, RENAME_EXCHANGE = -100, 2
SECRET = f"canary{uuid4().hex}"


MOUNTS = [
    "type=cache,target=/x,source=../../",
    "type=cache,target=/x,id=../../../canary",
    "type=cache,target=/x,id=/",
    "type=cache,target=/x,from=evil:1,source=/host",
    "type=cache,target=/x,from=evil:1,source=/up{canary}",
    "type=cache,target=/host",
    "type=cache,target=/rel/inner",
    "type=cache,target=/up{canary}",
    "type=cache,target=/../../..{canary}",
    "type=bind,target=/x,rw,from=evil:1,source=/host",
    "type=bind,target=/x,rw,from=evil:1,source=/root-link{canary}",
    "type=bind,target=/x,rw,from=evil:1,source=/../../..{canary}",
    "type=bind,target=/x,rw,from=evil:1,source=proc-link",
    "type=bind,target=/x,rw,from=evil:1,source=loop",
    "type=bind,target=/x,rw,source=out",
    "type=bind,target=/x,rw,source=up{canary}",
    "type=bind,target=/x,rw,source=../../..{canary}",
    "type=bind,target=/host,rw,source=d",
    "type=bind,target=/dangling/a/b,rw,source=d",
    "type=bind,target=/proc-link/a,rw,source=d",
    "type=bind,target=/self-link,rw,source=d",
    "type=tmpfs,target=/host",
    "type=tmpfs,target=/rel/new",
    "type=tmpfs,target=/proc/self/root{canary}",
    "type=tmpfs,target=/loop/x",
    "type=secret,id=key,target=/host/secret",
    "type=secret,id=key,target=/dangling",
    "type=secret,id=../../..{canary}/key",
    "type=ssh,target=/host/agent",
]


@pytest.mark.parametrize("mount", MOUNTS)
def test_mounts(builder: Rig, canary: Canary, context: Path, mount: str) -> None:
    """A step writes wherever it may think that the host is."""
    mount = mount.format(canary=canary.path)
    write = (
        f"for d in /x /host /rel /up{canary.path} {canary.path} /dangling; do echo bad > $d/file; rm -rf $d/inner; done"
    )
    secrets = {name: base64.b64encode(SECRET.encode()).decode() for name in ("key", f"../../..{canary.path}/key")}
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount={mount} {write}; true\n", context, secrets=secrets)
    assert "untouched" not in text


NEVER = ["/", "/.", "/x/..", "//", ""]


@pytest.mark.parametrize("target", NEVER)
@pytest.mark.parametrize("kind", ["bind", "cache", "tmpfs"])
def test_nothing_is_mounted_on_the_root(builder: Rig, context: Path, kind: str, target: str) -> None:
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount=type={kind},target={target} true\n", context)
    assert "refused: " in text


@pytest.mark.parametrize(
    "target", ["/proc", "/proc/self/attr", "/sys", "/sys/fs/cgroup", "/dev", "/dev/pts", "/dev/null"]
)
def test_what_the_runtime_mounts_stays_what_it_is(builder: Rig, target: str) -> None:
    """Mounts over /proc and its like are the step's own business, but not less is hidden or writable with them."""
    look_ = "cat /proc/kcore 2>&1 | head -c 4 | wc -c; echo x > /proc/sys/kernel/hostname; echo x > /proc/sysrq-trigger"
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount=type=tmpfs,target={target} {look_}; true\n")
    assert (
        text.split()[:1] in (["0"], ["refused:"]) or "denied" in text or "Read-only" in text or "not permitted" in text
    )


def test_ids_that_are_nobodys(builder: Rig) -> None:
    """Beyond the container's own range a mount would belong to another container."""
    key = {"key": base64.b64encode(b"x").decode()}
    for kind in ("secret,id=key", f"cache,id={uuid4()}", "ssh"):
        for uid in ("65536", "4294901760", "4294967294", "4294967295"):
            mount = f"type={kind},target=/x,uid={uid},gid={uid}"
            text = attempt(builder, f"FROM {EVIL}\nRUN --mount={mount} ls -ln /x\n", secrets=key)
            assert "refused: " in text or kind == "ssh", text


SWAP = """
FROM {evil}
RUN --mount=type=cache,id={id},target=/c mkdir -p /c/a /c/b; mv /c/a /c/t; ln -s {canary} /c/a; rm -rf /c/t
"""


def test_a_cache_is_swapped_while_others_mount_it(builder: Rig, canary: Canary) -> None:
    """What is in a cache is never walked into by anybody but steps (CVE-2024-23651)."""
    cache = str(uuid4())
    attempt(builder, SWAP.format(evil=EVIL, id=cache, canary=canary.path))
    mount = f"type=cache,id={cache},target=/m,source=a"
    text = attempt(builder, f"FROM {EVIL}\nRUN --mount={mount} echo bad > /m/file; echo bad > /m/a/file; true\n")
    assert "untouched" not in text


@contextmanager
def swapping(one: Path, other: Path) -> Iterator[None]:
    """Two names change places all the time (renameat2(2), RENAME_EXCHANGE)."""
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_context_changes_while_it_is_copied_and_mounted(builder: Rig, canary: Canary, context: Path) -> None:
    """A directory is exchanged with a link to the host, over and over."""
    text = (
        f"FROM {EVIL}\nCOPY d /copied/\nCOPY d/file /one\nRUN --mount=source=d,target=/m,rw "
        "cat /m/file; echo bad > /m/file; rm -rf /m/inner; cat /copied/* /one; true\n"
    )
    with swapping(context / "d", context / "out"):
        for _ in range(15):
            assert "untouched" not in attempt(builder, text, context, no_cache=True)


STUBS = {
    "of a directory": "mv /d /e; ln -s {canary} /d",
    "of its parent": "mv /p /q; ln -s {canary} /p",
    "and the mount is hidden": "mv /d /e; mkdir /d; ln -s {canary} /d/inner",
}


@pytest.mark.parametrize("how", STUBS)
def test_a_mounts_place_becomes_a_link(builder: Rig, canary: Canary, how: str) -> None:
    """Mount points are tidied up afterwards: never by their path (CVE-2024-23652)."""
    mounts = (
        "--mount=type=tmpfs,target=/d/inner --mount=type=cache,target=/p/inner/file --mount=type=tmpfs,target=/d/file"
    )
    step = STUBS[how].format(canary=canary.path)
    built = made(builder, f"FROM busybox:test\nRUN {mounts} {step}; : {uuid4()}\n")
    with shown(builder, built["id"]) as root:
        links = [look(root, path) for path in ("/d", "/p", "/d/inner")]
    assert any(found and found.get("target") == str(canary.path) for found in links)

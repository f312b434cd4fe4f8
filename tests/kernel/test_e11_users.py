"""E11: a user is an id or a name of the image's, exactly; nobody becomes root by a way of writing it.

CVE-2026-30892 (a strange user was root), CVE-2024-40635 and CVE-2026-46680 (a number too large, or the name of a user),
CVE-2022-36109 (the primary group must be among the others), CVE-2026-47262 (files without end).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from tests.kernel.attacks import Image, attempt
from tests.kernel.rig import Rig

PASSWD = b"""root:x:0:0:root:/root:/bin/sh
bob:x:1000:1001::/home/bob:/bin/sh
4242:x:0:0:a number for a name:/:/bin/sh
huge:x:4294967296:0::/:/bin/sh
hex:x:0x0:0::/:/bin/sh
empty:x::0::/:/bin/sh
short:x
minus:x:-1:0::/:/bin/sh
largest:x:4294967295:0::/:/bin/sh
"""
GROUP = b"""root:x:0:
bob:x:1001:
staff:x:50:bob,alice
77:x:0:
huge:x:4294967296:
"""
REFUSED = [
    "0x0", "+0", "+1", "-1", "-0", "1:", ":1", ":", "1:2:3", "00", "01", "0 ", " 0", "root ", " root", "root\n", "0\n",
    "root:", "root:root:root", "root/", "../root", "4294967295", "4294967296", "18446744073709551616",
    "1000000000000", "1e3", "\u0660", "\u00b2", "ro\u00f6t", "nobody-knows", "bob:nobody-knows", "huge", "hex", "empty",
    "short", "minus", "largest", "bob:huge", "bob:-1", "x",
]  # fmt: skip
ACCEPTED = {
    "": "0 0 [0] /root",
    "0": "0 0 [0] /root",
    "root": "0 0 [0] /root",
    "bob": "1000 1001 [50, 1001] /home/bob",
    "1000": "1000 1001 [50, 1001] /home/bob",
    "bob:staff": "1000 50 [50] /home/bob",
    "bob:0": "1000 0 [0] /home/bob",
    "7:8": "7 8 [8] /",
    "4242": "4242 0 [0] /",
    "5:77": "5 77 [77] /",
    "65535:65535": "65535 65535 [65535] /",
}
WHO = ["sh", "-c", "cat /proc/self/status; echo Home: $HOME"]
VARIANTS: list[dict[str, Any]] = [{}, {"userns_mode": "host"}]
variants = pytest.mark.parametrize("options", VARIANTS, ids=["default", "host's user namespace"])
IMAGES: dict[Rig, str] = {}


def users() -> Image:
    return Image().file("etc/passwd", PASSWD, 0o644).file("etc/group", GROUP, 0o644)


@pytest.fixture
def image(shared_instance: Rig) -> str:
    if shared_instance not in IMAGES:
        IMAGES[shared_instance] = users().load(shared_instance)
    return IMAGES[shared_instance]


@contextmanager
def running(rig: Rig, image: str, **options: Any) -> Iterator[Any]:
    container = rig.docker.containers.run(image, ["sleep", "600"], detach=True, network_mode="none", **options)
    yield container
    container.remove(force=True)


def who(text: str) -> str:
    """uid, gid, groups and home, as :data:`ACCEPTED` has them; all of the ids of a kind must be the same."""
    lines = {line.split(":")[0]: line.split()[1:] for line in text.splitlines()}
    if "Uid" not in lines:
        return text
    (uid,), (gid,) = set(lines["Uid"]), set(lines["Gid"])
    return f"{uid} {gid} {sorted(int(group) for group in lines['Groups'])} {lines['Home'][0]}"


@variants
def test_e11_a_user_is_exactly_who_was_named(shared_instance: Rig, image: str, options: dict[str, Any]) -> None:
    found = {user: who(attempt(shared_instance, image, WHO, user=user, **options)) for user in ACCEPTED}
    assert found == ACCEPTED
    too_large = [] if options else ["65536", "0:65536"]
    refused = {user: attempt(shared_instance, image, WHO, user=user, **options) for user in (*REFUSED, *too_large)}
    assert {user: text for user, text in refused.items() if not text.startswith("refused: 400")} == {}


@variants
def test_e11_so_is_the_user_of_an_exec(shared_instance: Rig, image: str, options: dict[str, Any]) -> None:
    with running(shared_instance, image, **options) as container:
        found = {user: who(container.exec_run(WHO, user=user).output.decode()) for user in ACCEPTED}
        assert found == ACCEPTED
        for user in REFUSED:
            try:
                answer = container.exec_run(WHO, user=user)
            except APIError as error:
                assert error.response.status_code == 400
            else:
                assert answer.exit_code in (126, 127), f"{user!r}: {answer.output.decode()}"
                assert b"Uid:" not in answer.output


@pytest.mark.parametrize("user", ["4294967296", "0x0", "+0", "4294967295:0", "nobody-knows", "huge", "root:-1"])
def test_e11_an_image_s_user_is_no_exception(shared_instance: Rig, user: str) -> None:
    try:
        reference = users().load(shared_instance, [f"USER {user}"])
    except APIError as error:
        assert error.response.status_code == 400
    else:
        assert attempt(shared_instance, reference, WHO).startswith("refused: 400")


@pytest.mark.parametrize("group", ["-1", "+1", "0x0", "01", "4294967295", "4294967296", "huge", "nobody-knows", "a:b"])
def test_e11_so_are_additional_groups(shared_instance: Rig, image: str, group: str) -> None:
    assert attempt(shared_instance, image, WHO, group_add=[group]).startswith("refused: 400")


@variants
def test_e11_a_group_that_is_kept_out_cannot_be_left(shared_instance: Rig, image: str, options: dict[str, Any]) -> None:
    """Everybody but group 1001 may read the file (CVE-2022-36109)."""
    script = "echo secret > /tmp/file; chown 0:1001 /tmp/file; chmod 0707 /tmp/file"
    with running(shared_instance, image, **options) as container:
        assert container.exec_run(["sh", "-c", script]).exit_code == 0
        for user in ("7:1001", "bob", "7:bob"):
            assert container.exec_run(["cat", "/tmp/file"], user=user).exit_code == 1
        assert container.exec_run(["cat", "/tmp/file"], user="7:8").output == b"secret\n"


def peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (words,) = [line.split() for line in lines if line.startswith("VmHWM:")]
    return int(words[1]) * 1024


def remove(path: Path) -> None:
    try:
        path.unlink()
    except IsADirectoryError:
        path.rmdir()


def sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 3 << 30)


FILES: dict[str, Callable[[Path], None]] = {
    "3 GiB with holes": sparse,
    "one line of 2 MiB": lambda path: path.write_bytes(b"x" * (2 << 20)) and None,
    "directory": lambda path: path.mkdir(),
    "fifo": lambda path: os.mkfifo(path),
    "link to endless zeros": lambda path: path.symlink_to("/dev/zero"),
    "link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "link to itself": lambda path: path.symlink_to(path.name),
    "link to the runtime": lambda path: path.symlink_to("/proc/self/exe"),
    "link to a descriptor": lambda path: path.symlink_to("/proc/self/fd/0"),
    "link to another process": lambda path: path.symlink_to("/proc/1/exe"),
}


@variants
@pytest.mark.parametrize("name", ["passwd", "group"])
def test_e11_a_file_that_is_none_is_refused_and_costs_nothing(
    shared_instance: Rig, image: str, name: str, options: dict[str, Any]
) -> None:
    rig = shared_instance
    with running(rig, image, **options) as container:
        pid = int(rig.docker.api.inspect_container(container.id)["State"]["Pid"])
        path = Path(f"/proc/{pid}/root/etc/{name}")
        processes = [rig.pid("node"), rig.pid("shim", container.id)]
        before = [peak_bytes(process) for process in processes]
        for kind, make in FILES.items():
            remove(path)
            make(path)
            for user in ("bob", "root:staff"):
                answer = container.exec_run(WHO, user=user)
                assert answer.exit_code in (126, 127), f"{kind}: {answer.output.decode()}"
                assert b"unable to find" in answer.output, f"{kind}: {answer.output.decode()}"
        remove(path)
        grown = [peak_bytes(process) - was for process, was in zip(processes, before, strict=True)]
        assert max(grown) < 32 << 20
        assert who(container.exec_run(WHO, user="7:8").output.decode()) == "7 8 [8] /"

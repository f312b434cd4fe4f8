import os
from pathlib import Path

import pytest

from wherry.engine.runtime.failure import Failure
from wherry.engine.runtime.users import Files, resolve


def files(passwd: str, group: str = "") -> type[Files]:
    texts = {"/etc/passwd": passwd, "/etc/group": group}

    class Fake(Files):
        @classmethod
        def lines(cls, path: str) -> list[list[str]]:
            return [line.split(":") for line in texts[path].split("\n") if line]

    return Fake


PASSWD = "root:x:0:0:root:/root:/bin/sh\nbob:x:1000:1001:Bob:/home/bob:/bin/sh\n4242:x:0:0:evil:/:/bin/sh"
GROUP = "root:x:0:\nstaff:x:50:bob,alice\nbob:x:1001:"


def test_no_user_is_root() -> None:
    user = resolve("", [], files(PASSWD, GROUP))
    assert (user.uid, user.gid, user.home) == (0, 0, "/root")


def test_a_name_brings_its_groups_and_home() -> None:
    user = resolve("bob", [], files(PASSWD, GROUP))
    assert (user.uid, user.gid, user.groups, user.home) == (1000, 1001, [1001, 50], "/home/bob")


def test_an_explicit_group_replaces_the_others() -> None:
    user = resolve("bob:staff", [], files(PASSWD, GROUP))
    assert (user.gid, user.groups) == (50, [50])


@pytest.mark.parametrize(
    ("spec", "of_image", "groups"),
    [
        ("bob", True, [1000, 50, 60]), ("bob", False, [1000]), ("1000:8", True, [8, 50, 60]), ("1000:8", False, [8]),
        ("4242", True, [0]), ("", True, [0, 70]), ("", None, [0]), ("1000", None, [1000, 50, 60]),
    ],
)  # fmt: skip
def test_groups_of_the_image_may_be_wanted_or_not(spec: str, of_image: bool | None, groups: list[int]) -> None:
    passwd = "root:x:0:0::/root\nbob:x:1000:1000::/home/bob"
    group = "staff:x:50:bob\nvideo:x:60:alice,bob\nwheel:x:70:root"
    assert resolve(spec, [], files(passwd, group), of_image).groups == groups


def test_a_number_is_never_the_name_of_a_user() -> None:
    assert resolve("4242", [], files(PASSWD, GROUP)).uid == 4242


def test_the_primary_group_is_always_a_supplementary_one() -> None:
    assert resolve("7:8", [9, "staff"], files(PASSWD, GROUP)).groups == [8, 9, 50]


def test_without_files_numbers_still_work() -> None:
    user = resolve("12:34", [], files(""))
    assert (user.uid, user.gid, user.home) == (12, 34, "")


@pytest.mark.parametrize(
    "spec", ["1:", ":1", "0x0", "+1", "-1", "4294967295", "4294967296", "1000000000000", "root ", "٣", "nobody"]
)
def test_what_is_neither_an_id_nor_a_known_name_is_refused(spec: str) -> None:
    with pytest.raises(Failure, match="unable to find user"):
        resolve(spec, [], files(PASSWD, GROUP))


def test_an_unknown_group_is_refused() -> None:
    with pytest.raises(Failure, match="unable to find group nix: no matching entries in group file"):
        resolve("bob:nix", [], files(PASSWD, GROUP))


def test_a_user_whose_uid_is_no_number_is_refused() -> None:
    with pytest.raises(Failure, match="not a number"):
        resolve("x", [], files("x:x:0x0:0::/:"))


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert Files.lines(str(tmp_path / "passwd")) == []
    assert Files.lines(str(tmp_path / "file/passwd")) == []


def test_a_link_to_a_file_is_followed_and_comments_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("# a:b\n\nbob:x:7\n")
    (tmp_path / "passwd").symlink_to("file")
    assert Files.lines(str(tmp_path / "passwd")) == [["bob", "x", "7"]]


def test_what_is_no_ordinary_file_or_too_large_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "large").touch()
    os.truncate(tmp_path / "large", (1 << 20) + 1)
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "program").symlink_to("/proc/self/exe")
    (tmp_path / "loop").symlink_to("loop")
    for name in ("fifo", "large", "zero", "program", "loop", "."):
        with pytest.raises(Failure, match="unable to find user"):
            Files.lines(str(tmp_path / name))

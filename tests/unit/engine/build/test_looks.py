"""--chmod and --chown."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.build.looks import find_owner, parse_mode
from wherry.kit.errors import Invalid


@pytest.mark.parametrize(
    ("text", "old", "is_directory", "new"),
    [
        ("755", 0o600, False, 0o755),
        ("0644", 0o600, True, 0o644),
        ("4755", 0o600, False, 0o4755),
        ("u+x", 0o644, False, 0o744),
        ("+x", 0o644, False, 0o755),
        ("a-w", 0o666, False, 0o444),
        ("go=", 0o777, False, 0o700),
        ("u=rwX,go=rX", 0o600, False, 0o644),
        ("u=rwX,go=rX", 0o600, True, 0o755),
        ("u=rwX,go=rX", 0o700, False, 0o755),
        ("g=u", 0o740, False, 0o770),
        ("u+s,g+s", 0o755, False, 0o6755),
        ("+t", 0o777, True, 0o1777),
        ("u-x+w", 0o555, False, 0o655),
    ],
)
def test_modes(text: str, old: int, is_directory: bool, new: int) -> None:
    assert parse_mode(text)(old, is_directory) == new


@pytest.mark.parametrize("text", ["", "888", "77777", "u+", "rwx", "u+q", "755 ", "+x,", "-1"])
def test_modes_that_are_none(text: str) -> None:
    if text == "u+":  # nothing is added, as with chmod(1)
        assert parse_mode(text)(0o644, False) == 0o644
        return
    with pytest.raises(Invalid, match="invalid chmod parameter"):
        parse_mode(text)


@given(st.integers(0, 0o777), st.sampled_from("ugoa"), st.sampled_from("rwx"))
def test_what_is_added_can_be_taken_away(mode: int, who: str, what: str) -> None:
    added = parse_mode(f"{who}+{what}")(mode, False)
    assert added & mode == mode
    assert parse_mode(f"{who}-{what}")(added, False) | mode == mode


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n1000:x:7:7::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("root:x:0:\nstaff:x:50:web\n")
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@pytest.mark.parametrize(
    ("text", "owner"),
    [("55", (55, 55)), ("55:66", (55, 66)), ("web", (33, 34)), ("web:staff", (33, 50)), ("1000", (1000, 1000)),
     ("0:staff", (0, 50))],
)  # fmt: skip
def test_owners(root: int, text: str, owner: tuple[int, int]) -> None:
    assert find_owner(text, root) == owner


@pytest.mark.parametrize("text", ["nobody", "web:nogroup", ":staff", "web:", "4294967296", "-1"])
def test_owners_that_are_none(root: int, text: str) -> None:
    with pytest.raises(Invalid, match="invalid chown parameter"):
        find_owner(text, root)


def test_names_are_not_looked_up_outside(tmp_path: Path) -> None:
    (tmp_path / "root/etc").mkdir(parents=True)
    (tmp_path / "passwd").write_text("outside:x:1:1::/:/bin/sh\n")
    (tmp_path / "root/etc/passwd").symlink_to("../../passwd")
    fd = os.open(tmp_path / "root", os.O_RDONLY | os.O_DIRECTORY)
    with pytest.raises(Invalid):
        find_owner("outside", fd)
    os.close(fd)

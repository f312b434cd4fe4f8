"""Users, and profiles of system calls."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.containers.validate import check_user
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import Security
from wherry.node.runtime.rights import read_profile, security_options, user


@pytest.mark.parametrize(
    ("asked", "image", "found"),
    [
        ({}, "", ""),
        ({}, "bob:staff", "bob:staff"),
        ({"run_as_user": 5}, "bob:staff", "5"),
        ({"run_as_user": 0}, "", "0"),
        ({"run_as_group": 7}, "bob:staff", "bob:7"),
        ({"run_as_group": 7}, "", "0:7"),
        ({"run_as_user": 5, "run_as_group": 7}, "bob", "5:7"),
        ({"run_as_user": 5, "run_as_group": 0}, "", "5:0"),
    ],
)
def test_what_is_asked_for_goes_before_the_images(asked: dict[str, Any], image: str, found: str) -> None:
    assert user(Security(**asked), image) == found


@pytest.mark.parametrize(
    ("asked", "image", "words"),
    [
        ({"run_as_user": 0}, "5", "runAsUser breaks non-root policy"),
        ({}, "", "image will run as root"),
        ({}, "0:5", "image will run as root"),
        ({}, "bob", r"non-numeric user \(bob\)"),
        ({}, "00", "non-numeric user"),
        ({}, "0x0", "non-numeric user"),
        ({}, "\u0660", "non-numeric user"),
    ],
)
def test_root_and_whoever_may_be_it_is_refused_where_it_must_not_be(
    asked: dict[str, Any], image: str, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        user(Security(run_as_non_root=True, **asked), image)


@given(st.text(alphabet="0123456789xabc:+- \u0660", max_size=12))
def test_no_image_gets_root_past_the_check(image: str) -> None:
    """Whatever is let through is a number but 0, to us and to the engine (CVE-2026-46680)."""
    try:
        found = user(Security(run_as_non_root=True), image)
        check_user(found)
    except Invalid:
        return
    name = found.partition(":")[0]
    assert name.isascii() and name.isdigit() and 0 < int(name) < 1 << 32


def test_options_are_dockers() -> None:
    assert security_options(Security()) == []
    assert security_options(Security(no_new_privileges=True)) == ["no-new-privileges"]
    assert security_options(Security(seccomp="Unconfined")) == ["seccomp=unconfined"]
    assert security_options(Security(privileged=True)) == ["seccomp=unconfined"]


def test_a_profile_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.json"
    path.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
    assert security_options(Security(seccomp=f"Localhost:{path}")) == [f"seccomp={path.read_text()}"]


def test_why_a_profile_cannot_be_read_is_said_once() -> None:
    with pytest.raises(Invalid) as refused:
        security_options(Security(seccomp="Localhost:/nowhere/at/all"))
    assert refused.value.message == "cannot load seccomp profile /nowhere/at/all: No such file or directory"


@pytest.mark.parametrize("path", ["", "relative", "/nowhere/at/all", "/"])
def test_no_profile_is_not_none_at_all(path: str) -> None:
    with pytest.raises(Invalid):
        security_options(Security(seccomp=f"Localhost:{path}"))
    with pytest.raises(Invalid):
        security_options(Security(seccomp="Something"))


def test_a_profile_that_is_empty_or_endless_is_refused(tmp_path: Path) -> None:
    for content, words in ((b" \n", "empty"), (b"x" * (1 << 20) + b"x", "larger than 1 MiB"), (b"\xff", "cannot load")):
        (tmp_path / "p").write_bytes(content)
        with pytest.raises(Invalid, match=words):
            read_profile(str(tmp_path / "p"))
    with pytest.raises(Invalid, match="larger than 1 MiB"):
        read_profile("/dev/zero")

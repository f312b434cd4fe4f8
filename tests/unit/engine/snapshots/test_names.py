"""What the names in an archive mean."""

import posixpath
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.snapshots import names
from wherry.kit.errors import Invalid

NAMES = st.lists(st.sampled_from([b"a", b"bc", b".", b"..", b"", b".a", b"..b", b"a.", b" "]), max_size=8).map(
    b"/".join
)


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"a", b"a"),
        (b"a/b", b"a/b"),
        (b"/a", b"a"),
        (b"./a", b"a"),
        (b"././a/", b"a"),
        (b".//a//b/", b"a/b"),
        (b"a/./b", b"a/b"),
        (b"a/x/../b", b"a/b"),
        (b"a/..", b""),
        (b"", b""),
        (b"/", b""),
        (b".", b""),
        (b"./", b""),
        (b"...", b"..."),
        (b"..a", b"..a"),
        (b".hidden", b".hidden"),
        (b"a/.hidden", b"a/.hidden"),
        (b"new\nline", b"new\nline"),
        (b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_a_name_is_a_path_below_the_root(raw: bytes, path: bytes) -> None:
    assert names.clean(raw) == path


@pytest.mark.parametrize("raw", [b"..", b"../a", b"/../a", b"a/../../b", b"./../a", b"a/b/../../../c", b"/.."])
def test_a_name_that_leads_outside_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match="leads outside"):
        names.clean(raw)


@pytest.mark.parametrize("raw", [b"a\0b", b"\0", b"a" * 4096, b"a/" * 2048, b"./" * 2048 + b"a"])
def test_what_is_no_path_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid, match="no path"):
        names.clean(raw)


def test_a_message_names_the_thing_and_stays_short() -> None:
    with pytest.raises(Invalid, match="hard link target") as caught:
        names.clean(b"\x1b[31m/" * 1000, "hard link target")
    assert "\x1b" not in caught.value.message
    assert len(caught.value.message) < 1500


def test_a_name_of_a_million_dots_costs_nothing() -> None:
    began = time.process_time()
    for _ in range(100):
        with pytest.raises(Invalid):
            names.clean(b"./" * 500_000)
    assert time.process_time() - began < 5  # seconds; a second each when it was read dot by dot


@given(NAMES)
def test_a_clean_name_is_what_the_kernel_would_make_of_it(raw: bytes) -> None:
    """Without links; and where the kernel stops at its root, the name is refused."""
    try:
        path = names.clean(raw)
    except Invalid:
        assert posixpath.normpath(b"x/" + raw.lstrip(b"/")).startswith(b"..") or b".." in raw
        return
    assert b"/" + path == posixpath.normpath(b"/" + raw.lstrip(b"/"))


@given(st.binary(max_size=40))
def test_any_bytes_are_a_clean_path_or_refused(raw: bytes) -> None:
    try:
        path = names.clean(raw)
    except Invalid:
        return
    assert not {b"", b".", b".."} & set(path.split(b"/")) or path == b""
    assert names.clean(path) == path


@pytest.mark.parametrize("name", [b".wh.", b".wh..", b".wh..."])
def test_a_whiteout_of_nothing_is_refused(name: bytes) -> None:
    with pytest.raises(Invalid, match="of nothing"):
        names.hidden(name)


@pytest.mark.parametrize(("name", "target"), [(b".wh.a", b"a"), (b".wh....", b"..."), (b".wh..a", b".a")])
def test_a_whiteout_hides_the_name_behind_its_mark(name: bytes, target: bytes) -> None:
    assert names.hidden(name) == target


@pytest.mark.parametrize("path", [b".wh..wh.plnk/1.2", b".wh..wh.aufs", b"a/.wh..wh.orph/b"])
def test_files_of_aufs_itself_are_no_content(path: bytes) -> None:
    assert names.is_metadata(path)


@pytest.mark.parametrize("path", [b"a", b".wh.a", b"a/.wh..wh..opq", b"wh..wh.a", b"a.wh..wh.b"])
def test_other_names_are_content_or_marks(path: bytes) -> None:
    assert not names.is_metadata(path)


@pytest.mark.parametrize("path", [b".wh.a", b"a/.wh.b/c", b".wh..wh..opq"])
def test_nothing_can_be_below_a_whiteout(path: bytes) -> None:
    with pytest.raises(Invalid, match="below a whiteout"):
        names.refuse_marked_parents(path)


def test_a_mark_inside_a_name_means_nothing() -> None:
    names.refuse_marked_parents(b"a.wh.b/c")
    names.refuse_marked_parents(b"")
